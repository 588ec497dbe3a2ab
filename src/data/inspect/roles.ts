// Scores how well a column fills a role among purchases, by its name and its values. 0 means that
// it cannot; about 1 means that name and values agree.

import { isDay } from '../values/calendar';
import { canBeId } from './links';
import type { Facet } from './profile/names';
import type { Column } from './profile/profile';

export type Role = 'article' | 'customer' | 'date' | 'order' | 'price' | 'quantity';

export const ROLE_SCORES: Readonly<Record<Role, (column: Column) => number>> = {
  article,
  customer,
  date,
  order,
  price,
  quantity,
};

/** Facets of things that are no ids. */
const NO_IDS: readonly Facet[] = [
  'name', 'description', 'price', 'total', 'quantity', 'date', 'event', 'status', 'category', 'brand', 'colour', 'url',
  'image', 'list', 'currency', 'stock', 'tags', 'age', 'hidden', 'charge', 'place', 'channel', 'measure', 'rating',
]; // prettier-ignore

const CODES = /^(sku|asin|ean|gtin|upc|isbn|plu|barcode)$/;

function saysNoId({ meaning: { facets, words } }: Column): boolean {
  // A "reference" or "code" of a category is no id of an article.
  return NO_IDS.some((facet) => facets.has(facet)) && !words.some((word) => CODES.test(word));
}

function article(column: Column): number {
  const { things, facets, words } = column.meaning;
  if (isOnlyName(column)) return 0.2;
  if (!canBeId(column) || saysNoId(column)) return 0;
  // A reference or code of nothing else is that of what is sold.
  const plain = column.meaning.bareId && !words.some((word) => /^(id|ids|no|nr|n|number|key|guid|uuid)$/.test(word));
  if (!things.has('article')) return plain ? 0.4 : 0;
  const coded = words.some((word) => CODES.test(word));
  const score =
    0.7 + (facets.has('id') ? 0.3 : 0) + (words.includes('sku') ? 0.05 : 0) - (facets.has('parent') ? 0.3 : 0);
  // "order_item_id" and "line_item_id" are numbers of lines.
  const sold = words.some((word) => /^(product|products|variant|article|artikel|catalog|goods?)$/.test(word));
  if ((things.has('order') || things.has('line')) && !coded && !sold) return 0.15;
  // Words with blanks between them are rather names.
  const named = !facets.has('id') && column.meanWords > 2 ? 0.3 : 0;
  return words[0]?.length === 1 ? 0.5 : score - named;
}

/** Some files know goods by their names alone. */
function isOnlyName({ meaning: { things, facets }, sketch, filled, longest, type, date }: Column): boolean {
  if (date || !things.has('article') || facets.has('id') || (type !== 'text' && type !== 'category' && type !== 'id')) return false; // prettier-ignore
  if (!facets.has('name') && !facets.has('description') && type !== 'text') return false;
  return longest <= 256 && sketch.single < 0.5 && sketch.distinct <= 0.5 * filled;
}

function customer(column: Column): number {
  const { things, facets, words } = column.meaning;
  if (!canBeId(column)) return 0;
  if (facets.has('email')) return 0.75 * share(column);
  if (!things.has('customer')) return 0;
  if (facets.has('name') && !facets.has('place')) return 0.3;
  if (saysNoId(column)) return 0;
  if (things.has('order')) return 0.2;
  // A column that few rows have is not that of the customers.
  const common = share(column) < RARE ? 0.25 : 1;
  return words[0]?.length === 1 ? 0.5 : common * (0.7 + (facets.has('id') ? 0.3 : 0));
}

const RARE = 0.3;

