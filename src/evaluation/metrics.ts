// Measures of one ranked list against the articles that were bought.

/** The depths k: measures look at the first k articles of a list. */
export const DEPTHS = [5, 10, 12, 20, 50, 100] as const;

/** No measure looks beyond this rank. */
export const DEPTH = 100;

export type MetricName =
  /** The share of the bought articles that is among the first k. */
  | `recall@${Depth}`
  /** Hit rate: whether a bought article is among the first k. */
  | `hr@${Depth}`
  /**
   * Normalised discounted cumulative gain (Järvelin and Kekäläinen, TOIS 2002): the sum of 1 /
   * log2(rank + 1) over the hits, divided by the best possible sum.
   */
  | `ndcg@${Depth}`
  /** Kaggle's H&M measure: the sum of the precisions at each hit, divided by min(bought, 12). */
  | 'map@12'
  /** 1 / rank of the first bought article; 0 if none is among the first 100 (or 10). */
  | 'mrr'
  | 'mrr@10';
type Depth = (typeof DEPTHS)[number];

export const METRICS: readonly MetricName[] = [
  'map@12',
  'mrr',
  'mrr@10',
  ...DEPTHS.map((k) => `recall@${k}` as const),
  ...DEPTHS.map((k) => `hr@${k}` as const),
  ...DEPTHS.map((k) => `ndcg@${k}` as const),
];

/** Each is from 0 to 1; higher is better. */
export type Metrics = Readonly<Record<MetricName, number>>;

/**
 * @param ranked distinct articles, best first
 * @param bought not empty
 */
export function measure(ranked: ArrayLike<number>, bought: ReadonlySet<number>): Metrics {
  const metrics = Object.fromEntries(METRICS.map((name) => [name, 0])) as Record<MetricName, number>;
  let hits = 0;
  let gain = 0;
  let ideal = 0;
  let precision = 0;
  let d = 0;
  // The loop continues beyond the end of a short list, since all depths need a value.
  for (let i = 0; i < DEPTH; i++) {
    const discount = 1 / Math.log2(i + 2);
    if (i < bought.size) ideal += discount;
    if (i < ranked.length && bought.has(ranked[i])) {
      hits += 1;
      gain += discount;
      if (i < 12) precision += hits / (i + 1);
      if (hits === 1) metrics.mrr = 1 / (i + 1);
      if (hits === 1 && i < 10) metrics['mrr@10'] = 1 / (i + 1);
    }
    if (i + 1 < DEPTHS[d]) continue;
    metrics[`recall@${DEPTHS[d]}`] = hits / bought.size;
    metrics[`hr@${DEPTHS[d]}`] = hits > 0 ? 1 : 0;
    metrics[`ndcg@${DEPTHS[d]}`] = gain / ideal;
    d += 1;
  }
  metrics['map@12'] = precision / Math.min(bought.size, 12);
  return metrics;
}
