// The synthetic shop's customers, each made from the seed and their number alone: tastes, habits
// and H&M's columns. Nothing is stored, so a million of them take no memory. Knows nothing of
// articles.

import { createRandom, hash, type Random } from '../random';
import { INDEXES, PALETTES, type Style } from './synthetic-vocabulary';

/** What the planted world knows of a customer. */
export interface PlantedCustomer {
  /** Relative rate of visits; 0: never buys. */
  readonly activity: number;
  /** Day of the first visit if it lies within the data; before 0: was a customer before. */
  readonly joinDay: number;
  /** [styles] share of each style at the first day, summing to 1. */
  readonly early: Float64Array;
  /** [styles] the same at the last day; tastes drift evenly between the two. */
  readonly late: Float64Array;
  /** Index into PALETTES. */
  readonly palette: number;
  /** How much of what they buy they may have bought before, 0 to 1. */
  readonly repeat: number;
  /** How often they buy online, 0 to 1. */
  readonly online: number;
  /** Articles a visit, mean. */
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

/** Customer number `index` of the shop of this seed. */
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
    // Some only ever look. The first customer always buys, so that the smallest shop sells
    // something.
    activity: index > 0 && quiet < 0.03 ? 0 : Math.min(20, Math.exp(1.5 * random.normal())),
    early,
    late: drift(random, early),
    // One in three likes what their region likes.
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
 * 64 hexadecimal digits. The first eight are the customer's number under a permutation of the
 * 32-bit numbers, so that an id leads back to its customer without a table.
 */
export function customerId(seed: number, index: number): string {
  return hex(Math.imul(index ^ saltOf(seed), MULTIPLIER)) + digest(seed, 'customer', index).slice(8);
}

/**
 * The number of the customer with this id among the first `count` of the seed's shop; undefined:
 * not one of them.
 */
export function customerIndex(seed: number, id: string, count: number): number | undefined {
  const index = (Math.imul(Number.parseInt(id.slice(0, 8), 16), INVERSE) ^ saltOf(seed)) >>> 0;
  return index < count && customerId(seed, index) === id ? index : undefined;
}

const REGIONS = 400;
const MULTIPLIER = 0x9e3779b1;
/**
 * MULTIPLIER × INVERSE = 1 modulo 2^32, by Newton's iteration: each step doubles the number of
 * right bits.
 */
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
 * Three liked styles, likelier those of the customer's age and of the first one's catalogue, and a
 * little of everything.
 */
function plantMixture(random: Random, styles: readonly Style[], age: number): Float64Array {
  const prior = styles.map((style, s) => Math.exp(-(((age - style.age) / 14) ** 2)) / (1 + 0.08 * s) + 0.05);
  const first = draw(random, prior);
  const group = INDEXES[styles[first].index].groupNo;
  const near = prior.map((p, s) => (INDEXES[styles[s].index].groupNo === group ? 4 * p : p));
  const mixture = new Float64Array(styles.length);
  const sum = prior.reduce((total, p) => total + p, 0);
  for (let s = 0; s < styles.length; s++) mixture[s] = (0.12 * prior[s]) / sum;
  const main = 0.42 + 0.2 * random.next();
  mixture[first] += main;
  mixture[draw(random, near)] += (0.88 - main) * 0.65;
  mixture[draw(random, near)] += (0.88 - main) * 0.35;
  return mixture;
}

/** Where the taste is at the last day: for half of the customers two styles have changed places. */
function drift(random: Random, early: Float64Array): Float64Array {
  const late = early.slice();
  if (random.next() < 0.5) return late;
  const one = draw(random, early);
  const other = random.int(early.length);
  [late[one], late[other]] = [early[other], early[one]];
  return late;
}

function draw(random: Random, weights: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < weights.length; i++) total += weights[i];
  let left = random.next() * total;
  for (let i = 0; i < weights.length; i++) if ((left -= weights[i]) < 0) return i;
  return weights.length - 1;
}
