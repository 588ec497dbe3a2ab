// Runs the steps: gathers embedding rows, lets ONNX Runtime compute loss and gradients in one call, applies optimisers.
// Takes any loss written as a graph; knows no model.
import type { Batch, Engine, Lent, Values } from '../engine/engine';
import { BufferPool, type Form } from '../engine/memory';
import { gradients } from '../graph/gradient';
import { encodeOnnx, rowsInput } from '../graph/onnx';
import { inOrder, type Init, type Table, type Tensor } from '../graph/tensor';
import { VitrineError } from '../errors';
import type { Random } from '../random';
import { adamW, rowWiseAdagrad, rowWiseAdam, type TableOptimiser } from './optimisers';
import { constantRate, type Schedule } from './schedule';
import { gatherRows, RowSums, rowsShape, type Lookup } from './table-rows';

export interface TrainerOptions {
  /** Names the graph in the engine. */
  readonly name: string;
  readonly loss: Tensor;
  readonly random: Random;
  /** Step size of AdamW, which moves the dense parameters. */
  readonly denseRate: number;
  /** Step size of the tables' optimiser. */
  readonly tableRate: number;
  readonly weightDecay?: number;
  /** What moves the rows of tables; row-wise Adagrad if absent. */
  readonly tableOptimiser?: keyof typeof TABLE_OPTIMISERS;
  /** Scales the steps of both rates; constant if absent. */
  readonly schedule?: Schedule;
  /**
   * Longer gradients of the dense parameters, all taken as one vector, are shortened to this length (Pascanu et al.,
   * arXiv 1211.5063). Tables need no such limit: their optimisers measure each row's gradient against its earlier ones.
   */
  readonly clipNorm?: number;
  /** Hears of each parameter and table with its first weights, which it may overwrite. */
  readonly initialise?: Initialise;
}

/** `values` are [shape]; a table's shape is [rows, width]. */
export type Initialise = (name: string, shape: readonly number[], values: Float32Array) => void;

const TABLE_OPTIMISERS = { adagrad: rowWiseAdagrad, adam: rowWiseAdam } satisfies Record<string, TableOptimiser>;

/** The numbers of a model by name of parameter or table. */
export type Weights = Map<string, Float32Array>;

/** All that a trainer has learnt and remembers: weights, states of optimisers, the number of steps. */
export type TrainerState = ReadonlyMap<string, Float32Array>;

export interface Trainer {
  /** Moves with every step; the arrays stay the same. */
  readonly weights: Weights;
  /**
   * One step for each batch, which must have every input of the loss, ids included. `onStep` hears the number of the step
   * within this call, from 1, and its loss.
   *
   * While ONNX Runtime computes a step, this thread applies the last step's gradients to the tables and gathers the rows of
   * the next: rows are therefore one step behind where batches share them, always in the same way. The end of a call
   * applies what is left, so that the state between two calls is all there is.
   */
  train(batches: Iterable<Batch>, onStep?: (step: number, loss: number) => void): Promise<void>;
  /** A copy. To be asked for between two calls of `train`. */
  state(): TrainerState;
  /** Goes on from a state of the same model. @throws VitrineError INPUT_INVALID if it does not fit; nothing has moved then */
  restore(state: TrainerState): void;
}

