// The interface of a source of candidates. To add one, write a file in this folder and list it in
// sources.ts.
import type { HistoryPurchase } from '../../features/customers';
import type { PairFeature } from '../../features/pair-features';
import type { CoPurchases, Scored } from '../../statistics/co-purchase';
import type { Moment } from '../../statistics/moment';

export interface Source<Name extends string = string> {
  readonly name: Name;
  /** Explains in the API why the source suggests an article. */
  readonly description: string;
  /** Maximum number of candidates for one customer. */
  readonly limit: number;
  /** The pair feature that is 1 for articles that the source found. */
  readonly feature?: PairFeature;
  /**
   * Finds at most `most` articles for each customer, best first, as catalogue indices [n]. Entries
   * of −1 stand for no article.
   */
  find(asked: Asked, most: number): Promise<readonly ArrayLike<number>[]>;
  /** The purchase in a history that led to the suggestion of an article, as a catalogue index. */
  reason?(article: number, history: readonly HistoryPurchase[], facts: ReasonFacts): number | undefined;
}

/** The customers to find articles for, and what helps to find them. */
export interface Asked {
  /** [n] newest first */
  readonly histories: readonly (readonly HistoryPurchase[])[];
  /** [n] age bands */
  readonly bands: Int32Array;
  readonly moment: Moment;
  /** All articles of the same product as the given article, including the given article. */
  readonly variantsOf: (article: number) => readonly number[];
  /**
   * [n] articles that are bought with each customer's latest purchases. The best are sorted, as
   * many as the source may return.
   */
  readonly together: readonly Scored[];
  /** [n] the articles nearest to each query vector, best first */
  readonly nearest: (most: number) => Promise<readonly ArrayLike<number>[]>;
}

export interface ReasonFacts {
  readonly coPurchases: Pick<CoPurchases, 'reason'>;
  /** A number for each product, null if unknown. */
  readonly productOf: (article: number) => number | null;
}
