// Runs the steps: gathers embedding rows, lets ONNX Runtime compute the loss and its gradients in
// one call, and moves tables and dense parameters. Takes any loss written as a graph; knows no
// model.
import type { Batch } from '../../engine/batch';
import { inMemory } from '../../engine/model-runner';
import type { Lent, TrainingEngine } from '../../engine/training-engine';
import { placesInput, rowsInput } from '../../graph/onnx';
import type { Tensor } from '../../graph/tensor';
import { VitrineError } from '../../errors';
import type { Random } from '../../random';
import { adamW, rowWiseAdagrad, rowWiseAdam, shorten, type TableOptimiser } from './optimisers';
import { fillParameter, initialTable } from './initial-weights';
import { constantRate, type Schedule } from './schedule';
import { floatsOf, StepFeeds, type Ready } from './step-feeds';
import { DENSE, DENSE_GRADIENT, rowsGradient, stepGraph } from './step-graph';
import { RowSums } from './table-rows';
import { WeightAverage } from './weight-average';

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
   * Longer gradients of the dense parameters, all taken as one vector, are shortened to this
   * length. Tables need no such limit: their optimisers measure each row's gradient against its
   * earlier ones.
   */
  readonly clipNorm?: number;
  /** Hears of each parameter and table with its first weights, which it may overwrite. */
  readonly initialise?: Initialise;
  /** So many steps go one by one, before two are under way at a time; a thousand if absent. */
  readonly oneByOne?: number;
  /**
   * Whether what is learnt is the mean of the weights on their way, and not where the last step
   * took them.
   */
  readonly averaged?: boolean;
}

/** `values` are [shape]; a table's shape is [rows, width]. */
export type Initialise = (name: string, shape: readonly number[], values: Float32Array) => void;

const TABLE_OPTIMISERS = { adagrad: rowWiseAdagrad, adam: rowWiseAdam } satisfies Record<string, TableOptimiser>;

/** How many steps are under way at a time. Two and no more: what is foreseen is one step. */
const STEPS_AT_A_TIME = 2;

/** How an engine is to be opened on so many threads, so that each step has as many as another. */
export function trainingThreads(threads: number): { workers: number; threadsPerRun: number } {
  const workers = Math.min(threads, STEPS_AT_A_TIME);
  return { workers, threadsPerRun: Math.ceil(threads / workers) };
}

/**
 * At first weights move so fast that to be one step behind is to be elsewhere: towers of a small
 * shop found a third less by it.
 */
const ONE_BY_ONE = 1_000;

/** The numbers of a model by name of parameter or table. */
export type Weights = Map<string, Float32Array>;

/**
 * All that a trainer has learnt and remembers: weights, states of optimisers, the number of steps.
 */
export type TrainerState = ReadonlyMap<string, Float32Array>;

export interface Trainer {
  /** What has been learnt when no call of `train` is under way; the arrays stay the same. */
  readonly weights: Weights;
  /**
   * One step for each batch, which must have every input of the loss, ids included. `onStep` hears
   * the number of the step within this call, from 1, and its loss.
   *
   * Two steps are under way at a time, each on a thread of the engine where it has two, which saves
   * the threads from waiting for each other within an operator. Meanwhile this thread makes the
   * next batch, moves what an earlier one has learnt, and gathers rows. So rows are as they were
   * before the last step, and dense parameters where they will be after it if it is like those
   * before (Chen et al., "SpecTrain", arXiv 1809.02839). The first steps go one at a time, with
   * nothing behind. All this does not depend on how many threads there are. The end of a call waits
   * for all steps, so that the state between two calls is all there is; a batch that is faulty ends
   * it, and of the steps that are under way then nothing is learnt.
   */
  train(batches: Iterable<Batch>, onStep?: (step: number, loss: number) => void): Promise<void>;
  /** Where weights are averaged: from the next step on the mean is of what follows alone. */
  renewAverage(): void;
  /** A copy. To be asked for between two calls of `train`. */
  state(): TrainerState;
  /**
   * Goes on from a state of the same model. @throws VitrineError INPUT_INVALID if it does not fit;
   * nothing has moved then
   */
  restore(state: TrainerState): void;
}

/**
 * Prepares a loss for training: derives its gradients, makes the first weights, loads the graph.
 */