function order(column: Column): number {
  const { things, facets, words, bareId } = column.meaning;
  if (!canBeId(column) || column.type === 'flag' || column.sketch.distinct < 2) return 0;
  if (bareId) return 0.35 * share(column);
  // Shopify calls the number of an order its name.
  if (words.join(' ') === 'name' && column.examples.every((text) => /^#?[A-Z-]{0,4}\d{3,}$/.test(text))) return 0.5;
  // "SalesOrderNumber" speaks of no amount.
  const numbered = /\b(order|invoice|receipt) (number|no|nr|id|key)$/.test(words.join(' '));
  if (!things.has('order') || (saysNoId(column) && !numbered)) return 0;
  // Orders have several lines.
  const repeats = column.sketch.single < 0.95 ? 0.1 : 0;
  return (things.has('article') || things.has('line') ? 0.2 : 0.7) + (facets.has('id') ? 0.3 : 0) + repeats;
}

function date(column: Column): number {
  const counted = countOf(column);
  if (counted) return (counted === 'orders' ? 0.2 : counted === 'weeks' ? 0.25 : 0.5) * share(column);
  if (!column.date) return 0;
  const { facets } = column.meaning;
  const timed = 'dateOnly' in column.date && !column.date.dateOnly ? 0.1 : 0;
  const named = facets.has('late') ? 0.15 : facets.has('date') ? (facets.has('bought') ? 1 : 0.7) : facets.has('bought') ? 0.6 : 0.3; // prettier-ignore
  return (named + timed) * share(column);
}

export type Counted = 'days' | 'weeks' | 'days of a year' | 'orders';

/** A month has so many days, and a year so many weeks. Days and weeks that count go beyond. */
const MONTH = 31;
const YEAR = 53;
const LEAP_YEAR = 2000;

/**
 * What a column counts that tells times without dates: days or weeks from a beginning, days of a
 * year that is not named (1111), or the orders of each customer. Undefined if it counts none.
 */
export function countOf({ number, date: at, meaning, sketch, rows }: Column): Counted | undefined {
  if (at || !number || !('whole' in number) || !number.whole || rows === 0) return undefined;
  const { words, things, facets } = meaning;
  const counts = [...sketch.values].map(([text, count]) => [Number(text), count] as const);
  const largest = counts.reduce((most, [value]) => Math.max(most, value), 0);
  if (counts.some(([value]) => !(value >= 0)) || largest > 20_000) return undefined;
  const says = (word: RegExp): boolean => words.some((one) => word.test(one));
  const apart = facets.has('id') && !says(/^(no|nr|num|number|n)$/);
  if (says(/^(since|prior|of|dow|hour|age|until|left|between)$/) || apart) return undefined;
  if (says(/^(day|days|daynum|tag|dia|jour)$/)) return largest > MONTH ? 'days' : undefined;
  if (says(/^(week|weeks|woche|semana|semaine)$/)) return largest > YEAR ? 'weeks' : undefined;
  const dated = facets.has('date') && !things.has('order') && counts.length > 10;
  if (dated && counts.every(([value]) => isDay(LEAP_YEAR, Math.floor(value / 100), value % 100)))
    return 'days of a year';
  const sequence = (things.has('order') && says(/^(no|nr|num|number|n)$/)) || says(/^(sequence|seq)$/);
  // Each customer has a first order, and fewer have a second.
  const first = counts.find(([value]) => value === 1)?.[1] ?? 0;
  const most = counts.reduce((sum, [, count]) => Math.max(sum, count), 0);
  return sequence && largest > 2 && first > 1 && first >= 0.9 * most ? 'orders' : undefined;
}

function price(column: Column): number {
  const { facets, words } = column.meaning;
  if (column.number === undefined || column.type === 'date' || facets.has('charge') || facets.has('measure')) return 0;
  if (facets.has('currency') || facets.has('id') || facets.has('rating')) return 0;
  const unit = facets.has('unit') ? 0.3 : 0;
  const money = 'money' in column.number && column.number.money ? 0.2 : 0;
  const part = words.some((word) => /^(cost|value|list|msrp|regular|original|compare|old)$/.test(word)) ? -0.5 : 0;
  // eBay's word for the price.
  if (words.join(' ') === 'sold for') return (1.2 + money) * share(column);
  if (facets.has('price')) return (1 + unit + money + part) * share(column);
  if (facets.has('total')) return (0.6 + unit + money) * share(column);
  return money;
}

function quantity(column: Column): number {
  const { facets, words, things } = column.meaning;
  if (column.number === undefined || column.type === 'date') return 0;
  if (['stock', 'charge', 'measure', 'price', 'rating', 'id'].some((facet) => facets.has(facet as Facet))) return 0;
  // "qty_refunded" is not what was ordered.
  if (words.some((word) => /^(cancel|refund|return|ship|invoic|deliver|backorder|fulfil|open|remain)/.test(word)))
    return 0;
  const isWhole = !('whole' in column.number) || column.number.whole;
  const whole = isWhole ? 0 : -0.3;
  if (facets.has('quantity'))
    return (
      0.9 +
      (facets.has('unit') ? 0.1 : 0) +
      whole -
      (facets.has('date') ? 0.9 : 0) -
      (things.has('order') && words.includes('count') ? 0.5 : 0)
    );
  // Some call pieces the amount: whole numbers, mostly 1.
  const common = [...column.sketch.values.keys()][0];
  return words.join(' ') === 'amount' && isWhole && Number(common) === 1 ? 0.6 : 0;
}

/** The share of rows that have a value. */
function share({ filled, rows }: Column): number {
  return rows === 0 ? 0 : filled / rows;
}
