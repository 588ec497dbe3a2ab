// Measures a fitted shop on purchases that it has not seen: what was bought in the days after the moment that it was fitted for.
// Baselines stand beside it, and on the synthetic shop the oracle. Knows no model and trains nothing.
import { oracleFor, type ShopOptions } from '../data/synthetic-world';
import { ownPurchases } from '../features/sources/own-purchases';
import { mostPopular } from '../features/sources/trending';
import type { Shop } from '../features/dataset';
import { createRandom } from '../random';
import { topIndices } from '../recommend/pipeline';
import type { Reporter } from '../telemetry';
import type { Fitted } from './fit';
import { meanMetrics, measure, type Metrics } from './metrics';
import { customersOf, cutoffOf, horizonOf, roundsOf, type Protocol } from './protocols';

export interface Evaluation {
  readonly protocol: Protocol['kind'];
  /** The first day that was not learnt from, `YYYY-MM-DD`; null where time says nothing but the order. */
  readonly cut: string | null;
  readonly days: number;
  /** Customers measured, each in each round: those who bought then, or a seeded sample of them. */
  readonly customers: number;
  /** Of these, the ones without an earlier purchase. */
  readonly coldCustomers: number;
  readonly models: Readonly<Record<string, Metrics>>;
}

export interface EvaluateOptions {
  /** At most this many customers, drawn by the seed. */
  readonly maxCustomers: number;
  readonly seed: number;
  /** The options of the synthetic shop, if that is what is measured. */
  readonly synthetic?: Partial<ShopOptions> | undefined;
}

const DEPTH = 100;
const BATCH = 128;

/** `fitted` must have been fitted for the cutoff of the protocol. */
export async function evaluate(
  { shop, pipeline }: Fitted,
  protocol: Protocol,
  options: EvaluateOptions,
  reporter: Reporter,
): Promise<Evaluation> {
  const rounds = roundsOf(shop, protocol, options.maxCustomers, createRandom(options.seed, 'evaluation'));
  const results: Record<string, Metrics[]> = { 'two-stage': [], retrieval: [], popularity: [], repurchase: [] };
  const total = rounds.reduce((sum, { customers }) => sum + customers.length, 0);
  let cold = 0;
  const progress = reporter.progress('Evaluating', total, 'customers');
  for (const round of rounds) {
    const { moment } = round;
    const popular = Array.from(mostPopular(moment.sales.week, moment.sales.month, 2 * DEPTH));
    const oracle = options.synthetic && createOracle(shop, options.synthetic, moment.now);
    if (oracle) results.oracle ??= [];
    for (let at = 0; at < round.customers.length; at += BATCH) {
      const places = Array.from({ length: Math.min(BATCH, round.customers.length - at) }, (_, i) => at + i);
      const customers = customersOf(shop, round, places);
      const nearest = pipeline.nearest(await pipeline.embed(customers), 2 * DEPTH);
      const candidates = await pipeline.retrieve(customers, moment, round.hidePast);
      const scores = await pipeline.score(customers, candidates, moment);
      places.forEach((place, i) => {
        const past = customers.pasts[i];
        if (past.length === 0) cold += 1;
        const own = ownPurchases(past);
        const hidden = new Set(round.hidePast ? own : []);
        const ranked: Record<string, readonly number[]> = {
          'two-stage': topIndices(scores[i], candidates[i].articles.length).map(
            (candidate) => candidates[i].articles[candidate],
          ),
          retrieval: nearest[i],
          popularity: popular,
          repurchase: [...new Set([...own, ...popular])],
          ...(oracle && { oracle: oracle(round.customers[place]) }),
        };
        for (const [model, list] of Object.entries(ranked)) {
          const shown = list.filter((article) => !hidden.has(article)).slice(0, DEPTH);
          results[model].push(measure(shown, round.answers[place]));
        }
      });
      progress.tick(at + places.length);
    }
  }
  progress.done();
  const cutoff = cutoffOf(protocol);
  return {
    protocol: protocol.kind,
    cut: 'before' in cutoff ? new Date(cutoff.before * 1000).toISOString().slice(0, 10) : null,
    days: horizonOf(protocol),
    customers: total,
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
