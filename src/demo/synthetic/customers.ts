// The synthetic shop's customers: their tastes, habits and H&M's columns. Each is made from the
// seed and a number alone, so a million of them need no memory.

import { sum } from '../../numbers';
import { createRandom, hash, type Random } from '../../random';
import { INDEXES, PALETTES, type Style } from './vocabulary';

export interface PlantedCustomer {
  /** Relative rate of visits; 0 if the customer never buys. */
  readonly activity: number;
  /** Day of the first visit; below 0 for customers from before the first day. */
  readonly joinDay: number;
  /** [styles] the share of each style on the first day. Sums to 1. */
  readonly early: Float64Array;
  /**
   * [styles] the share of each style on the last day. Tastes drift evenly from `early` to `late`.
   */
  readonly late: Float64Array;
  /** Index into PALETTES. */
  readonly palette: number;
  /** The largest share of purchases that repeat recent ones, 0 to 1. */
  readonly repeat: number;
  /** The share of visits that are online, 0 to 1. */
  readonly online: number;
  /** The mean number of articles of a visit. */
  readonly basket: number;
  readonly age: number;
  readonly region: number;
}

export const CUSTOMER_COLUMNS = [
  'customer_id',
  'FN',
  'Active',
  'club_member_status',
  'fashion_news_frequency',
  'age',
  'postal_code',
] as const;

/** Makes customer number `index` of the shop of this seed. */
export function plantCustomer(seed: number, index: number, styles: readonly Style[], days: number): PlantedCustomer {
  const random = createRandom(seed, 'customer', index);
  const age = plantAge(random);
  const region = random.int(REGIONS);
  const joined = random.next();
  const quiet = random.next();
  const joinDay =
    index === 0 || joined < 0.5 ? -1 : Math.floor(joined < 0.515 ? lastWeek(random, days) : random.next() * days);
  const early = plantMixture(random, styles, age);
  return {
    age,
    region,
    joinDay,
    // Some customers never buy. The first one always does, so that the smallest shop sells
    // something.
    activity: index > 0 && quiet < 0.03 ? 0 : Math.min(20, Math.exp(1.5 * random.normal())),
    early,
    late: drift(random, early),
    // One customer in three likes the palette of their region.
    palette: random.next() < 0.33 ? region % PALETTES.length : random.int(PALETTES.length),
    repeat: 0.06 + 0.24 * random.next() ** 2,
    online: random.next() < 0.6 ? 0.9 : 0.15,
    basket: 1.8 + 2 * random.next(),
  };
}

/** The customer's values in the order of CUSTOMER_COLUMNS. */
export function customerRow(seed: number, index: number, customer: PlantedCustomer): string[] {
  const random = createRandom(seed, 'attributes', index);
  const keen = customer.activity > 1;
  const news = random.next() < (keen ? 0.6 : 0.25);
  const club = random.next();
  return [
    customerId(seed, index),
    news ? '1.0' : '',
    news && random.next() < 0.95 ? '1.0' : '',
    club < (keen ? 0.96 : 0.88) ? 'ACTIVE' : club < 0.985 ? 'PRE-CREATE' : club < 0.99 ? 'LEFT CLUB' : '',
    news ? (random.next() < 0.98 ? 'Regularly' : 'Monthly') : random.next() < 0.98 ? 'NONE' : '',
    random.next() < 0.012 ? '' : `${customer.age}.0`,
    digest(seed, 'region', customer.region),
  ];
}

/**
 * An id of 64 hexadecimal digits. The first eight are the customer's number after a permutation of
 * the 32-bit numbers. So an id leads back to its customer without a table.
 */
export function customerId(seed: number, index: number): string {
  return hex(Math.imul(index ^ saltOf(seed), MULTIPLIER)) + digest(seed, 'customer', index).slice(8);
}

/**
 * The number of the customer with this id; undefined if the customer is not among the first
 * `count`.
 */
export function customerIndex(seed: number, id: string, count: number): number | undefined {
  const index = (Math.imul(Number.parseInt(id.slice(0, 8), 16), INVERSE) ^ saltOf(seed)) >>> 0;
  return index < count && customerId(seed, index) === id ? index : undefined;
}

const REGIONS = 400;
const MULTIPLIER = 0x9e3779b1;
/** MULTIPLIER × INVERSE = 1 modulo 2^32. Each step of Newton's method doubles the correct bits. */
const INVERSE = [1, 2, 3, 4, 5].reduce((x) => Math.imul(x, 2 - Math.imul(MULTIPLIER, x)), MULTIPLIER);

function saltOf(seed: number): number {
  return hash(seed, ['customer ids']);
}

function digest(...parts: (number | string)[]): string {
  let text = '';
  for (let word = 0; word < 8; word++) text += hex(hash(word + 1, parts));
  return text;
}

function hex(bits: number): string {
  return (bits >>> 0).toString(16).padStart(8, '0');
}

function plantAge(random: Random): number {
  const young = random.next() < 0.55;
  const age = Math.round(young ? 25 + 5 * random.normal() : 47 + 10 * random.normal());
  return Math.max(16, Math.min(90, age));
}

function lastWeek(random: Random, days: number): number {
  return Math.max(0, days - 7) + random.next() * Math.min(7, days);
}

/**
 * Draws a taste: three liked styles and a little of all others. Styles for the customer's age are
 * likelier, and so are styles of the same catalogue as the first one.
 */
function plantMixture(random: Random, styles: readonly Style[], age: number): Float64Array {
  const prior = styles.map((style, s) => Math.exp(-(((age - style.age) / 14) ** 2)) / (1 + 0.08 * s) + 0.05);
  const first = draw(random, prior);
  const group = INDEXES[styles[first].index].groupNo;
  const near = prior.map((p, s) => (INDEXES[styles[s].index].groupNo === group ? 4 * p : p));
  const mixture = new Float64Array(styles.length);
  const total = sum(prior);
  for (let s = 0; s < styles.length; s++) mixture[s] = (0.12 * prior[s]) / total;
  const main = 0.42 + 0.2 * random.next();
  mixture[first] += main;
  mixture[draw(random, near)] += (0.88 - main) * 0.65;
  mixture[draw(random, near)] += (0.88 - main) * 0.35;
  return mixture;
}

/** The taste on the last day. For half of the customers, two styles swap their shares. */
function drift(random: Random, early: Float64Array): Float64Array {
  const late = early.slice();
  if (random.next() < 0.5) return late;
  const one = draw(random, early);
  const other = random.int(early.length);
  [late[one], late[other]] = [early[other], early[one]];
  return late;
}

function draw(random: Random, weights: ArrayLike<number>): number {
  let left = random.next() * sum(weights);
  for (let i = 0; i < weights.length; i++) if ((left -= weights[i]) < 0) return i;
  return weights.length - 1;
}
