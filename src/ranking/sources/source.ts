// What every source of candidates is: a name, how many articles it may bring, and how it finds them
// for many customers at once. Knows no source.
import type { SourceName } from '../candidates';
import type { Scored } from '../../statistics/co-purchase';
import type { Moment } from '../../statistics/moment';
import type { HistoryPurchase } from '../../features/customers';

/** Customers for whom articles are looked for, and what is known that helps. */
export interface Asked {
  /** [n] newest first */
  readonly pasts: readonly (readonly HistoryPurchase[])[];
  /** [n] age bands */
  readonly bands: Int32Array;
  readonly moment: Moment;
  /** The articles of the same product as one, itself among them. */
  readonly variantsOf: (article: number) => readonly number[];
  /**
   * [n] what is bought with each customer's latest purchases; as many as the source may bring best
   * first, then the others
   */
  readonly together: readonly Scored[];
  /** [n] the articles nearest to each query vector, best first; −1: no article */
  readonly nearest: (most: number) => Promise<readonly ArrayLike<number>[]>;
}

export interface Source {
  readonly name: SourceName;
  /** Candidates of one customer at most. */
  readonly limit: number;
  /**
   * [n] at most `most` articles for each customer, best first, as catalogue indices; −1 entries are
   * places that found nothing.
   */
  find(asked: Asked, most: number): Promise<readonly ArrayLike<number>[]>;
}
