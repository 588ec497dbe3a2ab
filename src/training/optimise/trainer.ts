// Runs the steps of training for any loss that is written as a graph. A step gathers embedding
// rows, computes the loss and its gradients in one call of ONNX Runtime, and moves tables and
// parameters.
import type { Batch } from '../../engine/batch';
import { inMemory } from '../../engine/model-runner';
import type { Lent, TrainingEngine } from '../../engine/training-engine';
import { VitrineError } from '../../errors';
import { placesInput, rowsInput } from '../../graph/onnx';
import type { Tensor } from '../../graph/tensor';
import type { Random } from '../../random';
import { Learnt, type Initialise, type TrainerState, type Weights } from './learnt';
import { adamW, rowWiseAdagrad, type DenseOptimiser, type RateSchedule } from './optimisers';
import { floatsOf, StepFeeds, type Ready } from './step-feeds';
import { DENSE, DENSE_GRADIENT, rowsGradient, stepGraph, type StepGraph } from './step-graph';

export interface TrainerOptions {
  /** The name of the graph in the engine. */
  readonly name: string;
  readonly loss: Tensor;
  readonly random: Random;
  /** Learning rate of AdamW, which moves the dense parameters. */
  readonly denseRate: number;
  /** Learning rate of row-wise Adagrad, which moves the tables. */
  readonly tableRate: number;
  readonly weightDecay?: number;
  /** Scales both rates. Default: constant rates. */
  readonly schedule?: RateSchedule;
  readonly initialise?: Initialise | undefined;
  /**
   * Number of first steps that are made one by one. Later steps are made two at a time. Default:
   * 1,000.
   */
  readonly oneByOne?: number;
  /** Whether the weights are the mean over all steps, and not the weights of the last step. */
  readonly averaged?: boolean;
}

/**
 * Number of steps that run at the same time. No more than two are possible, since the prediction
 * covers only one step.
 */
const STEPS_AT_A_TIME = 2;

/**
 * The options to open an engine on this many threads. Both concurrent steps get the same number of
 * threads.
 */
export function trainingThreads(threads: number): { workers: number; threadsPerRun: number } {
  const workers = Math.min(threads, STEPS_AT_A_TIME);
  return { workers, threadsPerRun: Math.ceil(threads / workers) };
}

/**
 * Default of `oneByOne`. At first, weights change so fast that a delay of one step makes them very
 * inaccurate. With two steps at a time from the start, the towers of a small shop found a third
 * fewer purchases.
 */
const ONE_BY_ONE = 1_000;

export interface Trainer {
  /**
   * The arrays are never replaced. Their values are complete while no call of `train` is running.
   */
  readonly weights: Weights;
  /**
   * Makes one step for each batch, which must have every input of the loss. `onStep` receives the
   * number of the step within this call, from 1, and the loss.
   *
   * Two steps run at the same time, each on its own thread if the engine has two threads. In the
   * meantime, the calling thread makes the next batch, applies the gradients of an earlier step and
   * gathers rows. So a step reads rows from before the previous step, and a prediction of the dense
   * parameters after the previous step (Chen et al., "SpecTrain", arXiv 1809.02839). The first
   * steps are made one by one. The results do not depend on the number of threads. A call waits for
   * all of its steps. A faulty batch ends the call, and the steps that are running at that time are
   * lost.
   */
  train(batches: Iterable<Batch>, onStep?: (step: number, loss: number) => void): Promise<void>;
  /** Starts the mean of the weights again with the next step. */
  renewAverage(): void;
  /** Returns a copy of the state. Call this method only between two calls of `train`. */
  state(): TrainerState;
  /**
   * Continues from a state of the same model.
   * @throws VitrineError INPUT_INVALID if the state does not fit. In this case nothing has changed
   */
  restore(state: TrainerState): void;
}

/** Derives the gradients of the loss, draws the first weights and loads the graph. */
export async function createTrainer(engine: TrainingEngine, options: TrainerOptions): Promise<Trainer> {
  const graph = stepGraph(options.name, options.loss);
  const dense = adamW(options.weightDecay);
  const { random, initialise, averaged = false } = options;
  const learnt = new Learnt(graph, { random, dense, initialise, averaged });
  await engine.load(options.name, inMemory(graph.model.bytes));
  return new StepTrainer(engine, options, learnt, dense, feedsOf(graph, learnt));
}

