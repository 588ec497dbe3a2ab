// The numbers that a trainer learns: dense parameters in one vector, embedding tables, the states
// of their optimisers, and the mean of the weights.
import { VitrineError } from '../../errors';
import type { Init, Table } from '../../graph/tensor';
import type { Random } from '../../random';
import { rowWiseAdagrad, type DenseOptimiser, type OptimiserState } from './optimisers';
import type { Rows } from './row-kernels';
import type { StepGraph } from './step-graph';
import { RowSums } from './table-rows';
import { WeightAverage } from './weight-average';

/** The numbers of a model by name of parameter or table. */
export type Weights = Map<string, Float32Array>;

/**
 * Everything that a trainer has learnt, by name: weights, states of optimisers, and the number of
 * steps.
 */
export type TrainerState = ReadonlyMap<string, Float32Array>;

/** Called with each parameter and table and its first weights, which the function may overwrite. */
export type Initialise = (name: string, shape: readonly number[], values: Float32Array) => void;

/** An embedding table in training. */
export interface LearntTable extends Rows {
  readonly name: string;
  readonly state: OptimiserState;
  readonly sums: RowSums;
}

interface LearntOptions {
  readonly random: Random;
  readonly dense: DenseOptimiser;
  /** A table's shape is [rows, width]. */
  readonly initialise: Initialise | undefined;
  /** Whether the weights are the mean of the weights over all steps. */
  readonly averaged: boolean;
}

export class Learnt {
  /** All dense parameters, back to back, and the state of their optimiser. */
  readonly dense: Float32Array;
  readonly denseState: OptimiserState;
  readonly tables: readonly LearntTable[];
  /** [1] the number of steps so far. Whole numbers up to 2²⁴ are exact. */
  readonly steps = new Float32Array(1);
  readonly average: WeightAverage | undefined;
  readonly weights: Weights;
  /** Every array above, by the name that it has in a checkpoint. */
  private readonly live = new Map<string, Float32Array>([['steps', this.steps]]);

  /** Draws the first weights: those of the parameters, then those of the tables. */
  constructor(graph: StepGraph, options: LearntOptions) {
    const { random, initialise } = options;
    this.dense = new Float32Array(graph.size);
    this.denseState = options.dense.init(graph.size);
    const parameters = graph.parameters.map(({ name, shape, init, offset, size }) => {
      const part = (vector: Float32Array): Float32Array => vector.subarray(offset, offset + size);
      const values = part(this.dense);
      fillParameter(values, shape, init, random);
      initialise?.(name, shape, values);
      return { name, values, state: mapped(this.denseState, part) };
    });
    const tables = new Map(graph.sites.map(({ table }) => [table.name, table]));
    this.tables = [...tables.values()].map((table) => {
      const { name, rows, width } = table;
      const values = initialTable(table, random);
      initialise?.(name, [rows, width], values);
      return { name, width, values, state: rowWiseAdagrad.init(rows), sums: new RowSums(table) };
    });
    const owners = [...parameters, ...this.tables];
    for (const { name, values, state } of owners) {
      this.live.set(`weights/${name}`, values);
      for (const [slot, array] of Object.entries(state)) this.live.set(`${slot}/${name}`, array);
    }
    this.average = options.averaged ? new WeightAverage(owners.map(({ values }) => values)) : undefined;
    this.weights = new Map(owners.map(({ name, values }, i) => [name, this.average?.means[i] ?? values]));
    if (this.average) {
      this.live.set('average', this.average.counts);
      for (const [name, mean] of this.weights) this.live.set(`average/${name}`, mean);
    }
  }

  table(name: string): LearntTable {
    const found = this.tables.find((table) => table.name === name);
    if (found) return found;
    throw new VitrineError('INPUT_INVALID', `No table is called "${name}"`);
  }

  /** Returns a copy of the state. */
  state(): TrainerState {
    return new Map([...this.live].map(([array, values]) => [array, values.slice()]));
  }

  /**
   * @throws VitrineError INPUT_INVALID if the state does not fit. In this case nothing has changed
   */
  restore(trainer: string, state: TrainerState): void {
    requireFit(trainer, this.live, state);
    for (const [array, values] of state) this.live.get(array)?.set(values);
  }
}

function mapped(state: OptimiserState, part: (vector: Float32Array) => Float32Array): OptimiserState {
  return Object.fromEntries(Object.entries(state).map(([slot, all]) => [slot, part(all)]));
}

function fillParameter(values: Float32Array, shape: readonly number[], init: Init, random: Random): void {
  if (init === 'zeros') values.fill(0);
  else if (init === 'ones') values.fill(1);
  else {
    const limit = Math.sqrt(6 / (shape[0] + (shape[1] ?? 1)));
    for (let i = 0; i < values.length; i++) values[i] = (random.next() * 2 - 1) * limit;
  }
}

/** Draws rows with a length of about 0.1 for any width. Training makes the rows much longer. */
function initialTable({ rows, width }: Table, random: Random): Float32Array {
  const scale = 0.1 / Math.sqrt(width);
  const values = new Float32Array(rows * width);
  for (let i = 0; i < values.length; i++) values[i] = random.normal() * scale;
  return values;
}

function requireFit(trainer: string, live: TrainerState, state: TrainerState): void {
  const faults = [
    ...[...live].flatMap(([array, { length }]) => {
      const got = state.get(array)?.length;
      if (got === length) return [];
      return [`${array} needs ${String(length)} numbers, got ${got === undefined ? 'none' : String(got)}`];
    }),
    ...[...state.keys()].filter((array) => !live.has(array)).map((array) => `${array} is not the model's`),
  ];
  if (faults.length === 0) return;
  throw new VitrineError('INPUT_INVALID', `The state does not fit the trainer ${trainer}: ${faults.join('; ')}.`);
}
