// Trains the two towers on the purchases of a shop: draws batches and runs the training schedule.
import { articleInputs, customerInputs } from '../../features/inputs';
import type { HistoryEnds, Dataset } from '../../dataset/dataset';
import { HISTORY_LENGTH } from '../../features/encoder';
import type { Batch, Values } from '../../engine/batch';
import type { TrainingEngine } from '../../engine/training-engine';
import { VitrineError } from '../../errors';
import { createRandom, type Random } from '../../random';
import type { Reporter } from '../../telemetry/progress';
import { runSchedule, type ScheduleOptions } from '../optimise/training-schedule';
import { createTrainer } from '../optimise/trainer';
import type { Initialise, Weights } from '../optimise/learnt';
import { MASKS } from '../models/layers';
import { maskInputs, sequenceLoss, type TwoTowerConfig } from '../models/two-tower';
import { DAY } from '../../time';

export interface TowerTraining extends TwoTowerConfig {
  /** Maximum number of epochs. */
  readonly epochs: number;
  /** Maximum number of purchases over all epochs. */
  readonly maxPurchases: number;
  /** Number of validations in a row without a gain after which training stops early. */
  readonly patience: number;
  /** Approximate number of purchases in a batch, which determines the number of customers. */
  readonly batch: number;
  /**
   * Number of articles that are drawn uniformly as negatives of a batch, from the articles that
   * have sold. If the number is too large, all of these articles are used.
   */
  readonly sampled: number;
  readonly denseRate: number;
  readonly tableRate: number;
  readonly weightDecay: number;
  /**
   * Share of articles whose own embedding is hidden, so that new articles can be embedded by
   * attributes alone.
   */
  readonly idDropout: number;
  /**
   * A purchase this many days before the last has half the weight. No weight is below a fifth. If
   * Infinity, all weights are equal.
   */
  readonly halfLifeDays: number;
}

export interface TowerTrainer {
  readonly weights: Weights;
  /**
   * Continues training with the known purchases. Returns the number of epochs of the resulting
   * weights.
   */
  learn(stage: TowerStage): Promise<number>;
}

/** A stage of training. */
export interface TowerStage {
  readonly name: string;
  readonly known: HistoryEnds;
  /** Maximum number of epochs. Early stopping may end training sooner. */
  readonly epochs: number;
  /** Measures the weights; higher is better. */
  readonly validate?: () => Promise<number>;
  readonly checkpoint?: ScheduleOptions['checkpoint'];
}

/**
 * Number of purchases in a segment, after which the weights are validated and saved. A segment is
 * an epoch in a small shop, and an eighth of an epoch in a large shop.
 */
const SEGMENT = 1_000_000;
const SEGMENTS = 8;

export interface TowerOptions {
  readonly config: TowerTraining;
  readonly seed: number;
  readonly initialise?: Initialise | undefined;
}

/** Prepares the towers of a shop. The towers are not trained yet. */
export async function towerTrainer(
  engine: TrainingEngine,
  shop: Dataset,
  { config, seed, initialise }: TowerOptions,
  reporter: Reporter,
): Promise<TowerTrainer> {
  const trainer = await createTrainer(engine, {
    name: 'train.two_tower',
    loss: sequenceLoss(shop.encoder, config),
    random: createRandom(seed, 'towers'),
    denseRate: config.denseRate,
    tableRate: config.tableRate,
    weightDecay: config.weightDecay,
    averaged: true,
    initialise,
  });
  return {
    weights: trainer.weights,
    async learn({ name, known, epochs, validate, checkpoint }) {
      const batcher = new Batcher(shop, known, config);
      const parts = Math.min(SEGMENTS, Math.max(1, Math.ceil(batcher.targets / SEGMENT)));
      const total = Math.min(epochs, config.maxPurchases / batcher.targets);
      const segments = Math.max(1, Math.round(total * parts));
      const progress = reporter.progress(name, Math.ceil(total * batcher.targets), 'purchases');
      // The purchases differ from those of the earlier stage, so earlier weights must not count in
      // the mean.
      trainer.renewAverage();
      let loss = Number.NaN;
      let done = 0;
      const result = await runSchedule({
        name,
        trainer,
        segments,
        *batches(segment) {
          done = (segment / segments) * total * batcher.targets;
          for (const batch of batcher.epochs(
            seed,
            name,
            (segment / segments) * total,
            ((segment + 1) / segments) * total,
          )) {
            done += batch.target.data.length;
            yield batch;
          }
        },
        ...(validate && { validate, patience: config.patience }),
        ...(checkpoint && { checkpoint }),
        onStep(_step, value) {
          loss = Number.isNaN(loss) ? value : 0.98 * loss + 0.02 * value;
          progress.tick(Math.floor(done), `loss ${loss.toFixed(3)}`);
        },
        reporter,
      });
      const best = result.scores.find(({ segment }) => segment === result.best);
      progress.done(
        best ? `best after ${(((best.segment + 1) / segments) * total).toFixed(1)} epochs` : `loss ${loss.toFixed(3)}`,
      );
      return ((result.best + 1) / segments) * total;
    },
  };
}

