// Formats values of the API for people. This module remembers whether the shop's prices are scaled
// down.

import { signal } from '@preact/signals';

/**
 * H&M's prices and those of the synthetic shop are scaled to below 1 to hide the currency.
 * Multiplied by this factor, they look like prices again. A shop with any price of 1 or more, or
 * with a currency, does not scale its prices.
 */
const SCALE = 590;
const scaled = signal(true);

/** Learns from the prices in an answer whether the shop's prices are scaled. */
export function heedPrices(answer: unknown): void {
  const prices = JSON.stringify(answer).matchAll(/"price":([\d.eE+-]+)/g);
  if (scaled.value && [...prices].some(([, price]) => Number(price) >= 1)) scaled.value = false;
}

/** A price with its currency, ISO 4217. A currency that the shop does not name is null. */
export interface Priced {
  readonly price: number | null;
  readonly currency?: string | null | undefined;
}

/** Returns a price as text, such as “€29.99” or “29.99”, and an empty text if it is not known. */
export function priceOf(priced: Priced): string {
  return priced.price === null ? '' : inFigures(priceNumber(priced), priced.currency);
}

/** Returns a price as a number, no longer scaled down, and 0 if it is not known. */
export function priceNumber({ price, currency }: Priced): number {
  return (price ?? 0) * (scaled.value && !currency ? SCALE : 1);
}

export function inFigures(amount: number, currency?: string | null): string {
  // A word that is no currency would be refused by the formatter.
  if (currency && /^[A-Z]{3}$/.test(currency)) return amount.toLocaleString('en-GB', { style: 'currency', currency });
  return amount.toLocaleString('en-GB', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

/** Says what an article is, by its narrowest category. Null if it has none. */
export function kindOf({ category }: { readonly category: readonly string[] }): string | null {
  return category.at(-1) ?? null;
}

export function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : String(Math.round(ms))} ms`;
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}

/** Joins the parts that are known: “Blouse · Dusty rose”. */
export function noteOf(...parts: readonly (string | null)[]): string {
  return parts.filter((part) => part !== null && part !== '').join(' · ');
}

/** Returns the address of an article's page. */
export function articlePath(id: string): string {
  return `/article/${encodeURIComponent(id)}`;
}

export interface Reason {
  readonly source: string;
  readonly sources: readonly string[];
  readonly because: { readonly name: string | null } | null;
  readonly neverSold: boolean;
  readonly coldStart: boolean;
}

/** Says in a few words why an article is recommended. It never mentions an unknown age or taste. */
export function reasonOf({ source, sources, because, neverSold, coldStart }: Reason, ageKnown: boolean): string {
  if (neverSold && because === null) return 'Be the first to have it';
  const bought = because?.name;
  const sayable = (one: string): boolean =>
    one === 'TWO_TOWER' ? !coldStart : one === 'TRENDING_PEERS' ? ageKnown : true;
  switch ([source, ...sources].find(sayable)) {
    case 'OWN_PURCHASES':
      return 'You bought it before';
    case 'VARIANTS':
      return bought ? `Like your ${bought}` : 'Another colour of what you bought';
    case 'CO_PURCHASE':
      return bought ? `Goes with ${bought}` : 'Goes with what you bought';
    case 'TWO_TOWER':
      return 'Close to your taste';
    case 'TRENDING_PEERS':
      return 'Popular at your age';
    case 'NEW_ARRIVALS':
      return 'New in';
    case 'TRENDING':
      return 'Sells well now';
    default:
      return 'Liked by many';
  }
}
