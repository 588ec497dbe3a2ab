// The inputs and outputs of a step, in memory that is reused: the inputs of the batch, the table
// rows that the batch needs, and the gradients of these rows.
import { type Batch, BufferPool, type Form, type Values } from '../../engine/batch';
import type { Lent, RowSum } from '../../engine/training-engine';
import { VitrineError } from '../../errors';
import type { Shape } from '../../graph/tensor';
import { DENSE, DENSE_GRADIENT, sizeOf } from './step-graph';
import type { Rows } from './row-kernels';
import { gatherRows, poolRows, rowsShape, type Lookup, type RowSums } from './table-rows';

/** One use of a table in a step. */
export interface Use {
  /**
   * The names of the inputs that hold the rows and, unless rows are pooled, the row index of each
   * id.
   */
  readonly rows: string;
  readonly places: string;
  /**
   * The output with the gradient of the rows. The shape of the gradient depends on the sizes of the
   * ids.
   */
  readonly gradient: string;
  readonly gradientShape: Shape;
  /** The output with the gradient summed for each distinct row, unless rows are pooled. */
  readonly summed: string;
  readonly idsShape: Shape;
  /** The names of the inputs in a batch. */
  readonly ids: string;
  readonly weights: string | undefined;
  readonly table: Rows & { readonly sums: RowSums };
}

/** A step that is complete except for the table rows and the dense parameters. */
export interface Ready {
  readonly batch: Batch;
  readonly lent: Lent;
  /** [uses][distinct] the distinct rows of each use. Empty for pooled uses. */
  readonly rows: readonly Int32Array[];
}

export class StepFeeds {
  private readonly memory = { inputs: new BufferPool(), outputs: new BufferPool() };
  /** For each use, a buffer for the row indices of the ids. */
  private readonly places = new Map<Use, Int32Array>();
  /** The sums that the engine makes. */
  private readonly asked: readonly RowSum[];

  /**
   * `ports` are the inputs that come from the batch, and `dense` is the number of dense parameters.
   */
  constructor(
    private readonly ports: readonly string[],
    private readonly dense: number,
    private readonly uses: readonly Use[],
  ) {
    this.asked = uses
      .filter(({ weights }) => weights === undefined)
      .map(({ gradient, places, summed }) => ({ of: gradient, places, into: summed }));
  }

  /**
   * Returns memory for a step of this batch, filled with everything that does not depend on the
   * weights.
   */
  ready(batch: Batch): Ready {
    const forms: Record<string, Form> = {};
    const written: Record<string, Form> = { loss: floats([]) };
    if (this.dense > 0) {
      forms[DENSE] = floats([this.dense]);
      written[DENSE_GRADIENT] = floats([this.dense]);
    }
    for (const port of this.ports) forms[port] = formOf(valuesOf(batch, port), port);
    const rows = this.uses.map((use) => {
      const at = lookup(use, batch);
      const sizes = new Map(use.idsShape.map((dim, i) => [dim, at.ids.shape[i]]));
      written[use.gradient] = floats(use.gradientShape.map((dim) => sizeOf(dim, sizes)));
      if (at.weights) {
        forms[use.rows] = floats(rowsShape(at, use.table.width));
        return new Int32Array(0);
      }
      const distinct = use.table.sums.distinct(at.ids.data, this.placesOf(use, at.ids.data.length));
      forms[use.rows] = floats([distinct.length, use.table.width]);
      written[use.summed] = floats([distinct.length, use.table.width]);
      forms[use.places] = { kind: 'int32', shape: at.ids.shape };
      return distinct;
    });

    const inputs = this.memory.inputs.take(forms);
    for (const port of this.ports) inputs[port].data.set(valuesOf(batch, port).data);
    for (const use of this.uses) {
      const { ids, weights } = lookup(use, batch);
      if (!weights) inputs[use.places].data.set(this.placesOf(use, ids.data.length));
    }
    return { batch, rows, lent: { inputs, outputs: this.memory.outputs.take(written), sums: this.asked } };
  }

  /** Fills in the current rows of tables, and the given `dense` parameters. */
  fill({ batch, rows, lent }: Ready, dense: Float32Array): Lent {
    const { inputs } = lent;
    if (dense.length > 0) inputs[DENSE].data.set(dense);
    this.uses.forEach((use, u) => {
      const { ids, weights } = lookup(use, batch);
      const out = floatsOf(inputs, use.rows);
      if (weights) poolRows(out, use.table, ids, weights.data);
      else gatherRows(out, use.table, rows[u]);
    });
    return lent;
  }

  /** Adds the gradients of a step's rows to the sums of their tables. */
  sum({ batch, rows }: Ready, outputs: Batch): void {
    this.uses.forEach((use, u) => {
      const { sums } = use.table;
      if (use.weights) sums.add(lookup(use, batch), floatsOf(outputs, use.gradient));
      else sums.add(each(rows[u]), floatsOf(outputs, use.summed));
    });
  }

  /** Takes back the memory of a step's inputs or outputs. */
  give(kind: 'inputs' | 'outputs', batch: Batch): void {
    this.memory[kind].give(batch);
  }

  private placesOf(use: Use, length: number): Int32Array {
    let places = this.places.get(use);
    if (!places || places.length < length) this.places.set(use, (places = new Int32Array(2 * length)));
    return places.subarray(0, length);
  }
}

function each(rows: Int32Array): Lookup {
  return { ids: { data: rows, shape: [rows.length] }, weights: undefined };
}

function lookup({ ids, weights }: Use, batch: Batch): Lookup {
  return { ids: valuesOf(batch, ids), weights: weights === undefined ? undefined : valuesOf(batch, weights) };
}

export function floatsOf(batch: Batch, name: string): Float32Array {
  const { data } = batch[name];
  if (data instanceof Float32Array) return data;
  throw new VitrineError('INPUT_INVALID', `"${name}" is not float32`);
}

function valuesOf(batch: Batch, name: string): Values {
  const values = batch[name] as Values | undefined;
  if (values) return values;
  throw new VitrineError(
    'INPUT_INVALID',
    `The batch lacks the input "${name}"; it has ${Object.keys(batch).join(', ')}`,
  );
}

function formOf({ data, shape }: Values, port: string): Form {
  const size = shape.reduce((product, dim) => product * dim, 1);
  if (data.length !== size) {
    const got = `${String(data.length)} numbers for the shape [${shape.join(', ')}]`;
    throw new VitrineError('INPUT_INVALID', `The input "${port}" of the batch has ${got}, expected ${String(size)}`);
  }
  return { kind: data instanceof Int32Array ? 'int32' : 'float32', shape };
}

function floats(shape: readonly number[]): Form {
  return { kind: 'float32', shape };
}
