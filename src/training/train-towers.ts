// Trains the two towers on a shop's purchases before a moment. Knows how batches are drawn, not how a step is run.
import { articleInputs, customerInputs, historyInputs } from '../features/inputs';
import type { Known, Shop } from '../features/dataset';
import { HISTORY } from '../features/encoder';
import type { Batch, Engine } from '../engine/engine';
import { VitrineError } from '../errors';
import type { Random } from '../random';
import type { Reporter } from '../telemetry';
import { createTrainer, type Weights } from './trainer';
import { sampledSoftmax, twoTower, type TwoTowerConfig } from './two-tower';

export interface TowerTraining extends TwoTowerConfig {
  readonly epochs: number;
  /** At most this many steps, whatever the epochs. */
  readonly maxSteps: number;
  readonly batch: number;
  /** Articles drawn uniformly as negatives of a whole batch. */
  readonly sampled: number;
  readonly denseRate: number;
  readonly tableRate: number;
  readonly weightDecay: number;
  /** How often an article's own embedding is hidden, so that new articles are placed by their attributes. */
  readonly idDropout: number;
  /** How often a customer's history is hidden, so that new customers are placed by what else is known of them. */
  readonly historyDropout: number;
  /** A purchase this many days before the end counts half; none counts less than a fifth. */
  readonly halfLifeDays: number;
}

const DAY = 86_400;

export interface TowerTrainer {
  readonly weights: Weights;
  /** Goes on with the purchases that are known, `epochs` times over. */
  run(known: Known, epochs: number): Promise<void>;
}

/** Prepares the towers of a shop; nothing is learnt yet. */
export async function towerTrainer(
  engine: Engine,
  shop: Shop,
  config: TowerTraining,
  random: Random,
  reporter: Reporter,
): Promise<TowerTrainer> {
  const trainer = await createTrainer(engine, {
    name: 'train.two_tower',
    loss: sampledSoftmax(twoTower(shop.encoder, config), config.temperature),
    random,
    denseRate: config.denseRate,
    tableRate: config.tableRate,
    weightDecay: config.weightDecay,
  });
  return {
    weights: trainer.weights,
    async run(known, epochs) {
      const batcher = new Batcher(shop, known, config, random);
      const steps = Math.min(config.maxSteps, Math.max(1, Math.ceil((batcher.examples * epochs) / batcher.batchSize)));
      const progress = reporter.progress('Two towers', steps * batcher.batchSize, 'purchases');
      let loss = Number.NaN;
      await trainer.train(batcher.take(steps), (step, value) => {
        loss = step === 1 ? value : 0.98 * loss + 0.02 * value;
        progress.tick(step * batcher.batchSize, `loss ${loss.toFixed(3)}`);
      });
      progress.done(`loss ${loss.toFixed(3)}`);
    },
  };
}

/** Draws batches: purchases in a random order without repetition, each with the customer's past at that moment. */
class Batcher {
  private readonly order: Int32Array;
  private position = 0;
  /** Unix seconds of the last purchase that is known. */
  private readonly until: number;
  /** [articles] log of how often an article is expected among the columns of a batch. */
  private readonly logQ: Float32Array;

  constructor(
    private readonly shop: Shop,
    known: Known,
    private readonly config: TowerTraining,
    private readonly random: Random,
  ) {
    this.order = Int32Array.from(shop.at.keys()).filter((p) => p < known[shop.customer[p]]);
    this.until = this.order.reduce((last, p) => Math.max(last, shop.at[p]), 0);
    if (this.order.length === 0) {
      throw new VitrineError('NOTHING_TO_LEARN', 'No purchases lie before the moment to train up to.');
    }
    const counts = new Float64Array(shop.catalogue.size);
    for (const p of this.order) counts[shop.article[p]] += 1;
    const { sampled } = config;
    const batch = this.batchSize;
    this.logQ = Float32Array.from(counts, (count) =>
      Math.log((batch * count) / this.order.length + sampled / shop.catalogue.size),
    );
    this.shuffle();
  }

  /** A shop with few purchases has smaller batches. */
  get batchSize(): number {
    return Math.min(this.config.batch, this.order.length);
  }

  get examples(): number {
    return this.order.length;
  }

  *take(batches: number): Generator<Batch> {
    for (let i = 0; i < batches; i++) yield this.next();
  }

  private next(): Batch {
    const { shop, config, random } = this;
    const chosen = this.draw(this.batchSize);
    const batch = chosen.length;
    const targets = Int32Array.from(chosen, (p) => shop.article[p]);
    const columns = new Int32Array(batch + config.sampled);
    columns.set(targets);
    for (let i = batch; i < columns.length; i++) columns[i] = random.int(shop.catalogue.size);

    const histories = Array.from(chosen, (p) => {
      if (random.next() < config.historyDropout) return [];
      return shop.pastOf(shop.customer[p], shop.at[p], HISTORY).map((purchase) => purchase.article);
    });
    const articles = articleInputs(shop.catalogue, columns);
    const ids = articles.article_id.data;
    for (let i = 0; i < ids.length; i++) if (random.next() < config.idDropout) ids[i] = 0;
    const weights = Float32Array.from(chosen, (p) => {
      const days = (this.until - shop.at[p]) / DAY;
      return 0.2 + 0.8 * 0.5 ** (Math.min(days, 3650) / config.halfLifeDays);
    });
    return {
      ...articles,
      ...historyInputs(shop.catalogue, histories),
      ...customerInputs(
        shop.encoder.customerLayout,
        shop.customerRows(Int32Array.from(chosen, (p) => shop.customer[p])),
      ),
      log_q: { data: Float32Array.from(columns, (article) => this.logQ[article]), shape: [1, columns.length] },
      article_ids: { data: columns, shape: [1, columns.length] },
      target_ids: { data: targets, shape: [batch, 1] },
      target_log_q: { data: Float32Array.from(targets, (article) => this.logQ[article]), shape: [batch, 1] },
      weight: { data: weights, shape: [batch, 1] },
    };
  }

  private draw(count: number): Int32Array {
    if (this.position + count > this.order.length) this.shuffle();
    const taken = this.order.slice(this.position, this.position + count);
    this.position += count;
    return taken;
  }

  /** Fisher and Yates. */
  private shuffle(): void {
    for (let i = this.order.length - 1; i > 0; i--) {
      const j = this.random.int(i + 1);
      [this.order[i], this.order[j]] = [this.order[j], this.order[i]];
    }
    this.position = 0;
  }
}
