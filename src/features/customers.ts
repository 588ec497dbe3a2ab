// Customers as models and sources read them: their encoded columns and their past purchases. Knows
// no model and no source.
import type { EncodedRows } from './encoder';

/** Past purchases of a customer that sources and pair features read, in training and in serving. */
export const HISTORY_LIMIT = 100;

/** One purchase of a customer's past. */
export interface HistoryPurchase {
  /** Catalogue index. */
  readonly article: number;
  /** Unix seconds. */
  readonly at: number;
  /** As paid; absent or NaN: unknown. */
  readonly price?: number;
}

/** Customers as the models read them. */
export interface Customers {
  readonly encoded: EncodedRows;
  /** Past purchases of each, newest first, as catalogue indices. */
  readonly histories: readonly (readonly HistoryPurchase[])[];
}
