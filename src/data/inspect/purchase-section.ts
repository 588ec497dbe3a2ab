// Writes the section of purchases: its joins, which rows are purchases, what was called off, and
// what the prices are of.

import type { ShopJson } from '../import/shop-json';
import type { Link } from './links';
import type { Edge, Purchases, Reached } from './plan';
import type { Column } from './profile/profile';
import { amountOf } from './row-shapes';
import { eventWord, flagMeaning, isYes, statusWord } from './words';

export type PurchasesJson = NonNullable<ShopJson['transactions']>;
type Condition = Extract<NonNullable<PurchasesJson['where']>, { column: string }>;
type JoinJson = Extract<NonNullable<PurchasesJson['join']>, { file: string }>;

/** A kind of rows in a log of events, and how many there are. */
export interface EventKind {
  readonly word: string;
  readonly count: number;
  readonly purchase: boolean;
}

export interface Events {
  readonly column: string;
  readonly kinds: readonly EventKind[];
  /** Whether some word is known to mean a purchase. */
  readonly known: boolean;
}

/** Kinds with more different words than this are no kinds. */
const MOST_KINDS = 60;

/** The column that says which rows are purchases; undefined if all rows are. */
export function eventsOf(reached: readonly Reached[]): Events | undefined {
  const scored = reached
    .filter(({ column }) => ['category', 'id', 'text', 'flag', 'number'].includes(column.type))
    .filter(({ column: { sketch } }) => sketch.complete && sketch.distinct <= MOST_KINDS)
    .flatMap(({ column }) => {
      const events = kindsOf(column);
      const score = eventScore(column);
      return score > 0.5 ? [{ events, score: score + (events.known ? 0.5 : 0) }] : [];
    })
    .sort((a, b) => b.score - a.score);
  return scored.at(0)?.events;
}

function kindsOf({ name, sketch }: Column): Events {
  const kinds = [...sketch.values].map(([word, count]) => ({ word, count, purchase: eventWord(word) === 'purchase' }));
  return { column: name, kinds, known: kinds.some(({ purchase }) => purchase) };
}

function eventScore({ meaning, sketch, type, filled }: Column): number {
  const words = [...sketch.values].map(([word, count]) => [eventWord(word), count] as const);
  const share = (wanted: string): number =>
    words.reduce((sum, [word, count]) => sum + (word === wanted ? count : 0), 0) / Math.max(1, filled);
  const { facets } = meaning;
  const others = share('other');
  const known = others + share('purchase') + share('return');
  // "paid" and "refunded" are states of an order, unless there are views and clicks as well.
  if (facets.has('status') && others === 0) return 0;
  if (facets.has('event') && !facets.has('date') && !facets.has('id') && !facets.has('total')) {
    if (type === 'number') return facets.has('category') && sketch.distinct > 1 && sketch.distinct <= 8 ? 0.6 : 0;
    return sketch.distinct === 1 && known === 0 ? 0 : 0.6 + known;
  }
  const named = facets.has('category') || meaning.words.length === 0 ? 0.3 : 0;
  if (known < 0.5 || sketch.distinct < 2) return 0;
  return known + named - (facets.has('description') ? 0.2 : 0);
}

/** The column that says what was called off or came back. */
export function stateOf(reached: readonly Reached[], not: string | undefined): PurchasesJson['state'] {
  let best: { state: NonNullable<PurchasesJson['state']>; score: number } | undefined;
  for (const { column } of reached) {
    const { sketch, name, meaning, type, filled } = column;
    if (name === not || !sketch.complete || sketch.distinct > MOST_KINDS || filled === 0) continue;
    const words = [...sketch.values];
    if (type === 'flag' || words.every(([word]) => isYes(word))) {
      const means = flagMeaning(name);
      const yes = words.map(([word]) => word).filter(isYes);
      if (means === undefined || yes.length === 0 || best) continue;
      best = { state: { column: name, [means]: yes }, score: 0.1 };
      continue;
    }
    if (meaning.facets.has('date') || type === 'number' || type === 'money') continue;
    const of = (wanted: string): string[] =>
      words.filter(([word]) => statusWord(word) === wanted).map(([word]) => word);
    const [cancelled, returned] = [of('cancelled'), of('returned')];
    const told = [...cancelled, ...returned, ...of('fine')].reduce(
      (sum, word) => sum + (sketch.values.get(word) ?? 0),
      0,
    );
    const score = told / filled + (meaning.facets.has('status') ? 0.5 : 0);
    if (cancelled.length + returned.length === 0 || score < 0.6 || score <= (best?.score ?? 0)) continue;
    const state = {
      column: name,
      ...(returned.length > 0 && { returned }),
      ...(cancelled.length > 0 && { cancelled }),
    };
    best = { state, score };
  }
  return best?.state;
}

/** The joins that lead to the columns that are used, in their order. */
export function joinsOf(used: readonly Reached[]): JoinJson[] {
  const edges = new Set<Edge>(used.flatMap(({ path }) => path));
  return [...edges].map(({ to, here, there }) => ({
    file: to.files[0],
    on: here.name === there.name ? here.name : { [here.name]: there.name },
    ...(to.form.sheet !== undefined && { form: { sheet: to.form.sheet } }),
  }));
}

/** The price, and whether it is that of a piece or of all pieces of a row. */
export function priceOf({ base, roles }: Purchases): PurchasesJson['price'] {
  const { price, quantity, article } = roles;
  if (!price) return undefined;
  const { column } = price;
  if (!quantity || !article || price.table !== base || quantity.table !== base) return column.name;
  const decimal = column.number && 'decimal' in column.number ? column.number.decimal : '.';
  const { facets } = column.meaning;
  const told = amountOf(base, [article.column, quantity.column, column], decimal);
  const unit = facets.has('unit') || (facets.has('price') && !facets.has('total'));
  const of = told ?? (facets.has('total') && !unit ? 'total' : 'piece');
  return of === 'total' ? { column: column.name, of } : column.name;
}

/** The article's column, with the separator if its cells hold several. */
export function articleCells(column: Column, link: Link | undefined): PurchasesJson['article'] {
  if (link?.separator !== undefined) return { column: column.name, separator: link.separator };
  if (link === undefined && column.type === 'list' && column.list !== undefined) {
    return { column: column.name, separator: column.list };
  }
  return column.name;
}

/** Leaves out rows without a value, if they are more than mistakes. */
export function filledOnly({ name, filled, rows, nulls }: Column, always: boolean): Condition | undefined {
  if (filled === rows || nulls.length === 0) return undefined;
  // A few are mistakes, which the import rejects and tells.
  return always || rows - filled > Math.max(10, 0.005 * rows) ? { column: name, notIn: [...nulls] } : undefined;
}

export function whereOf(conditions: readonly (Condition | undefined)[]): Pick<PurchasesJson, 'where'> {
  const all = conditions.filter((one) => one !== undefined);
  return all.length === 0 ? {} : { where: all.length === 1 ? all[0] : all };
}
