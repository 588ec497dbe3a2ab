// The measures of every model in every case of an evaluation. A case is one customer in one round.

import { METRICS, type MetricName, type Metrics } from './metrics';

/** The measures kept for each case, for intervals and slices. The others are only summed up. */
export const HEADLINES = ['map@12', 'ndcg@10', 'hr@10', 'recall@100'] as const satisfies MetricName[];
export type Headline = (typeof HEADLINES)[number];

export function byHeadline<Value>(value: (metric: Headline) => Value): Record<Headline, Value> {
  return Object.fromEntries(HEADLINES.map((metric) => [metric, value(metric)])) as Record<Headline, Value>;
}

export interface Cases {
  /**
   * [cases] the customer of each case. The cases of a customer in several rounds are not
   * independent.
   */
  readonly customers: readonly number[];
  readonly models: readonly string[];
  /** [cases] the values of one measure of a model. */
  column(model: string, metric: Headline): readonly number[];
}

interface Row {
  readonly sums: Record<MetricName, number>;
  readonly columns: Readonly<Record<Headline, number[]>>;
}

export class ScoreSheet implements Cases {
  readonly customers: number[] = [];
  /** [cases] the length of the customer's history. */
  readonly histories: number[] = [];
  private readonly rows = new Map<string, Row>();

  /** @param scores the measures of each model; the models must be the same in all cases */
  add(customer: number, history: number, scores: Readonly<Record<string, Metrics>>): void {
    this.customers.push(customer);
    this.histories.push(history);
    for (const [model, metrics] of Object.entries(scores)) {
      const row = this.rows.get(model) ?? emptyRow();
      this.rows.set(model, row);
      for (const name of METRICS) row.sums[name] += metrics[name];
      for (const name of HEADLINES) row.columns[name].push(metrics[name]);
    }
  }

  get cases(): number {
    return this.customers.length;
  }

  get models(): string[] {
    return [...this.rows.keys()];
  }

  column(model: string, metric: Headline): readonly number[] {
    return this.row(model).columns[metric];
  }

  part(places: readonly number[]): Cases {
    const pick = (values: readonly number[]): number[] => places.map((place) => values[place]);
    return {
      customers: pick(this.customers),
      models: this.models,
      column: (model, metric) => pick(this.column(model, metric)),
    };
  }

  means(model: string): Metrics {
    const { sums } = this.row(model);
    return Object.fromEntries(METRICS.map((name) => [name, sums[name] / Math.max(1, this.cases)])) as Record<
      MetricName,
      number
    >;
  }

  private row(model: string): Row {
    const row = this.rows.get(model);
    if (row) return row;
    throw new RangeError(`Expected one of the models ${this.models.join(', ')}, got "${model}".`);
  }
}

function emptyRow(): Row {
  return {
    sums: Object.fromEntries(METRICS.map((name) => [name, 0])) as Record<MetricName, number>,
    columns: byHeadline(() => []),
  };
}
