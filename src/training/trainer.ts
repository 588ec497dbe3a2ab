// Runs the steps: gathers embedding rows, lets ONNX Runtime compute loss and gradients in one call, applies optimisers.
// Takes any loss written as a graph; knows no model.
import type { Batch, Engine, Values } from '../engine/engine';
import { gradients } from '../graph/gradient';
import { encodeOnnx, rowsInput } from '../graph/onnx';
import { inOrder, type Init, type Table, type Tensor } from '../graph/tensor';
import { VitrineError } from '../errors';
import type { Random } from '../random';
import { adagradInit, adagradUpdate, adamInit, adamUpdate, type AdagradState, type AdamState } from './optimisers';

export interface TrainerOptions {
  /** Names the graph in the engine. */
  readonly name: string;
  readonly loss: Tensor;
  readonly random: Random;
  /** Step size of Adam. */
  readonly denseRate: number;
  /** Step size of row-wise Adagrad. */
  readonly tableRate: number;
  readonly weightDecay?: number;
}

/** The numbers of a model by name of parameter or table. */
export type Weights = Map<string, Float32Array>;

export interface Trainer {
  readonly weights: Weights;
  /**
   * One step for each batch, which must have every input of the loss, ids included. `onStep` hears the number of the step,
   * from 1, and its loss.
   *
   * While ONNX Runtime computes a step, this thread applies the last step's gradients to the tables and gathers the rows of
   * the next: rows are therefore one step behind where batches share them, always in the same way.
   */
  train(batches: Iterable<Batch>, onStep?: (step: number, loss: number) => void): Promise<void>;
}

type Embedding = Extract<Tensor['node'], { kind: 'embedding' }>;

/** Prepares a loss for training: derives its gradients, makes the first weights, loads the graph. */
export async function createTrainer(engine: Engine, options: TrainerOptions): Promise<Trainer> {
  const { name, loss, random, denseRate, tableRate, weightDecay = 0 } = options;
  const order = inOrder([loss]);
  const dense = order.flatMap((tensor) => (tensor.node.kind === 'parameter' ? [{ tensor, ...tensor.node }] : []));
  const sites = order.flatMap((tensor) => (tensor.node.kind === 'embedding' ? [{ tensor, ...tensor.node }] : []));
  const tables = new Map(sites.map(({ table }) => [table.name, table]));

  const weights: Weights = new Map();
  for (const { name: parameter, tensor, init } of dense) {
    weights.set(parameter, initial(tensor.shape.map(Number), init, random));
  }
  for (const table of tables.values()) weights.set(table.name, initialTable(table, random));
  const adam = new Map<string, AdamState>(dense.map((one) => [one.name, adamInit(weightOf(weights, one.name).length)]));
  const adagrad = new Map<string, AdagradState>([...tables.values()].map((t) => [t.name, adagradInit(t.rows)]));
  const scatters = new Map([...tables.values()].map((table) => [table.name, new Scatter(table)]));

  const wanted = [...dense.map((one) => one.tensor), ...sites.map((one) => one.tensor)];
  const names = [...dense.map((one) => one.name), ...sites.map((one) => rowsInput(one.site))];
  const outputs = Object.fromEntries(gradients(loss, wanted).map((gradient, i) => [`d.${names[i]}`, gradient]));
  const { bytes, inputs } = encodeOnnx({ name, outputs: { loss, ...outputs }, embeddings: 'fed' });
  await engine.load(name, bytes);
  const fed = inputs.map((port) => port.name).filter((port) => !names.includes(port));

  function prepare(batch: Batch): Record<string, Values> {
    const feeds: Record<string, Values> = {};
    for (const port of fed) feeds[port] = valuesOf(batch, port);
    for (const site of sites) feeds[rowsInput(site.site)] = gather(site, weightOf(weights, site.table.name), batch);
    return feeds;
  }

  function updateDense(results: Batch): void {
    for (const { name: parameter } of dense) {
      const state = adam.get(parameter);
      if (state)
        adamUpdate(weightOf(weights, parameter), results[`d.${parameter}`].data, state, denseRate, weightDecay);
    }
  }

  function updateTables(results: Batch, batch: Batch): void {
    for (const site of sites)
      scatters.get(site.table.name)?.add(site, results[`d.${rowsInput(site.site)}`].data, batch);
    for (const [table, scatter] of scatters) {
      const state = adagrad.get(table);
      if (state) adagradUpdate(weightOf(weights, table), scatter.table.width, scatter.take(), state, tableRate);
    }
  }

  async function train(batches: Iterable<Batch>, onStep?: (step: number, loss: number) => void): Promise<void> {
    const iterator = batches[Symbol.iterator]();
    const advance = (): Batch | undefined => {
      const next = iterator.next();
      return next.done ? undefined : next.value;
    };
    let batch = advance();
    let feeds = batch && prepare(batch);
    let last: { results: Batch; batch: Batch } | undefined;
    for (let step = 1; batch && feeds; step++) {
      for (const { name: parameter, tensor } of dense) {
        feeds[parameter] = { data: weightOf(weights, parameter), shape: tensor.shape.map(Number) };
      }
      const running = engine.run(name, feeds);
      running.catch(() => undefined); // heard below, when this thread's own work is done
      if (last) updateTables(last.results, last.batch);
      const next = advance();
      const nextFeeds = next && prepare(next);
      const results = await running;
      const loss = results.loss.data[0];
      if (!Number.isFinite(loss)) {
        throw new VitrineError('TRAINING_DIVERGED', `The loss of ${name} is ${String(loss)}: training diverged.`);
      }
      updateDense(results);
      onStep?.(step, loss);
      last = { results, batch };
      batch = next;
      feeds = nextFeeds;
    }
    if (last) updateTables(last.results, last.batch);
  }
  return { weights, train };
}

