// The interface of a source of candidates. To add one, write a file beside this one and list it in
// sources.ts.
import type { HistoryPurchase } from '../../features/customers';
import type { PairFeature } from '../../features/pair-features';
import type { CoPurchases, Scored } from '../../statistics/co-purchase';
import type { Moment } from '../../statistics/moment';

export interface Source<Name extends string = string> {
  readonly name: Name;
  /** Says in the API why the source brings an article up. */
  readonly description: string;
  /** Candidates of one customer at most. */
  readonly limit: number;
  /** The feature of a pair that is 1 for articles which the source found. */
  readonly feature?: PairFeature;
  /**
   * Finds at most `most` articles for each customer, best first, as catalogue indices [n]. An entry
   * of −1 is a place that found nothing.
   */
  find(asked: Asked, most: number): Promise<readonly ArrayLike<number>[]>;
  /** The purchase in a history that brought an article up, as a catalogue index. */
  reason?(article: number, history: readonly HistoryPurchase[], facts: ReasonFacts): number | undefined;
}

/** The customers to find articles for, and what helps to find them. */
export interface Asked {
  /** [n] newest first */
  readonly histories: readonly (readonly HistoryPurchase[])[];
  /** [n] age bands */
  readonly bands: Int32Array;
  readonly moment: Moment;
  /** The articles of the same product as one, itself among them. */
  readonly variantsOf: (article: number) => readonly number[];
  /**
   * [n] articles that are bought with each customer's latest purchases. The best are in order, as
   * many as the source may bring.
   */
  readonly together: readonly Scored[];
  /** [n] the articles nearest to each query vector, best first */
  readonly nearest: (most: number) => Promise<readonly ArrayLike<number>[]>;
}

export interface ReasonFacts {
  readonly coPurchases: Pick<CoPurchases, 'reason'>;
  /** Tells products apart; null: unknown. */
  readonly productOf: (article: number) => number | null;
}