/**
 * Stretches of the purchases of one customer each. They are stored as columns, since a large shop
 * has millions of stretches. Stretch s has the purchases from[s] ≤ p < to[s]. The purchases from
 * first[s] on are targets, and the earlier purchases are only history.
 */
interface Stretches {
  readonly customer: Int32Array;
  readonly from: Int32Array;
  readonly first: Int32Array;
  readonly to: Int32Array;
}

/**
 * An order of all stretches. Batch b has the stretches order[starts[b]] to order[starts[b + 1] −
 * 1].
 */
interface Epoch {
  readonly key: string;
  readonly order: Int32Array;
  readonly starts: Int32Array;
  /** The numbers of the batches, in a random order. */
  readonly batches: Int32Array;
}

/**
 * One number below 2^53 holds a sort key and the index of a stretch: a key below 64 in steps of
 * 2^−16, and an index below 2^31.
 */
const PLACES = 2 ** 31;
const FINENESS = 2 ** 16;

/** Cuts the purchases of each customer into stretches and makes batches of similar lengths. */
export class Batcher {
  private readonly stretches: Stretches;
  readonly targets: number;
  /** Articles that have sold. */
  private readonly sold: Int32Array;
  /** [articles] the share of each article in all purchases. */
  private readonly share: Float64Array;
  /** Unix seconds of the last known purchase. */
  private readonly until: number;
  /** The epoch that was drawn last. It is kept for the next segments of the same epoch. */
  private drawn: Epoch | undefined;

  constructor(
    private readonly shop: Dataset,
    known: HistoryEnds,
    private readonly config: TowerTraining,
  ) {
    const counts = new Float64Array(shop.catalogue.size);
    let total = 0;
    let until = 0;
    for (let customer = 0; customer < shop.customers; customer++) {
      const [start, end] = [shop.offsets[customer], known[customer]];
      for (let p = start; p < end; p++) {
        counts[shop.article[p]] += 1;
        until = Math.max(until, shop.at[p]);
      }
      total += end - start;
    }
    if (total === 0) {
      throw new VitrineError('NOTHING_TO_LEARN', 'No purchases lie before the moment to train up to.');
    }
    this.stretches = cut(shop, known);
    this.targets = total;
    this.until = until;
    this.share = counts.map((count) => count / total);
    this.sold = Int32Array.from(counts.keys()).filter((article) => counts[article] > 0);
  }

  /**
   * The batches between two points of training, which are measured in epochs. Each epoch has its
   * own order.
   */
  *epochs(seed: number, name: string, from: number, to: number): Generator<Batch> {
    for (let number = Math.floor(from); number < to; number++) {
      const epoch = this.epoch(seed, name, number);
      const place = (share: number): number => Math.round(epoch.batches.length * share);
      for (let at = place(Math.max(0, from - number)); at < place(Math.min(1, to - number)); at++) {
        const batch = epoch.batches[at];
        const stretches = epoch.order.subarray(epoch.starts[batch], epoch.starts[batch + 1]);
        // Each batch has its own seed, so that a batch is the same wherever training resumes.
        yield this.batchOf(stretches, createRandom(seed, name, number, at));
      }
    }
  }

  /**
   * Draws an epoch. Stretches of similar lengths are put into the same batch, so that there is
   * little padding.
   */
  private epoch(seed: number, name: string, number: number): Epoch {
    const key = JSON.stringify([seed, name, number]);
    if (this.drawn?.key === key) return this.drawn;
    const { from, first, to } = this.stretches;
    const random = createRandom(seed, name, number);
    const keyed = Float64Array.from(from, (start, s) => {
      const length = to[s] - start;
      return Math.floor((length + 2 * random.next() * Math.sqrt(length)) * FINENESS) * PLACES + s;
    });
    const order = Int32Array.from(keyed.sort(), (value) => value % PLACES);
    const starts = [0];
    let targets = 0;
    for (let o = 0; o < order.length; o++) {
      targets += to[order[o]] - first[order[o]];
      if (targets < this.config.batch && o < order.length - 1) continue;
      starts.push(o + 1);
      targets = 0;
    }
    const batches = Int32Array.from({ length: starts.length - 1 }, (_, b) => b);
    shuffle(batches, random);
    this.drawn = { key, order, starts: Int32Array.from(starts), batches };
    return this.drawn;
  }