function feedsOf(graph: StepGraph, learnt: Learnt): StepFeeds {
  const uses = graph.sites.map(({ site, table, ids, weights, gradientShape }) => ({
    rows: rowsInput(site),
    places: placesInput(site),
    gradient: rowsGradient(site),
    summed: `${rowsGradient(site)}.sum`,
    gradientShape,
    idsShape: ids.shape,
    ids: inputNameOf(ids),
    weights: weights && inputNameOf(weights),
    table: learnt.table(table.name),
  }));
  const made = new Set([DENSE, ...uses.flatMap(({ rows, places }) => [rows, places])]);
  const ports = graph.model.inputs.map((port) => port.name).filter((port) => !made.has(port));
  return new StepFeeds(ports, graph.size, uses);
}

function inputNameOf(tensor: Tensor): string {
  if (tensor.node.kind === 'input') return tensor.node.name;
  throw new VitrineError('INPUT_INVALID', 'createTrainer: ids and weights of an embedding must be inputs of the graph');
}

/** A step that the engine computes. */
interface Step {
  readonly ready: Ready;
  /** The factor for the learning rates of this step. */
  readonly factor: number;
  readonly running: Promise<Lent>;
}

class StepTrainer implements Trainer {
  readonly weights: Weights;
  private readonly foreseen: Float32Array;

  constructor(
    private readonly engine: TrainingEngine,
    private readonly options: TrainerOptions,
    private readonly learnt: Learnt,
    private readonly dense: DenseOptimiser,
    private readonly feeds: StepFeeds,
  ) {
    this.weights = learnt.weights;
    this.foreseen = new Float32Array(learnt.dense.length);
  }

  async train(batches: Iterable<Batch>, onStep?: (step: number, loss: number) => void): Promise<void> {
    const { oneByOne = ONE_BY_ONE } = this.options;
    const running: Step[] = [];
    let ended = 0;
    const finishFirst = async (): Promise<void> => {
      const step = running.shift();
      if (!step) return;
      const value = await this.finish(step);
      onStep?.(++ended, value);
    };
    try {
      for (const batch of batches) {
        const ready = this.feeds.ready(batch); // while other steps run
        const most = this.learnt.steps[0] < oneByOne ? 1 : STEPS_AT_A_TIME;
        while (running.length >= most) await finishFirst();
        running.push(this.launch(ready, running));
      }
      while (running.length > 0) await finishFirst();
    } finally {
      // After an error, no step may be left running.
      await Promise.allSettled(running.map((step) => step.running));
    }
  }

  renewAverage(): void {
    this.learnt.average?.renew();
  }

  state(): TrainerState {
    return this.learnt.state();
  }

  restore(state: TrainerState): void {
    this.learnt.restore(this.options.name, state);
  }

  /** Starts a step while the steps in `underWay` are still running. */
  private launch(ready: Ready, underWay: readonly Step[]): Step {
    const { dense: weights, denseState, steps } = this.learnt;
    const { name, denseRate, schedule } = this.options;
    const number = steps[0] + underWay.length + 1;
    const last = underWay.at(-1);
    if (last) this.dense.foresee(this.foreseen, weights, denseState, denseRate * last.factor, steps[0]);
    const running = this.engine.lend(name, this.feeds.fill(ready, last ? this.foreseen : weights));
    running.catch(() => undefined); // the error is handled where the step is awaited
    return { ready, factor: schedule?.(number) ?? 1, running };
  }

  /** Waits for a step and applies its gradients. Returns the loss. */
  private async finish({ ready, factor, running }: Step): Promise<number> {
    const { learnt, feeds, options } = this;
    const { inputs, outputs } = await running;
    feeds.give('inputs', inputs);
    const value = outputs.loss.data[0];
    if (!Number.isFinite(value)) {
      const { name } = options;
      throw new VitrineError('TRAINING_DIVERGED', `The loss of ${name} is ${String(value)}: training diverged.`);
    }
    learnt.steps[0] += 1;
    if (learnt.dense.length > 0) {
      const gradient = floatsOf(outputs, DENSE_GRADIENT);
      const rate = options.denseRate * factor;
      this.dense.update(learnt.dense, gradient, learnt.denseState, rate, learnt.steps[0]);
    }
    feeds.sum(ready, outputs);
    for (const table of learnt.tables) {
      rowWiseAdagrad.update(table, table.sums.take(), table.state, options.tableRate * factor);
    }
    feeds.give('outputs', outputs);
    learnt.average?.afterStep();
    return value;
  }
}
