// Trains the linear part of the ranker, before the deep part. The linear part has few weights and
// cannot memorise, so it learns everything that a small shop can teach. The deep part, which can
// memorise, is trained afterwards.
import type { Batch } from '../../engine/batch';
import type { TrainingEngine } from '../../engine/training-engine';
import type { Dataset } from '../../dataset/dataset';
import { pairWidth } from '../../features/pair-features';
import { sampled, type Random } from '../../random';
import type { Reporter } from '../../telemetry/progress';
import {
  CUSTOMER_GROUPS,
  isOfColdCustomer,
  linearNames,
  linearPart,
  untrainedLinearPart,
  type CustomerGroup,
} from '../models/linear-part';
import { ABSENT, linearLoss, type Spread } from '../models/ranker';
import type { Initialise, Weights } from '../optimise/learnt';
import { linearDecay } from '../optimise/optimisers';
import { createTrainer, type Trainer } from '../optimise/trainer';
import type { ListJudge } from './list-judge';
import { byRound, scoreLists, shuffled, trainingBatch, type List } from './ranker-lists';

/**
 * Maximum number of lists, since few weights need few lists. The features of the lists are made
 * once and stay in memory: 50 KB for a list of a hundred candidates.
 */
const LISTS = 8_000;
const RATE = 0.02;
/** Ridges from the tightest to the loosest. A looser ridge is used only if it proves better. */
const RIDGES = [1_000, 300, 100, 30] as const;

export interface LinearTraining {
  readonly lists: readonly List[];
  /** Lists that are held out. */
  readonly checked: readonly List[];
  readonly judge: ListJudge;
  readonly config: {
    /** Number of steps for each ridge. */
    readonly straightSteps: number;
    readonly batch: number;
    readonly listLength: number;
  };
  readonly random: Random;
}

/** A trained linear part, and the worth of its scores on the held-out lists. */
interface Candidate {
  readonly ridge: number;
  readonly weights: Weights;
  readonly worth: Float64Array;
}

/**
 * Trains the linear part. Each group keeps the weights of the tightest ridge, unless a looser ridge
 * is better on the held-out lists by more than chance. The weights of cold customers are learnt
 * mostly from returning customers whose history is hidden, and who buy differently. So these
 * weights must also be better than the start values.
 */
export async function trainLinearPart(
  engine: TrainingEngine,
  shop: Dataset,
  { lists, checked, judge, config, random }: LinearTraining,
  reporter: Reporter,
): Promise<Weights> {
  const start = untrainedLinearPart(pairWidth(shop.encoder.articleLayout));
  const some = sampled(lists, LISTS, random);
  const batches = Array.from(byRound(some, config.batch), (group) =>
    trainingBatch(shop, group, config.listLength, random),
  );
  if (batches.length === 0) return start;
  const spread = spreadOf(batches);
  const epochs = Math.ceil(config.straightSteps / batches.length);
  const steps = epochs * batches.length;
  const progress = reporter.progress('Ranker, linear part', RIDGES.length * steps, 'steps');
  const candidateOf = async (ridge: number, weights: Weights): Promise<Candidate> => ({
    ridge,
    weights,
    worth: judge.worth(await scoreLists(engine, shop, linearPart(shop.encoder), weights, checked)),
  });
  const kept = new Map<CustomerGroup, Candidate>([['cold', await candidateOf(Infinity, start)]]);
  let before: Weights | undefined;
  let done = 0;
  for (const ridge of RIDGES) {
    const trainer: Trainer = await createTrainer(engine, {
      name: 'train.linear',
      loss: linearLoss(shop.encoder, { spread, ridge, lists: some.length }),
      random,
      denseRate: RATE,
      tableRate: 0,
      schedule: linearDecay(steps, 0.02),
      // Training continues from the weights of the tighter ridge.
      initialise: startingFrom(before),
    });
    for (let epoch = 0; epoch < epochs; epoch++) {
      await trainer.train(shuffled(batches, random));
      progress.tick((done += batches.length));
    }
    const candidate = await candidateOf(ridge, trainer.weights);
    for (const group of CUSTOMER_GROUPS) {
      const tighter = kept.get(group);
      if (!tighter || judge.isBetter(candidate.worth, tighter.worth, group)) kept.set(group, candidate);
    }
    before = trainer.weights;
  }
  progress.done(CUSTOMER_GROUPS.map((group) => described(group, kept.get(group))).join(', '));
  return new Map([...kept].flatMap(([group, { weights }]) => ofGroup(weights, group)));
}

function described(group: CustomerGroup, { ridge }: { ridge: number } = { ridge: Infinity }): string {
  return ridge === Infinity ? `nothing learnt for ${group} customers` : `ridge ${ridge} for ${group} customers`;
}

function ofGroup(weights: Weights, group: CustomerGroup): [string, Float32Array][] {
  const names = linearNames(group);
  return [...weights].filter(([name]) => names.includes(name));
}

function startingFrom(former: Weights | undefined): Initialise {
  return (name, _shape, values) => {
    const own = former?.get(name);
    if (own) values.set(own);
  };
}

/**
 * The standard deviation of each pair feature, in the lists of each group. A small amount is added
 * for features that hardly vary.
 */
function spreadOf(batches: readonly Batch[]): Spread {
  const width = batches[0].pair.shape[2];
  const groups = [0, 1].map(() => ({ rows: 0, sums: new Float64Array(width), squares: new Float64Array(width) }));
  for (const { pair, correction } of batches) {
    for (let row = 0; row < correction.data.length; row++) {
      if (correction.data[row] === ABSENT) continue;
      const group = groups[isOfColdCustomer(pair.data, row * width) ? 1 : 0];
      group.rows += 1;
      for (let f = 0; f < width; f++) {
        const value = pair.data[row * width + f];
        group.sums[f] += value;
        group.squares[f] += value * value;
      }
    }
  }
  const [returning, cold] = groups.map(({ rows, sums, squares }) =>
    Float32Array.from(sums, (sum, f) => {
      const count = Math.max(1, rows);
      return Math.sqrt(Math.max(0, squares[f] / count - (sum / count) ** 2)) + 1e-3;
    }),
  );
  return { returning, cold };
}
