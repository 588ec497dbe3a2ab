// Customers as models and sources read them.

import type { EncodedRows } from './encoder';

/** The number of latest purchases that sources and pair features read. */
export const HISTORY_LIMIT = 100;

export interface HistoryPurchase {
  /** Catalogue index. */
  readonly article: number;
  /** Unix seconds. */
  readonly at: number;
  /** The price paid; undefined or NaN if unknown. */
  readonly price?: number;
}

export interface Customers {
  readonly encoded: EncodedRows;
  /** [customers] the history of each, newest first. */
  readonly histories: readonly (readonly HistoryPurchase[])[];
}