export async function createTrainer(engine: TrainingEngine, options: TrainerOptions): Promise<Trainer> {
  const { name, loss, random, denseRate, tableRate, schedule = constantRate, clipNorm = Infinity } = options;
  const { oneByOne = ONE_BY_ONE } = options;
  const denseOptimiser = adamW(options.weightDecay);
  const tableOptimiser = TABLE_OPTIMISERS[options.tableOptimiser ?? 'adagrad'];
  const graph = stepGraph(name, loss);

  // Vectors of all dense parameters: what they are, and what the optimiser remembers of them.
  const weights = new Float32Array(graph.size);
  const memory = denseOptimiser.init(graph.size);
  const parameters = graph.parameters.map(({ name: owner, shape, init, offset, size }) => {
    const part = (vector: Float32Array): Float32Array => vector.subarray(offset, offset + size);
    const values = part(weights);
    const parts = new Map([
      ['weights', values],
      ...Object.entries(memory).map(([slot, all]) => [slot, part(all)] as const),
    ]);
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
    summed: `${rowsGradient(site)}.sum`,
    gradientShape,
    idsShape: ids.shape,
    ids: inputNameOf(ids),
    weights: weights && inputNameOf(weights),
    table: found(tables, table.name),
  }));
  const owners = [...parameters, ...tables];
  const steps = new Float32Array(1); // whole numbers up to 2²⁴ are exact
  const live = new Map<string, Float32Array>([['steps', steps]]);
  for (const { name: owner, parts } of owners) {
    for (const [slot, array] of parts) live.set(`${slot}/${owner}`, array);
  }

  await engine.load(name, inMemory(graph.model.bytes));
  const made = new Set([DENSE, ...uses.flatMap(({ rows, places }) => [rows, places])]);
  const ports = graph.model.inputs.map((port) => port.name).filter((port) => !made.has(port));
  const feeds = new StepFeeds(ports, graph.size, uses);

  const average = options.averaged ? new WeightAverage(owners.map(({ values }) => values)) : undefined;
  const learnt: Weights = new Map(owners.map(({ name: owner, values }, i) => [owner, average?.means[i] ?? values]));
  if (average) {
    live.set('average', average.counts);
    for (const [owner, mean] of learnt) live.set(`average/${owner}`, mean);
  }

  const foreseen = new Float32Array(graph.size);

  /**
   * Begins a step with what has been learnt so far, and will be by the steps that are `under way`.
   */
  function launch(ready: Ready, underWay: readonly Step[]): Step {
    const number = steps[0] + underWay.length + 1;
    const last = underWay.at(-1);
    if (last) denseOptimiser.foresee(foreseen, weights, memory, denseRate * last.factor, steps[0]);
    const running = engine.lend(name, feeds.fill(ready, last ? foreseen : weights));
    running.catch(() => undefined); // heard where it is waited for
    return { ready, factor: schedule(number), running };
  }

  /** Waits for a step and learns from it; gives its loss. */
  async function finish({ ready, factor, running }: Step): Promise<number> {
    const { inputs, outputs } = await running;
    feeds.give('inputs', inputs);
    const value = outputs.loss.data[0];
    if (!Number.isFinite(value)) {
      throw new VitrineError('TRAINING_DIVERGED', `The loss of ${name} is ${String(value)}: training diverged.`);
    }
    steps[0] += 1;
    if (graph.size > 0) {
      const gradient = floatsOf(outputs, DENSE_GRADIENT);
      shorten(gradient, clipNorm);
      denseOptimiser.update(weights, gradient, memory, denseRate * factor, steps[0]);
    }
    feeds.sum(ready, outputs);
    for (const { values, sums, state } of tables) tableOptimiser.update(values, sums.take(), state, tableRate * factor);
    feeds.give('outputs', outputs);
    average?.afterStep();
    return value;
  }

  async function train(batches: Iterable<Batch>, onStep?: (step: number, loss: number) => void): Promise<void> {
    const running: Step[] = [];
    let ended = 0;
    const finishFirst = async (): Promise<void> => {
      const step = running.shift();
      if (!step) return;
      const value = await finish(step);
      onStep?.(++ended, value);
    };
    try {
      for (const batch of batches) {
        const ready = feeds.ready(batch); // while others run
        const most = steps[0] < oneByOne ? 1 : STEPS_AT_A_TIME;
        while (running.length >= most) await finishFirst();
        running.push(launch(ready, running));
      }
      while (running.length > 0) await finishFirst();
    } finally {
      // After a fault: nobody is to find a step still running.
      await Promise.allSettled(running.map((step) => step.running));
    }
  }

  return {
    weights: learnt,
    train,
    renewAverage: () => average?.renew(),
    state: () => new Map([...live].map(([array, values]) => [array, values.slice()])),
    restore(state) {
      requireFit(name, live, state);
      for (const [array, values] of state) live.get(array)?.set(values);
    },
  };
}

/** A step that the engine has been given. `factor`: what the schedule says of it. */
interface Step {
  readonly ready: Ready;
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
