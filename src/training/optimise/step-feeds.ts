// What a step is fed with, what it writes into, in memory that is used again, and what of that goes
// back to tables: a batch's own inputs, the rows that it names, their gradients. Knows neither
// optimisers nor how steps follow one another.
import { type Batch, BufferPool, type Form, type Values } from '../../engine/batch';
import type { Lent, RowSum } from '../../engine/training-engine';
import { VitrineError } from '../../errors';
import type { Shape } from '../../graph/tensor';
import { DENSE, DENSE_GRADIENT, sizeOf } from './step-graph';
import { gatherRows, poolRows, rowsShape, type Lookup, type RowSums } from './table-rows';

/** One use of a table in a step. */
export interface Use {
  /** Names of the inputs that take its rows and, where they are not pooled, the place of each. */
  readonly rows: string;
  readonly places: string;
  /** The output that is their gradient, and its shape by the sizes of the ids. */
  readonly gradient: string;
  readonly gradientShape: Shape;
  /** What it sums up to for each distinct row, where rows are not pooled. */
  readonly summed: string;
  readonly idsShape: Shape;
  /** Inputs of a batch. */
  readonly ids: string;
  readonly weights: string | undefined;
  readonly table: { readonly width: number; readonly values: Float32Array; readonly sums: RowSums };
}

/** A step that can begin as soon as rows and parameters are in it. */
export interface Ready {
  readonly batch: Batch;
  readonly lent: Lent;
  /** [uses][distinct] the rows that each use names; none where it is pooled. */
  readonly rows: readonly Int32Array[];
}

export class StepFeeds {
  private readonly memory = { inputs: new BufferPool(), outputs: new BufferPool() };
  /** Places of the ids of each use, until it is known how many rows they name. */
  private readonly places = new Map<Use, Int32Array>();
  /** What the engine is asked to sum. */
  private readonly asked: readonly RowSum[];

  /**
   * `ports`: the inputs that a batch brings as they are; `dense`: how many dense parameters there
   * are.
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
   * Memory for a step of this batch, with all in it that does not depend on what will have been
   * learnt when the step begins.
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

  /**
   * Everything that the step reads and writes: with rows of tables as they are now, and these
   * `dense` parameters.
   */
  fill({ batch, rows, lent }: Ready, dense: Float32Array): Lent {
    const { inputs } = lent;
    if (dense.length > 0) inputs[DENSE].data.set(dense);
    this.uses.forEach((use, u) => {
      const { values, width } = use.table;
      const { ids, weights } = lookup(use, batch);
      const out = floatsOf(inputs, use.rows);
      if (weights) poolRows(out, values, width, ids, weights.data);
      else gatherRows(out, values, width, rows[u]);
    });
    return lent;
  }

  /** Adds what the rows of a step got to the sums of their tables. */
  sum({ batch, rows }: Ready, outputs: Batch): void {
    this.uses.forEach((use, u) => {
      const { sums } = use.table;
      if (use.weights) sums.add(lookup(use, batch), floatsOf(outputs, use.gradient));
      else sums.add(each(rows[u]), floatsOf(outputs, use.summed));
    });
  }

  /** Takes back the memory of a step's inputs, or of its outputs when they have been read. */
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