/** Prepares a loss for training: derives its gradients, makes the first weights, loads the graph. */
export async function createTrainer(engine: Engine, options: TrainerOptions): Promise<Trainer> {
  const { name, loss, random, denseRate, tableRate, schedule = constantRate, clipNorm = Infinity } = options;
  const denseOptimiser = adamW(options.weightDecay);
  const tableOptimiser = TABLE_OPTIMISERS[options.tableOptimiser ?? 'adagrad'];
  const order = inOrder([loss]);
  const parameters = order.flatMap((tensor) => (tensor.node.kind === 'parameter' ? [{ tensor, ...tensor.node }] : []));
  const sites = order.flatMap((tensor) => (tensor.node.kind === 'embedding' ? [{ tensor, ...tensor.node }] : []));

  const dense = parameters.map(({ name: parameter, tensor, init }) => {
    const shape = tensor.shape.map(Number);
    const values = initialParameter(shape, init, random);
    options.initialise?.(parameter, shape, values);
    return { name: parameter, shape, values, state: denseOptimiser.init(values.length) };
  });
  const tables = [...new Map(sites.map(({ table }) => [table.name, table])).values()].map((table) => {
    const { name: ofTable, rows, width } = table;
    const values = initialTable(table, random);
    options.initialise?.(ofTable, [rows, width], values);
    return { name: ofTable, width, values, state: tableOptimiser.init(rows, width), sums: new RowSums(table) };
  });
  const uses = sites.map(({ site, table, ids, weights }) => ({
    rows: rowsInput(site),
    ids: inputNameOf(ids),
    weights: weights && inputNameOf(weights),
    table: found(tables, table.name),
  }));
  const steps = new Float32Array(1); // whole numbers up to 2²⁴ are exact
  const live = new Map<string, Float32Array>([['steps', steps]]);
  for (const { name: owner, values, state } of [...dense, ...tables]) {
    live.set(`weights/${owner}`, values);
    for (const [slot, array] of Object.entries(state)) live.set(`${slot}/${owner}`, array);
  }

  const moved = [...parameters, ...sites].map((one) => one.tensor);
  const names = [...dense.map((one) => one.name), ...uses.map((use) => use.rows)];
  const outputs = Object.fromEntries(gradients(loss, moved).map((gradient, i) => [`d.${names[i]}`, gradient]));
  const { bytes, inputs } = encodeOnnx({ name, outputs: { loss, ...outputs }, embeddings: 'fed' });
  await engine.load(name, bytes);
  const fed = inputs.map((port) => port.name).filter((port) => !names.includes(port));

  const memory = { inputs: new BufferPool(), outputs: new BufferPool() };

  /** What a step is fed with but for the dense parameters, which move until it begins. */
  function prepare(batch: Batch): Record<string, Values> {
    const forms: Record<string, Form> = {};
    for (const port of fed) forms[port] = formOf(valuesOf(batch, port), port);
    for (const use of uses) forms[use.rows] = floats(rowsShape(lookup(use, batch), use.table.width));
    for (const { name: parameter, shape } of dense) forms[parameter] = floats(shape);
    const feeds = memory.inputs.take(forms);
    for (const port of fed) feeds[port].data.set(valuesOf(batch, port).data);
    for (const use of uses)
      gatherRows(floatsOf(feeds, use.rows), use.table.values, use.table.width, lookup(use, batch));
    return feeds;
  }

  function run(feeds: Record<string, Values>): Promise<Lent> {
    for (const { name: parameter, values } of dense) feeds[parameter].data.set(values);
    const gradientForms = names.map((moved): [string, Form] => [`d.${moved}`, floats(feeds[moved].shape)]);
    const outputs = memory.outputs.take({ ...Object.fromEntries(gradientForms), loss: floats([]) });
    return engine.lend(name, { inputs: feeds, outputs });
  }

  function updateDense(results: Batch, rate: number): void {
    const all = dense.map((one) => floatsOf(results, `d.${one.name}`));
    clip(all, clipNorm);
    dense.forEach(({ values, state }, i) => {
      denseOptimiser.update(values, all[i], state, rate);
    });
  }

  function updateTables({ results, batch, factor }: Step): void {
    for (const use of uses) use.table.sums.add(lookup(use, batch), floatsOf(results, `d.${use.rows}`));
    for (const { values, sums, state } of tables) {
      tableOptimiser.update(values, sums.take(), state, tableRate * factor);
    }
    memory.outputs.give(results);
  }

  async function train(batches: Iterable<Batch>, onStep?: (step: number, loss: number) => void): Promise<void> {
    const iterator = batches[Symbol.iterator]();
    const advance = (): Batch | undefined => {
      const next = iterator.next();
      return next.done ? undefined : next.value;
    };
    let batch = advance();
    let feeds = batch && prepare(batch);
    let last: Step | undefined;
    for (let step = 1; batch && feeds; step++) {
      const running = run(feeds);
      running.catch(() => undefined); // heard below, when this thread's own work is done
      if (last) updateTables(last);
      const next = advance();
      const nextFeeds = next && prepare(next);
      const { inputs: used, outputs: results } = await running;
      memory.inputs.give(used);
      const value = results.loss.data[0];
      if (!Number.isFinite(value)) {
        throw new VitrineError('TRAINING_DIVERGED', `The loss of ${name} is ${String(value)}: training diverged.`);
      }
      steps[0] += 1;
      const factor = schedule(steps[0]);
      updateDense(results, denseRate * factor);
      onStep?.(step, value);
      last = { results, batch, factor };
      batch = next;
      feeds = nextFeeds;
    }
    if (last) updateTables(last);
  }

  return {
    weights: new Map([...dense, ...tables].map((one) => [one.name, one.values])),
    train,
    state: () => new Map([...live].map(([array, values]) => [array, values.slice()])),
    restore(state) {
      requireFit(name, live, state);
      for (const [array, values] of state) live.get(array)?.set(values);
    },
  };
}

