// The result of an evaluation, as it is printed, reported and stored with a release.

import type { BaselineName } from './baselines';
import type { Interval } from './bootstrap';
import type { CalibrationReport } from './calibration';
import type { ColdArticles } from './cold-articles';
import type { ListQualities } from './list-measures';
import type { Metrics } from './metrics';
import type { Protocol } from '../dataset/protocols';
import type { Headline } from './score-sheet';
import type { SourceReport } from './source-report';

export interface Evaluation {
  readonly protocol: Protocol['kind'];
  /**
   * For leave-one-out: `test` asks for each customer's last article, `validation` for the one
   * before.
   */
  readonly target?: 'test' | 'validation';
  /** The first day after the training data, `YYYY-MM-DD`; null for leave-one-out. */
  readonly cut: string | null;
  /** For temporal: the number of days after the cut. */
  readonly days?: number;
  /** For rolling: the number of weeks, and the last day of the last week. */
  readonly weeks?: number;
  readonly end?: string;
  /** Number of customers who bought in the time asked about, or size of a random sample of them. */
  readonly customers: number;
  /** Number of cases. A case is one customer in one round. All means are over cases. */
  readonly cases: number;
  /** Number of customers without a history in at least one case. */
  readonly coldCustomers: number;
  readonly models: Readonly<Record<string, Metrics & ListQualities>>;
  /** Confidence intervals of the means. */
  readonly intervals: Readonly<Record<string, Readonly<Record<Headline, Interval>>>>;
  /** The baseline that is best by the decisive measure. */
  readonly bestBaseline: BaselineName;
  /** Both stages against the best baseline, and against retrieval alone. */
  readonly differences: readonly Difference[];
  readonly slices: readonly Slice[];
  /** null if no customer bought an article that had never sold. */
  readonly coldArticles: ColdArticles | null;
  readonly candidates: SourceReport;
  /** The calibration of the final scores, over all candidates. */
  readonly calibration: CalibrationReport;
  /**
   * Number of purchases before the cutoff and of their customers, and size of the whole catalogue.
   */
  readonly trainedOn: { readonly purchases: number; readonly customers: number; readonly articles: number };
  readonly bootstrap: { readonly resamples: number; readonly confidence: number };
  readonly maxCustomers: number;
  /** Every `explore`th position showed an article that had never sold; 0 if no position did. */
  readonly explore: number;
  readonly seed: number;
}

/** The measure that decides, as in published results for such questions. */
export function decisive(protocol: Evaluation['protocol']): Headline {
  return protocol === 'leave-one-out' ? 'ndcg@10' : 'map@12';
}

/** The question as part of a sentence. */
export function questionOf({ protocol, target, cut, days, weeks, end }: Evaluation): string {
  switch (protocol) {
    case 'leave-one-out':
      return target === 'test'
        ? 'the last article of each customer, from those before it'
        : 'each customer’s last article but one, from those before it';
    case 'temporal':
      return `what was bought in the ${String(days)} days from ${String(cut)}`;
    case 'rolling':
      return `what was bought in each of the ${String(weeks)} weeks until ${String(end)}, asked again at the start of each week`;
    default:
      return protocol satisfies never;
  }
}

/** How much better one model is than another, over the same cases. */
export interface Difference {
  readonly model: string;
  readonly against: string;
  readonly metrics: Readonly<
    Record<
      Headline,
      {
        readonly difference: number;
        readonly interval: Interval;
        /**
         * The mean of `model` divided by the mean of `against`; null if the mean of `against` is 0.
         */
        readonly ratio: number | null;
      }
    >
  >;
}

/**
 * Cases whose customers have histories of similar length. The best baseline is chosen on these same
 * cases, so chance favours it. `differences` is empty if there are too few customers.
 */
export interface Slice extends Pick<Evaluation, 'bestBaseline' | 'differences'> {
  readonly name: string;
  readonly cases: number;
  readonly models: Readonly<Record<string, Readonly<Record<Headline, number>>>>;
}
