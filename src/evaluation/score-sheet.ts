// What every model scored in every case of an evaluation; a case is one customer in one round.
// Means are over cases. Knows neither how lists come about nor what is compared.
import { METRICS, type MetricName, type Metrics } from './metrics';

/**
 * The measures that are kept case by case: what intervals and slices are told of. Of the others
 * only the sum is.
 */
export const HEADLINES = ['map@12', 'ndcg@10', 'hr@10', 'recall@100'] as const satisfies MetricName[];
export type Headline = (typeof HEADLINES)[number];

/** A value for each of them. */
export function byHeadline<Value>(value: (metric: Headline) => Value): Record<Headline, Value> {
  return Object.fromEntries(HEADLINES.map((metric) => [metric, value(metric)])) as Record<Headline, Value>;
}

/** Cases by the measures that are kept of each. */
export interface Cases {
  /**
   * [cases] whose case it is. Customers come back in later rounds: their cases do not count as
   * independent.
   */
  readonly customers: readonly number[];
  readonly models: readonly string[];
  /** [cases] */
  column(model: string, metric: Headline): readonly number[];
}

interface Row {
  readonly sums: Record<MetricName, number>;
  readonly columns: Readonly<Record<Headline, number[]>>;
}

export class ScoreSheet implements Cases {
  readonly customers: number[] = [];
  /** [cases] purchases that were known of the customer. */
  readonly histories: number[] = [];
  private readonly rows = new Map<string, Row>();

  /** One more case, with the measures of every model; each time the same models. */
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

  /** The cases at some places. */
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
