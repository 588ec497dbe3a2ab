// Measures of a ranked list against what was bought, averaged over customers. Pure arithmetic; knows nothing of models.

export interface Metrics {
  /** Share of the bought articles among the first 100. */
  readonly 'recall@100': number;
  readonly 'recall@12': number;
  /** Share of customers with a bought article among the first 10. */
  readonly 'hr@10': number;
  readonly 'ndcg@10': number;
  /** Kaggle's H&M measure: mean over customers of Σ precision at each hit / min(bought, 12). */
  readonly 'map@12': number;
  /** Mean of 1 / place of the first bought article, 0 where there is none among the first 100. */
  readonly mrr: number;
}

export const METRICS = [
  'map@12',
  'recall@12',
  'recall@100',
  'hr@10',
  'ndcg@10',
  'mrr',
] as const satisfies (keyof Metrics)[];

/** The measures of one customer's list. `ranked` holds distinct articles, best first; `bought` is not empty. */
export function measure(ranked: ArrayLike<number>, bought: ReadonlySet<number>): Metrics {
  let hits10 = 0;
  let hits12 = 0;
  let hits100 = 0;
  let gain = 0;
  let precision = 0;
  let first = 0;
  for (let i = 0; i < Math.min(ranked.length, 100); i++) {
    if (!bought.has(ranked[i])) continue;
    hits100 += 1;
    if (first === 0) first = i + 1;
    if (i < 12) precision += ++hits12 / (i + 1);
    if (i < 10) {
      hits10 += 1;
      gain += 1 / Math.log2(i + 2);
    }
  }
  let ideal = 0;
  for (let i = 0; i < Math.min(bought.size, 10); i++) ideal += 1 / Math.log2(i + 2);
  return {
    'recall@100': hits100 / bought.size,
    'recall@12': hits12 / bought.size,
    'hr@10': hits10 > 0 ? 1 : 0,
    'ndcg@10': gain / ideal,
    'map@12': precision / Math.min(bought.size, 12),
    mrr: first > 0 ? 1 / first : 0,
  };
}

/** The mean over customers; all 0 for none. */
export function meanMetrics(all: readonly Metrics[]): Metrics {
  const mean = (name: keyof Metrics): number => all.reduce((sum, one) => sum + one[name], 0) / Math.max(1, all.length);
  return {
    'recall@100': mean('recall@100'),
    'recall@12': mean('recall@12'),
    'hr@10': mean('hr@10'),
    'ndcg@10': mean('ndcg@10'),
    'map@12': mean('map@12'),
    mrr: mean('mrr'),
  };
}
