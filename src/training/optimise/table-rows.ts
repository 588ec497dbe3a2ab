// The rows of embedding tables that a step needs: gathered, each once, or pooled into what the
// graph is fed, and the gradients that come back summed by row. The busiest loops of training: no
// allocation a row. Knows nothing of optimisers.
import type { Values } from '../../engine/batch';
import type { Table } from '../../graph/tensor';
import type { RowGradients } from './optimisers';
import { addScaledRow, copyRow, fetchNumbers, fetchRows, scaleRow } from './row-kernels';

/** One use of a table in one batch. */
export interface Lookup {
  /** [..., n] rows of the table. */
  readonly ids: Values;
  /** [..., n] weights that pool the last axis; absent: no pooling. */
  readonly weights: Values | undefined;
}

/** The shape of all rows that a lookup names, [...ids, width]; pooled ones [..., width]. */
export function rowsShape({ ids, weights }: Lookup, width: number): number[] {
  return [...(weights ? ids.shape.slice(0, -1) : ids.shape), width];
}

/** Writes the rows of a table at `rows` into `out` [rows, width], over whatever was there. */
export function gatherRows(out: Float32Array, table: Float32Array, width: number, rows: ArrayLike<number>): void {
  for (let r = 0; r < rows.length; r++) {
    fetchRows(table, width, rows, r);
    copyRow(out, r * width, table, rows[r] * width, width);
  }
}

/**
 * Writes the weighted sums of a table's rows over the last axis of a lookup into `out` [...,
 * width], over whatever was there.
 */
export function poolRows(
  out: Float32Array,
  table: Float32Array,
  width: number,
  ids: Values,
  weights: ArrayLike<number>,
): void {
  const { data } = ids;
  const places = lastOf(ids.shape);
  out.fill(0);
  for (let p = 0, to = 0; p < data.length; to += width) {
    for (const end = p + places; p < end; p++) {
      fetchRows(table, width, data, p);
      if (weights[p] !== 0) addScaledRow(out, to, weights[p], table, data[p] * width, width);
    }
  }
}

/** Sums the gradients of the rows of one table that a step touched, over all its uses. */
export class RowSums {
  /** [rows of the table] place of a row among the touched ones, −1 if untouched. */
  private readonly place: Int32Array;
  private touched = 0;
  /** [capacity] and [capacity, width]; of the sums only the touched rows mean anything. */
  private rows = new Int32Array(0);
  private sums = new Float32Array(0);

  constructor(private readonly table: Table) {
    this.place = new Int32Array(table.rows).fill(-1);
  }

  /**
   * The distinct rows among ids, in the order in which they first come; writes the place of each id
   * among them. Not to be asked between
   * `add` and `take`.
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

  /** Adds what a lookup's rows got: `gradient` [...ids, width], pooled ones [..., width]. */
  add({ ids, weights }: Lookup, gradient: Float32Array): void {
    this.reserve(ids.data.length);
    const { place, rows, sums } = this;
    const { width } = this.table;
    const { data } = ids;
    const pooled = weights ? lastOf(ids.shape) : 1;
    let { touched } = this;
    for (let p = 0, from = 0; p < data.length; from += width) {
      for (const end = p + pooled; p < end; p++) {
        fetchNumbers(place, data, p);
        const weight = weights ? weights.data[p] : 1;
        if (weight === 0) continue;
        const row = data[p];
        if (place[row] < 0) {
          // The first touch writes, so that nothing has to be cleared.
          scaleRow(sums, touched * width, weight, gradient, from, width);
          rows[touched] = row;
          place[row] = touched++;
        } else {
          addScaledRow(sums, place[row] * width, weight, gradient, from, width);
        }
      }
    }
    this.touched = touched;
  }

  /** The sums so far, valid until the next `add`; starts anew. */
  take(): RowGradients {
    const { width } = this.table;
    const rows = this.rows.subarray(0, this.touched);
    for (let t = 0; t < rows.length; t++) this.place[rows[t]] = -1;
    this.touched = 0;
    return { width, rows, values: this.sums.subarray(0, rows.length * width) };
  }

  /** Room for `more` rows besides those touched; never more than the table has. */
  private reserve(more: number): void {
    const needed = Math.min(this.table.rows, this.touched + more);
    if (needed <= this.rows.length) return;
    const rows = new Int32Array(Math.min(this.table.rows, 2 * needed));
    const sums = new Float32Array(rows.length * this.table.width);
    rows.set(this.rows);
    sums.set(this.sums);
    this.rows = rows;
    this.sums = sums;
  }
}

function lastOf(shape: readonly number[]): number {
  return shape[shape.length - 1];
}
