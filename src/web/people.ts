// Chooses customers whose shop windows are worth a look, each with a different taste.

import type { CustomerChoiceQuery } from '../../schema/client';
import { kindOf } from './format';
import type { Person } from './state';

type Customer = CustomerChoiceQuery['activeCustomers'][number];

/** Returns at most `most` people. The first of them all have different tastes. */
export function tellingPeople(customers: readonly Customer[], most: number): Person[] {
  const known = customers.map((customer) => ({ customer, taste: tasteOf(customer) }));
  const tastes = new Set<string>();
  const distinct: typeof known = [];
  const others: typeof known = [];
  for (const one of known) {
    const range = one.taste.range ?? '';
    (tastes.has(range) ? others : distinct).push(one);
    tastes.add(range);
  }
  return [...distinct, ...others].slice(0, most).map(({ customer, taste }) => ({
    id: customer.id,
    label: labelOf(customer.age, taste.types),
  }));
}

interface Taste {
  /** The widest category in which the customer bought most. */
  readonly range: string | undefined;
  /** The two narrowest categories that the customer bought most. */
  readonly types: readonly string[];
}

function tasteOf({ purchases }: Customer): Taste {
  const articles = purchases.nodes.map(({ article }) => article);
  return {
    range: mostOften(articles.map(({ category }) => category.at(0) ?? null))[0],
    types: mostOften(articles.map(kindOf)).slice(0, 2),
  };
}

/** Returns a label such as “34, dresses and blouses”. */
function labelOf(age: number | null, types: readonly string[]): string {
  const taste = types.map(pluralOf).join(' and ');
  if (age === null) return taste.charAt(0).toUpperCase() + taste.slice(1);
  return taste === '' ? String(age) : `${String(age)}, ${taste}`;
}

function pluralOf(type: string): string {
  const word = type.split('/')[0]?.toLowerCase() ?? '';
  if (/s$/.test(word)) return word.endsWith('ss') ? `${word}es` : word;
  return `${word}s`;
}

function mostOften(values: readonly (string | null)[]): string[] {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a).map(([value]) => value);
}
