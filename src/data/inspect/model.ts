// What the tables of a shop are taken for: the purchases with their joins, and the tables of
// articles and customers.

import type { Link } from './links';
import type { Column } from './profile/profile';
import type { ShopTable } from './profile/shop-tables';
import type { Role } from './roles';

/** A join of another table: rows with equal values in `here` and `there`. */
export interface Edge {
  readonly from: ShopTable;
  readonly to: ShopTable;
  readonly here: Column;
  readonly there: Column;
  /** The share of values that are found, 0 to 1. */
  readonly share: number;
}

/** A column, and the joins that lead to its table. */
export interface Reached {
  readonly column: Column;
  readonly table: ShopTable;
  readonly path: readonly Edge[];
}

export interface Purchases {
  readonly base: ShopTable;
  readonly roles: Readonly<Partial<Record<Role, Reached>>>;
  /** All columns that the rows have with their joins. */
  readonly reached: readonly Reached[];
  readonly score: number;
  /** Whether customers and articles are told by the order of the columns alone. */
  readonly guessed: boolean;
}

export interface Master {
  readonly table: ShopTable;
  readonly id: Column;
  /** How the purchases refer to it. */
  readonly link: Link | undefined;
  /** Whether rows repeat the id. */
  readonly repeats: boolean;
}

export interface Plan {
  readonly purchases: Purchases | undefined;
  readonly articles: Master | undefined;
  /** Columns of other tables that say more of the articles. */
  readonly lookups: readonly Reached[];
  readonly customers: Master | undefined;
}
