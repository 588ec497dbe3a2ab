// What an evaluation says, as it is printed, reported and kept with a release. Knows not how its
// values are found.
import type { BaselineName } from './baselines';
import type { Interval } from './bootstrap';
import type { CalibrationReport } from './reliability';
import type { ColdArticles } from './cold-articles';
import type { ListQualities } from './list-measures';
import type { Metrics } from './metrics';
import type { Protocol } from '../dataset/protocols';
import type { Headline } from './score-sheet';
import type { SourceReport } from './source-report';

export interface Evaluation {
  readonly protocol: Protocol['kind'];
  /** Leave-one-out: which article of each customer was asked for. */
  readonly target?: 'test' | 'validation';
  /**
   * The first day that was not learnt from, `YYYY-MM-DD`; null where time says nothing but the
   * order.
   */
  readonly cut: string | null;
  /** Temporal: the days from the cut on that were asked about. */
  readonly days?: number;
  /** Rolling: the weeks, and the last day of the last of them. */
  readonly weeks?: number;
  readonly end?: string;
  /** Customers measured: those who bought then, or a seeded sample of their cases. */
  readonly customers: number;
  /** A case is one customer in one round. All means are over cases. */
  readonly cases: number;
  /** Customers of whom no purchase was known, in one case or more. */
  readonly coldCustomers: number;
  readonly models: Readonly<Record<string, Metrics & ListQualities>>;
  /** How sure the means of the models are. */
  readonly intervals: Readonly<Record<string, Readonly<Record<Headline, Interval>>>>;
  /** The baseline with the highest decisive measure. */
  readonly bestBaseline: BaselineName;
  /** The two-stage against the best baseline, and against retrieval alone. */
  readonly differences: readonly Difference[];
  readonly slices: readonly Slice[];
  /** null: nothing was bought that had never sold. */
  readonly coldArticles: ColdArticles | null;
  readonly candidates: SourceReport;
  /** Of the two-stage's scores, over all candidates. */
  readonly calibration: CalibrationReport;
  /** What was known to the models. */
  readonly trainedOn: { readonly purchases: number; readonly customers: number; readonly articles: number };
  readonly bootstrap: { readonly resamples: number; readonly confidence: number };
  readonly maxCustomers: number;
  /** As in the settings of the program. */
  readonly explore: number;
  readonly seed: number;
}

/**
 * The measure by which models are compared first: the one that others publish for such questions.
 */
export function decisive(protocol: Evaluation['protocol']): Headline {
  return protocol === 'leave-one-out' ? 'ndcg@10' : 'map@12';
}

/** What was asked, as part of a sentence. */
export function questionOf({ protocol, target, cut, days, weeks, end }: Evaluation): string {
  switch (protocol) {
    case 'leave-one-out':
      return target === 'test'
        ? 'the last article of each customer, from those before it'
        : 'each customer’s last article but one, from those before it';
    case 'temporal':
      return `what was bought in the ${String(days)} days from ${String(cut)}`;
    case 'rolling':
      return `what was bought in each of the ${String(weeks)} weeks until ${String(end)}, asked anew at the start of each`;
    default:
      return protocol satisfies never;
  }
}

/** By how much one model is better than another, case by case. */
export interface Difference {
  readonly model: string;
  readonly against: string;
  readonly metrics: Readonly<
    Record<
      Headline,
      {
        readonly difference: number;
        readonly interval: Interval;
        /** How many times the other's; null where the other has 0. */
        readonly ratio: number | null;
      }
    >
  >;
}

/**
 * The baseline is the best of these very cases: the luck of several is in its favour. Of few
 * customers there is no difference to tell, and
 * `differences` is empty.
 */
export interface Slice extends Pick<Evaluation, 'bestBaseline' | 'differences'> {
  readonly name: string;
  readonly cases: number;
  readonly models: Readonly<Record<string, Readonly<Record<Headline, number>>>>;
}