/** A step whose gradients have not reached the tables yet. `factor`: what the schedule said of it. */
interface Step {
  readonly results: Batch;
  readonly batch: Batch;
  readonly factor: number;
}

function lookup({ ids, weights }: { ids: string; weights: string | undefined }, batch: Batch): Lookup {
  return { ids: valuesOf(batch, ids), weights: weights === undefined ? undefined : valuesOf(batch, weights) };
}

function floatsOf(batch: Batch, name: string): Float32Array {
  const { data } = batch[name];
  if (data instanceof Float32Array) return data;
  throw new VitrineError('INPUT_INVALID', `"${name}" is not float32`);
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

/** Shortens the gradients, as one vector, to `norm` where they are longer. */
function clip(all: readonly Float32Array[], norm: number): void {
  if (norm === Infinity) return;
  let squared = 0;
  for (const gradient of all) for (let i = 0; i < gradient.length; i++) squared += gradient[i] * gradient[i];
  const factor = norm / Math.sqrt(squared);
  if (factor >= 1) return;
  for (const gradient of all) for (let i = 0; i < gradient.length; i++) gradient[i] *= factor;
}

function requireFit(name: string, live: TrainerState, state: TrainerState): void {
  const faults = [
    ...[...live].flatMap(([array, { length }]) => {
      const got = state.get(array)?.length;
      if (got === length) return [];
      return [`${array} needs ${String(length)} numbers, got ${got === undefined ? 'none' : String(got)}`];
    }),
    ...[...state.keys()].filter((array) => !live.has(array)).map((array) => `${array} is not the model's`),
  ];
  if (faults.length === 0) return;
  throw new VitrineError('INPUT_INVALID', `The state does not fit the trainer ${name}: ${faults.join('; ')}.`);
}

function initialParameter(shape: readonly number[], init: Init, random: Random): Float32Array {
  const size = shape.reduce((product, dim) => product * dim, 1);
  if (init === 'zeros') return new Float32Array(size);
  if (init === 'ones') return new Float32Array(size).fill(1);
  if (typeof init === 'object') return Float32Array.from(init.values);
  const limit = Math.sqrt(6 / (shape[0] + (shape[1] ?? 1)));
  return Float32Array.from({ length: size }, () => (random.next() * 2 - 1) * limit);
}

/** Rows of about a tenth of unit length, whatever the width: small beside what training will make of them. */
function initialTable({ rows, width }: Table, random: Random): Float32Array {
  const scale = 0.1 / Math.sqrt(width);
  const values = new Float32Array(rows * width);
  for (let i = 0; i < values.length; i++) values[i] = random.normal() * scale;
  return values;
}

function found<Named extends { readonly name: string }>(all: readonly Named[], name: string): Named {
  const one = all.find((candidate) => candidate.name === name);
  if (one) return one;
  throw new VitrineError('INPUT_INVALID', `No table is called "${name}"`);
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
