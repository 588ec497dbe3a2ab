// Finds out whether amounts are in cents. It goes by names of columns, and asks where these do not
// tell. Nothing is guessed in silence.

import type { ShopJson } from '../../import/shop-json';
import type { Notes } from '../doubts';
import type { Column } from '../profile/profile';

/**
 * Amounts in cents: by the name of the column, or asked if whole amounts such as 1999 may be.
 * Returns the number to divide by; undefined if amounts are as they are.
 */
export function centsOf(column: Column, { warnings, questions }: Notes): number | undefined {
  const { name, meaning, number, sketch } = column;
  if (meaning.words.some((word) => CENTS.test(word))) return 100;
  const whole = number !== undefined && 'whole' in number && number.whole && !number.money;
  const values = [...sketch.values.keys()].map(Number);
  if (!whole || !MAYBE_CENTS.test(name) || values.some((value) => Math.abs(value) > 0 && Math.abs(value) < 10))
    return undefined;
  const example = values.find((value) => value >= 100);
  if (example === undefined) return undefined;
  const hundredth = (example / 100).toFixed(2);
  warnings.push(
    `${name} may be in hundredths: is ${example} a price of ${example} or of ${hundredth}? It comes in as ${example} until ` +
      `"price": { "column": "${name}", "divideBy": 100 } says so.`,
  );
  questions.push({
    text: `Which price is ${example} in ${name}?`,
    choices: [
      { label: `${example}`, apply: (json) => json },
      { label: hundredth, apply: (json) => withDivisor(json, name) },
    ],
    likely: 1,
  });
  return undefined;
}

const CENTS = /^(cents?|pence|pennies|centimes?|centavos?|centesimi|ore|grosze?|groszy|kopeks?|kopecks?|rappen|paise|minor|subunits?)$/; // prettier-ignore
/** Names that payment programs use for amounts in hundredths. */
const MAYBE_CENTS = /(^|[._])(unit_amount|amount|amount_\w+|\w+_amount)$|_money\.amount$/i;

function withDivisor(json: ShopJson, name: string): ShopJson {
  const { transactions } = json;
  const { price } = transactions ?? {};
  if (!transactions || price === undefined) return json;
  const own = typeof price === 'string' ? { column: price } : price;
  return own.column === name ? { ...json, transactions: { ...transactions, price: { ...own, divideBy: 100 } } } : json;
}

/** The amount of a column whose name says cents, as shop.json has it. */
export function namedAmount({ name, meaning }: Column): string | { column: string; divideBy: number } {
  return meaning.words.some((word) => CENTS.test(word)) ? { column: name, divideBy: 100 } : name;
}