/** The rows of one use of a table, pooled where it has weights. */
function gather({ table, ids, weights }: Embedding, values: Float32Array, batch: Batch): Values {
  const { width } = table;
  const { data, shape } = valuesOf(batch, inputNameOf(ids));
  if (!weights) {
    const out = new Float32Array(data.length * width);
    for (let r = 0; r < data.length; r++) out.set(values.subarray(data[r] * width, (data[r] + 1) * width), r * width);
    return { data: out, shape: [...shape, width] };
  }
  const factors = valuesOf(batch, inputNameOf(weights)).data;
  const pooled = shape[shape.length - 1];
  const rows = data.length / pooled;
  const out = new Float32Array(rows * width);
  for (let r = 0, p = 0, to = 0; r < rows; r++, to += width) {
    for (const end = p + pooled; p < end; p++) {
      const factor = factors[p];
      if (factor === 0) continue;
      const from = data[p] * width;
      for (let i = 0; i < width; i++) out[to + i] += factor * values[from + i];
    }
  }
  return { data: out, shape: [...shape.slice(0, -1), width] };
}

/** Sums the gradients of the rows that a step touched, over all uses of one table. */
class Scatter {
  /** [rows] place of a row among the touched ones, −1 if untouched. */
  private readonly place: Int32Array;
  private rows: number[] = [];
  private sums: Float32Array;

  constructor(readonly table: Table) {
    this.place = new Int32Array(table.rows).fill(-1);
    this.sums = new Float32Array(1024 * table.width);
  }

  add({ ids, weights }: Embedding, gradient: Float32Array | Int32Array, batch: Batch): void {
    const { data, shape } = valuesOf(batch, inputNameOf(ids));
    const factors = weights && valuesOf(batch, inputNameOf(weights)).data;
    const pooled = weights ? shape[shape.length - 1] : 1;
    const { width } = this.table;
    for (let p = 0, from = 0; p < data.length; from += width) {
      for (const end = p + pooled; p < end; p++) {
        const factor = factors ? factors[p] : 1;
        if (factor === 0) continue;
        const to = this.placeOf(data[p]) * width;
        const { sums } = this; // after placeOf, which may move them
        for (let i = 0; i < width; i++) sums[to + i] += factor * gradient[from + i];
      }
    }
  }

  /** The sums so far; starts anew. */
  take(): { rows: Int32Array; values: Float32Array } {
    const rows = Int32Array.from(this.rows);
    const values = this.sums.slice(0, rows.length * this.table.width);
    for (const row of rows) this.place[row] = -1;
    this.sums.fill(0, 0, values.length);
    this.rows = [];
    return { rows, values };
  }

  private placeOf(row: number): number {
    const known = this.place[row];
    if (known >= 0) return known;
    const place = this.rows.push(row) - 1;
    this.place[row] = place;
    if (this.rows.length * this.table.width > this.sums.length) {
      const more = new Float32Array(this.sums.length * 2);
      more.set(this.sums);
      this.sums = more;
    }
    return place;
  }
}

function initial(shape: readonly number[], init: Init, random: Random): Float32Array {
  const size = shape.reduce((product, dim) => product * dim, 1);
  if (init === 'zeros') return new Float32Array(size);
  if (init === 'ones') return new Float32Array(size).fill(1);
  if (typeof init === 'object') return Float32Array.from(init.values);
  const limit = Math.sqrt(6 / (shape[0] + (shape[1] ?? 1)));
  return Float32Array.from({ length: size }, () => (random.next() * 2 - 1) * limit);
}

/** Rows of about unit length, whatever the width, times a tenth: small beside what training will make of them. */
function initialTable({ rows, width }: Table, random: Random): Float32Array {
  const scale = 0.1 / Math.sqrt(width);
  return Float32Array.from({ length: rows * width }, () => random.normal() * scale);
}

function inputNameOf(tensor: Tensor): string {
  if (tensor.node.kind === 'input') return tensor.node.name;
  throw new VitrineError('INPUT_INVALID', 'createTrainer: ids and weights of an embedding must be inputs of the graph');
}

function valuesOf(batch: Batch, name: string): Values {
  const values = batch[name] as Values | undefined;
  if (values) return values;
  throw new VitrineError(
    'INPUT_INVALID',
    `The batch lacks the input "${name}"; it has ${Object.keys(batch).join(', ')}`,
  );
}

function weightOf(weights: Weights, name: string): Float32Array {
  const value = weights.get(name);
  if (value) return value;
  throw new VitrineError('INPUT_INVALID', `No weights are called "${name}"`);
}