  private batchOf(stretches: Int32Array, random: Random): Batch {
    const { shop, config } = this;
    const { customer, from: froms, first: firsts, to: tos } = this.stretches;
    const n = stretches.length;
    // The last purchase of a stretch is only a target, not history.
    const length = stretches.reduce((most, s) => Math.max(most, tos[s] - froms[s] - 1), 1);
    const columns = new Columns();
    const history = new Int32Array(n * length);
    const states: number[] = [];
    const targets: number[] = [];
    const weights: number[] = [];
    let tokens = 0;
    stretches.forEach((s, row) => {
      const [from, first, to] = [froms[s], firsts[s], tos[s]];
      for (let p = from; p < to - 1; p++) history[row * length + p - from] = columns.of(shop.article[p]);
      tokens += to - from;
      // Purchases at the same time must not predict one another, so they share the state before the
      // first of them.
      let before = first;
      while (before > from && shop.at[before - 1] === shop.at[first]) before -= 1;
      for (let p = first; p < to; p++) {
        if (shop.at[p] !== shop.at[before]) before = p;
        states.push(row * (length + 1) + before - from);
        targets.push(columns.of(shop.article[p]));
        const days = (this.until - shop.at[p]) / DAY;
        weights.push(0.2 + 0.8 * 0.5 ** (days / config.halfLifeDays));
      }
    });
    const uniform = this.addNegatives(columns, random);
    const articles = Int32Array.from(columns.articles);
    const logQ = Float32Array.from(articles, (article) => {
      // The probability that the article is in the batch, because it was bought or drawn.
      const bought = 1 - (1 - this.share[article]) ** tokens;
      return Math.log(Math.max(1e-12, 1 - (1 - bought) * (1 - uniform)));
    });
    const inputs = articleInputs(shop.catalogue, articles);
    const ids = inputs.article_id.data;
    for (let i = 0; i < ids.length; i++) if (random.next() < config.idDropout) ids[i] = 0;
    const customers = shop.customerRows(stretches.map((s) => customer[s]));
    return {
      ...inputs,
      ...customerInputs(shop.encoder.customerLayout, customers),
      ...Object.fromEntries(maskInputs(config).map((name) => [name, masks(n * (length + 1), random)])),
      history: { data: history, shape: [n, length] },
      state: { data: Int32Array.from(states), shape: [states.length] },
      target: { data: Int32Array.from(targets), shape: [targets.length] },
      weight: { data: Float32Array.from(weights), shape: [weights.length, 1] },
      log_q: { data: logQ, shape: [articles.length] },
    };
  }

  /**
   * Draws uniformly from the articles that have sold. Returns the probability of each to be drawn.
   * Articles that have never sold would only be negatives, which would push their vectors away from
   * all customers.
   */
  private addNegatives(columns: Columns, random: Random): number {
    const { sold, config } = this;
    if (config.sampled >= sold.length) {
      for (const article of sold) columns.of(article);
      return 1;
    }
    for (let i = 0; i < config.sampled; i++) columns.of(sold[random.int(sold.length)]);
    return 1 - (1 - 1 / sold.length) ** config.sampled;
  }
}

/** The distinct articles of a batch, in the order in which they first occurred. */
class Columns {
  readonly articles: number[] = [];
  private readonly places = new Map<number, number>();

  of(article: number): number {
    let place = this.places.get(article);
    if (place === undefined) {
      place = this.articles.push(article) - 1;
      this.places.set(article, place);
    }
    return place;
  }
}

function masks(rows: number, random: Random): Values {
  const data = new Int32Array(rows);
  for (let row = 0; row < rows; row++) data[row] = random.int(MASKS);
  return { data, shape: [rows] };
}

/**
 * Cuts the purchases into stretches, from the latest purchase backwards. Stretches overlap by half,
 * so that each target has a history.
 */
function cut({ customers, offsets }: Dataset, known: HistoryEnds): Stretches {
  const all: Record<keyof Stretches, number[]> = { customer: [], from: [], first: [], to: [] };
  for (let customer = 0; customer < customers; customer++) {
    const start = offsets[customer];
    for (let to = known[customer]; to > start;) {
      const from = Math.max(start, to - HISTORY_LENGTH - 1);
      const first = from === start ? start : from + Math.ceil(HISTORY_LENGTH / 2);
      all.customer.push(customer);
      all.from.push(from);
      all.first.push(first);
      all.to.push(to);
      to = first;
    }
  }
  const column = (name: keyof Stretches): Int32Array => Int32Array.from(all[name]);
  return { customer: column('customer'), from: column('from'), first: column('first'), to: column('to') };
}

/** Shuffles the items in place, with the algorithm of Fisher and Yates. */
function shuffle(items: Int32Array, random: Random): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = random.int(i + 1);
    [items[i], items[j]] = [items[j], items[i]];
  }
}
