// Measures a fitted shop on purchases that it has not seen: what was bought in the days after the moment that it was fitted for.
// Baselines stand beside it, and on the synthetic shop the oracle. Knows no model and trains nothing.
import { oracleFor, type ShopOptions } from '../data/synthetic-world';
import { mostPopular, ownPurchases } from '../features/candidates';
import type { Shop } from '../features/dataset';
import { createRandom, sampled } from '../random';
import { topIndices } from '../recommend/pipeline';
import type { Reporter } from '../telemetry';
import type { Fitted } from './fit';
import { meanMetrics, measure, type Metrics } from './metrics';
import { customersAt, momentOf } from './train-ranker';

export interface Evaluation {
  readonly protocol: 'temporal';
  /** The first day that was not learnt from, `YYYY-MM-DD`. */
  readonly cut: string;
  readonly days: number;
  /** Customers measured: those who bought in these days, or a seeded sample of them. */
  readonly customers: number;
  /** Of these, the ones without an earlier purchase. */
  readonly coldCustomers: number;
  readonly models: Readonly<Record<string, Metrics>>;
}

export interface EvaluateOptions {
  /** Unix seconds; the fitted shop must have been fitted for this moment. */
  readonly cut: number;
  readonly days: number;
  /** At most this many customers, drawn by the seed. */
  readonly maxCustomers: number;
  readonly seed: number;
  /** The options of the synthetic shop, if that is what is measured. */
  readonly synthetic?: Partial<ShopOptions> | undefined;
}

const DAY = 86_400;
const DEPTH = 100;
const BATCH = 128;

export async function evaluate(fitted: Fitted, options: EvaluateOptions, reporter: Reporter): Promise<Evaluation> {
  const { shop, pipeline } = fitted;
  const { cut, days } = options;
  const bought = [...shop.boughtWithin(cut, cut + days * DAY)];
  const random = createRandom(options.seed, 'evaluation');
  const chosen = sampled(bought, options.maxCustomers, random);

  const moment = momentOf(shop, cut);
  const popular = mostPopular(moment.sales.week, moment.sales.month, DEPTH);
  const oracle = options.synthetic && createOracle(shop, options.synthetic, cut);
  const results: Record<string, Metrics[]> = { 'two-stage': [], retrieval: [], popularity: [], repurchase: [] };
  if (oracle) results.oracle = [];
  let cold = 0;
  const progress = reporter.progress('Evaluating', chosen.length, 'customers');
  for (let at = 0; at < chosen.length; at += BATCH) {
    const part = chosen.slice(at, at + BATCH);
    const customers = customersAt(
      shop,
      part.map(([customer]) => customer),
      cut,
    );
    const nearest = pipeline.nearest(await pipeline.embed(customers), DEPTH);
    const candidates = await pipeline.retrieve(customers, moment);
    const scores = await pipeline.score(customers, candidates, moment);
    part.forEach(([customer, articles], i) => {
      const past = customers.pasts[i];
      if (past.length === 0) cold += 1;
      const own = ownPurchases(past);
      const ranked: Record<string, ArrayLike<number>> = {
        'two-stage': topIndices(scores[i], DEPTH).map((place) => candidates[i].articles[place]),
        retrieval: nearest[i],
        popularity: popular,
        repurchase: [...new Set([...own, ...popular])],
        ...(oracle && { oracle: oracle(customer) }),
      };
      for (const [model, list] of Object.entries(ranked)) results[model].push(measure(list, articles));
    });
    progress.tick(at + part.length);
  }
  progress.done();
  return {
    protocol: 'temporal',
    cut: new Date(cut * 1000).toISOString().slice(0, 10),
    days,
    customers: chosen.length,
    coldCustomers: cold,
    models: Object.fromEntries(Object.entries(results).map(([model, all]) => [model, meanMetrics(all)])),
  };
}

/** The planted tastes of the synthetic shop: what each customer would likeliest buy next, best first. */
function createOracle(shop: Shop, synthetic: Partial<ShopOptions>, cut: number): (customer: number) => number[] {
  const oracle = oracleFor(synthetic);
  const plantedOf = shop.catalogue.ids.map((id) => oracle.articleIndex(id));
  const catalogueOf = new Map(plantedOf.map((planted, index) => [planted, index]));
  return (customer) => {
    const planted = oracle.customerIndex(shop.customerIds[customer]);
    if (planted === undefined) return [];
    const past = shop.pastOf(customer, cut, 64);
    const known = past.flatMap(({ article, at }) => {
      const index = plantedOf[article];
      return index === undefined ? [] : [{ index, day: oracle.dayOf(at) }];
    });
    const chances = oracle.world.probabilities(planted, oracle.dayOf(cut), {
      articles: known.map(({ index }) => index),
      days: known.map(({ day }) => day),
    });
    return topIndices(Float32Array.from(chances), DEPTH).map((index) => catalogueOf.get(index) ?? -1);
  };
}
