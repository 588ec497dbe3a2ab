// The rows of embedding tables that a step needs: the rows are gathered or pooled before the step,
// and their gradients are summed by row after the step. These are the busiest loops of training, so
// they allocate nothing per row.
import type { Values } from '../../engine/batch';
import type { Table } from '../../graph/tensor';
import { addScaledRow, copyRow, fetchNumbers, fetchRows, scaleRow, type Rows } from './row-kernels';

/** One use of a table in one batch. */
export interface Lookup {
  /** [..., n] rows of the table. */
  readonly ids: Values;
  /** [..., n] weights that pool the last axis. Undefined if the rows are not pooled. */
  readonly weights: Values | undefined;
}

/** Gradients of the rows of a table that a batch touched. */
export interface RowGradients extends Rows {
  /** [touched] the distinct row numbers in the table. `values` are [touched, width]. */
  readonly rows: Int32Array;
}

/** The shape of all rows of a lookup: [...ids, width], or [..., width] when they are pooled. */
export function rowsShape({ ids, weights }: Lookup, width: number): number[] {
  return [...(weights ? ids.shape.slice(0, -1) : ids.shape), width];
}

/** Writes the table's rows with the numbers `rows` into `out` [rows, width]. */
export function gatherRows(out: Float32Array, table: Rows, rows: ArrayLike<number>): void {
  const gathered = { values: out, width: table.width };
  for (let r = 0; r < rows.length; r++) {
    fetchRows(table, rows, r);
    copyRow(gathered, r, table, rows[r]);
  }
}

/**
 * Writes the weighted sums of the table's rows over the last axis of `ids` into `out` [..., width].
 */
export function poolRows(out: Float32Array, table: Rows, ids: Values, weights: ArrayLike<number>): void {
  const { data } = ids;
  const places = lastOf(ids.shape);
  const pooled = { values: out, width: table.width };
  out.fill(0);
  for (let p = 0, to = 0; p < data.length; to++) {
    for (const end = p + places; p < end; p++) {
      fetchRows(table, data, p);
      if (weights[p] !== 0) addScaledRow(pooled, to, weights[p], table, data[p]);
    }
  }
}

/** Sums the gradients of the rows of one table that a step touched, over all uses of the table. */
export class RowSums {
  /** [rows of the table] the index of a row among the touched rows, −1 if untouched. */
  private readonly place: Int32Array;
  private touched = 0;
  /** [capacity] the touched rows, and their sums [capacity, width]. */
  private rows = new Int32Array(0);
  private sums: Rows;

  constructor(private readonly table: Table) {
    this.place = new Int32Array(table.rows).fill(-1);
    this.sums = { values: new Float32Array(0), width: table.width };
  }

  /**
   * Returns the distinct rows among `ids`, in the order in which they first occur. Writes the index
   * of each id among these rows into `places`. Must not be called between `add` and `take`.
   */
  distinct(ids: ArrayLike<number>, places: Int32Array): Int32Array {
    const { place } = this;
    this.reserve(ids.length);
    const { rows } = this;
    let found = 0;
    for (let p = 0; p < ids.length; p++) {
      fetchNumbers(place, ids, p);
      const row = ids[p];
      if (place[row] < 0) {
        rows[found] = row;
        place[row] = found++;
      }
      places[p] = place[row];
    }
    for (let t = 0; t < found; t++) place[rows[t]] = -1;
    return rows.slice(0, found);
  }

  /**
   * Adds the gradient of a lookup's rows: [...ids, width], or [..., width] when they are pooled.
   */
  add({ ids, weights }: Lookup, gradient: Float32Array): void {
    this.reserve(ids.data.length);
    const { place, rows, sums } = this;
    const parts = { values: gradient, width: sums.width };
    const { data } = ids;
    const pooled = weights ? lastOf(ids.shape) : 1;
    let { touched } = this;
    for (let p = 0, from = 0; p < data.length; from++) {
      for (const end = p + pooled; p < end; p++) {
        fetchNumbers(place, data, p);
        const weight = weights ? weights.data[p] : 1;
        if (weight === 0) continue;
        const row = data[p];
        if (place[row] < 0) {
          // The first touch overwrites the sum, so that the memory does not have to be cleared.
          scaleRow(sums, touched, weight, parts, from);
          rows[touched] = row;
          place[row] = touched++;
        } else {
          addScaledRow(sums, place[row], weight, parts, from);
        }
      }
    }
    this.touched = touched;
  }

  /**
   * Returns the sums, which are valid until the next `add`, and starts again with no touched rows.
   */
  take(): RowGradients {
    const { width } = this.table;
    const rows = this.rows.subarray(0, this.touched);
    for (let t = 0; t < rows.length; t++) this.place[rows[t]] = -1;
    this.touched = 0;
    return { width, rows, values: this.sums.values.subarray(0, rows.length * width) };
  }

  /** Makes room for `more` touched rows, but never for more rows than the table has. */
  private reserve(more: number): void {
    const needed = Math.min(this.table.rows, this.touched + more);
    if (needed <= this.rows.length) return;
    const rows = new Int32Array(Math.min(this.table.rows, 2 * needed));
    const values = new Float32Array(rows.length * this.table.width);
    rows.set(this.rows);
    values.set(this.sums.values);
    this.rows = rows;
    this.sums = { values, width: this.table.width };
  }
}

function lastOf(shape: readonly number[]): number {
  return shape[shape.length - 1];
}
