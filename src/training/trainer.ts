// Runs the steps: gathers embedding rows, lets ONNX Runtime compute the loss, its gradients and the next dense parameters in one call,
// and moves the tables. Takes any loss written as a graph; knows no model.
import type { Batch, Engine, Lent } from '../engine/engine';
import { placesInput, rowsInput } from '../graph/onnx';
import type { Tensor } from '../graph/tensor';
import { VitrineError } from '../errors';
import type { Random } from '../random';
import { adamW, rowWiseAdagrad, rowWiseAdam, type TableOptimiser } from './optimisers';
import { fillParameter, initialTable } from './initial-weights';
import { constantRate, type Schedule } from './schedule';
import { floatsOf, lookup, StepFeeds } from './step-feeds';
import { rowsGradient, SCALES, stepGraph } from './step-graph';
import { RowSums } from './table-rows';

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
  /** What has been learnt when no call of `train` is under way; the arrays stay the same. */
  readonly weights: Weights;
  /**
   * One step for each batch, which must have every input of the loss, ids included. `onStep` hears the number of the step
   * within this call, from 1, and its loss.
   *
   * While ONNX Runtime computes a step, this thread applies the last step's gradients to the tables, makes the next batch, gathers its
   * rows and hands them over: rows are therefore one step behind where batches share them, always in the same way. Dense
   * parameters stay with ONNX Runtime from the first step of a call to the last. The end of a call applies what is left and
   * fetches them, so that the state between two calls is all there is.
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
  const graph = stepGraph(name, loss, denseOptimiser, clipNorm);

  // Vectors of all dense parameters: what they are, and what the optimiser remembers of them.
  const dense = new Map(graph.carried.map(({ slot }) => [slot, new Float32Array(graph.size)]));
  const parameters = graph.parameters.map(({ name: owner, shape, init, offset, size }) => {
    const parts = new Map([...dense].map(([slot, vector]) => [slot, vector.subarray(offset, offset + size)]));
    const values = parts.get('weights') ?? new Float32Array(size);
    fillParameter(values, shape, init, random);
    options.initialise?.(owner, shape, values);
    return { name: owner, values, parts };
  });
  const tables = [...new Map(graph.sites.map(({ table }) => [table.name, table])).values()].map((table) => {
    const { name: owner, rows, width } = table;
    const values = initialTable(table, random);
    options.initialise?.(owner, [rows, width], values);
    const state = tableOptimiser.init(rows, width);
    const parts = new Map([['weights', values], ...Object.entries(state)]);
    return { name: owner, width, values, state, parts, sums: new RowSums(table) };
  });
  const uses = graph.sites.map(({ site, table, ids, weights, gradientShape }) => ({
    rows: rowsInput(site),
    places: placesInput(site),
    gradient: rowsGradient(site),
    gradientShape,
    idsShape: ids.shape,
    ids: inputNameOf(ids),
    weights: weights && inputNameOf(weights),
    table: found(tables, table.name),
  }));
  const steps = new Float32Array(1); // whole numbers up to 2²⁴ are exact
  const live = new Map<string, Float32Array>([['steps', steps]]);
  for (const { name: owner, parts } of [...parameters, ...tables]) {
    for (const [slot, array] of parts) live.set(`${slot}/${owner}`, array);
  }

  await engine.load(name, graph.model.bytes, graph.carry);
  const made = new Set([
    SCALES,
    ...graph.carried.map(({ input }) => input),
    ...uses.flatMap(({ rows, places }) => [rows, places]),
  ]);
  const ports = graph.model.inputs.map((port) => port.name).filter((port) => !made.has(port));
  const feeds = new StepFeeds(ports, uses);

  /** Begins a step of this number. The first of a call brings the dense vectors; the engine carries them on from there. */
  function launch(batch: Batch, number: number, first: boolean): Step {
    const factor = schedule(number);
    const vectors: Record<string, ArrayLike<number>> = {};
    if (graph.carried.length > 0) vectors[SCALES] = denseOptimiser.scales(denseRate * factor, number);
    if (first) for (const { slot, input } of graph.carried) vectors[input] = dense.get(slot) ?? [];
    const running = engine.lend(name, feeds.prepare(batch, vectors));
    running.catch(() => undefined); // heard where it is waited for
    return { batch, factor, running };
  }

  /** Waits for a step; gives its loss. */
  async function finish({ running }: Step): Promise<number> {
    const { inputs, outputs } = await running;
    feeds.give('inputs', inputs);
    const value = outputs.loss.data[0];
    if (Number.isFinite(value)) return value;
    throw new VitrineError('TRAINING_DIVERGED', `The loss of ${name} is ${String(value)}: training diverged.`);
  }

  async function updateTables({ running, batch, factor }: Step): Promise<void> {
    const { outputs } = await running; // it has been waited for
    for (const use of uses) use.table.sums.add(lookup(use, batch), floatsOf(outputs, use.gradient));
    for (const { values, sums, state } of tables) {
      tableOptimiser.update(values, sums.take(), state, tableRate * factor);
    }
    feeds.give('outputs', outputs);
  }

  async function train(batches: Iterable<Batch>, onStep?: (step: number, loss: number) => void): Promise<void> {
    const iterator = batches[Symbol.iterator]();
    const begin = (ahead: number, first = false): Step | undefined => {
      const next = iterator.next();
      return next.done ? undefined : launch(next.value, steps[0] + ahead, first);
    };
    let last: Step | undefined;
    let running = begin(1, true);
    if (!running) return;
    for (let step = 1; running; step++) {
      if (last) await updateTables(last);
      // The next step waits at the engine, so that it begins as soon as this one ends.
      const next = begin(2);
      const value = await finish(running);
      steps[0] += 1;
      onStep?.(step, value);
      last = running;
      running = next;
    }
    if (last) await updateTables(last);
    const learnt = await engine.carried(name);
    for (const { slot, input } of graph.carried) dense.get(slot)?.set(floatsOf(learnt, input));
  }

  return {
    weights: new Map([...parameters, ...tables].map((one) => [one.name, one.values])),
    train,
    state: () => new Map([...live].map(([array, values]) => [array, values.slice()])),
    restore(state) {
      requireFit(name, live, state);
      for (const [array, values] of state) live.get(array)?.set(values);
    },
  };
}

/** A step that the engine has been given. `factor`: what the schedule says of it. */
interface Step {
  readonly batch: Batch;
  readonly factor: number;
  readonly running: Promise<Lent>;
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

function found<Named extends { readonly name: string }>(all: readonly Named[], name: string): Named {
  const one = all.find((candidate) => candidate.name === name);
  if (one) return one;
  throw new VitrineError('INPUT_INVALID', `No table is called "${name}"`);
}

function inputNameOf(tensor: Tensor): string {
  if (tensor.node.kind === 'input') return tensor.node.name;
  throw new VitrineError('INPUT_INVALID', 'createTrainer: ids and weights of an embedding must be inputs of the graph');
}
