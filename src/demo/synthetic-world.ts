// The planted tastes of the synthetic shop: how likely each customer is to buy each article next,
// in closed form. The generator samples from exactly these parts, so that they are the oracle of
// what can be learnt from its data at best.
//
//   p(article | customer, day, history) = own recent purchases again (repeat)
//                                       + what goes with recent purchases     (complement)
//                                       + Σ over styles:
//                                           share of the style × p(article | style, palette, week)
//
// where a style's share is the customer's drifting taste plus the styles of their newest purchases
// (momentum), and p(article | style, palette, week) ∝ appeal × life cycle × season × how well its
// palette suits the customer's.

import { VitrineError } from '../errors';
import { drawAlias, fillAlias, type Random } from '../random';
import { liveliness, PARTNER_SHARES, plantCatalogue, type Catalogue } from './synthetic-catalogue';
import { customerId, customerIndex, plantCustomer, type PlantedCustomer } from './synthetic-customers';
import { PALETTES, PRODUCT_TYPES, type ProductType } from './synthetic-vocabulary';

/**
 * Everything that the shop is made from: the same options give the same bytes and the same world.
 */
export interface ShopOptions {
  readonly customers: number;
  readonly articles: number;
  readonly transactions: number;
  readonly days: number;
  readonly seed: number;
  /** The last day, `YYYY-MM-DD`. */
  readonly endDate: string;
}

export const DEFAULT_SHOP: ShopOptions = Object.freeze({
  customers: 6_000,
  articles: 2_500,
  transactions: 150_000,
  days: 365,
  seed: 1,
  endDate: '2020-09-22',
});

/**
 * As large as the H&M data that the world's recommenders are measured on: its customers, articles,
 * transactions and days.
 */
export const FULL_SHOP: ShopOptions = Object.freeze({
  customers: 1_371_980,
  articles: 105_542,
  transactions: 31_788_324,
  days: 734,
  seed: 1,
  endDate: '2020-09-22',
});

/**
 * What a customer has bought, newest first: article indices [n] and their days [n]. Only the first
 * HISTORY count.
 */
export interface History {
  readonly articles: ArrayLike<number>;
  readonly days: ArrayLike<number>;
}

/** Purchases that the world looks back at. */
export const HISTORY = 16;

export interface World {
  readonly options: ShopOptions;
  readonly catalogue: Catalogue;
  customer(index: number): PlantedCustomer;
  /**
   * The chance of each article [articles] to be the customer's next purchase on that day (0 is the
   * first day). Sums to 1. The order of purchases within one day does not matter.
   */
  probabilities(customer: number, day: number, history: History): Float64Array;
  /** One article index drawn from `probabilities`, without computing them all. */
  sample(customer: number, day: number, history: History, random: Random): number;
}

/** The world of these options: a pure function, some milliseconds for thousands of articles. */
export function plantWorld(given: Partial<ShopOptions> = {}): World {
  const options = checkOptions(given);
  const weeks = Math.ceil(options.days / 7);
  const catalogue = plantCatalogue(options.seed, options.articles, weeks);
  const weekTable = cached(6, (week: number) => plantWeek(catalogue, week, weekOfYear(options, week)));
  const customer = cached(64, (index: number) => plantCustomer(options.seed, index, catalogue.styles, options.days));

  function mix(index: number, day: number, history: History): [Mixture, WeekTable, PlantedCustomer] {
    if (!(index >= 0 && index < options.customers) || !(day >= 0)) {
      throw new RangeError(
        `Expected a customer in [0, ${options.customers}) and a day from 0, got ${index} and ${day}.`,
      );
    }
    const week = weekTable(weekOf(options, day));
    const person = customer(index);
    return [mixture(catalogue, person, week, day, options.days, history), week, person];
  }

  return {
    options,
    catalogue,
    customer,
    probabilities(index, day, history) {
      const [parts, week, person] = mix(index, day, history);
      return probabilitiesOf(parts, week, person.palette, catalogue);
    },
    sample(index, day, history, random) {
      const [parts, week, person] = mix(index, day, history);
      return sampleFrom(parts, week, person.palette, random);
    },
  };
}

/** The planted world behind imported data: the shop's ids to the world's indices and back. */
export interface Oracle {
  readonly world: World;
  /** Unix seconds of day 0. */
  readonly firstDay: number;
  customerIndex(id: string): number | undefined;
  articleIndex(id: string): number | undefined;
  customerId(index: number): string;
  articleId(index: number): string;
  /** The day of a Unix time in seconds. */
  dayOf(seconds: number): number;
}

/**
 * Re-plants the world of a shop from its options (the fact "synthetic"; other keys are ignored).
 */
export function oracleFor(options: Partial<ShopOptions>): Oracle {
  const world = plantWorld(options);
  const { seed, customers, days, endDate } = world.options;
  const byId = new Map(world.catalogue.articles.map((article, index) => [article.id, index]));
  const firstDay = Date.parse(endDate) / 1_000 - (days - 1) * 86_400;
  return {
    world,
    firstDay,
    customerIndex: (id) => customerIndex(seed, id, customers),
    articleIndex: (id) => byId.get(id),
    customerId: (index) => customerId(seed, index),
    articleId: (index) => world.catalogue.articles[index].id,
    dayOf: (seconds) => Math.floor((seconds - firstDay) / 86_400),
  };
}

/** The week of a day: the last week ends with the last day, so the first one may be shorter. */
export function weekOf({ days }: ShopOptions, day: number): number {
  return Math.ceil(days / 7) - 1 - Math.floor((days - 1 - day) / 7);
}

/**
 * The options filled up with the defaults. @throws VitrineError INPUT_INVALID listing every fault
 */
export function checkOptions(given: Partial<ShopOptions>): ShopOptions {
  const { customers, articles, transactions, days, seed, endDate } = { ...DEFAULT_SHOP, ...given };
  const faults: string[] = [];
  const whole = (name: string, value: number, least: number, most: number) => {
    if (Number.isInteger(value) && value >= least && value <= most) return;
    faults.push(`${name}: expected a whole number from ${least} to ${most}, got ${value}`);
  };
  whole('customers', customers, 1, 50_000_000);
  whole('articles', articles, 1, 1_500_000);
  whole('transactions', transactions, 0, 2_000_000_000);
  whole('days', days, 1, 3_650);
  whole('seed', seed, 0, Number.MAX_SAFE_INTEGER);
  const parsed = new Date(endDate);
  if (Number.isNaN(parsed.getTime()) || parsed.toISOString().slice(0, 10) !== endDate) {
    faults.push(`endDate: expected a date such as ${DEFAULT_SHOP.endDate}, got ${endDate}`);
  }
  if (faults.length > 0)
    throw new VitrineError('INPUT_INVALID', `The synthetic shop cannot be made: ${faults.join('; ')}.`);
  return { customers, articles, transactions, days, seed, endDate };
}

/**
 * Shares of the parts. What a part cannot use (no history, partners out of the shop) falls back to
 * the taste.
 */
const COMPLEMENT_SHARE = 0.16;
const MOMENTUM_SHARE = 0.26;
/** Days after which the pull of a purchase has fallen to 37 %. */
const REPEAT_DAYS = 25;
const COMPLEMENT_DAYS = 14;
const MOMENTUM_DAYS = 60;
/** The same article twice in one visit is rarer than on a later one. */
const SAME_DAY_REPEAT = 0.1;
/** How an article's palette suits a customer's, by their distance around the ring of palettes. */
const SUITS = [5, 1.8, 1, 0.8];

/**
 * p(article | style, palette, week) for all styles at once. Articles are ordered by group = style ×
 * palettes + palette.
 */
interface WeekTable {
  /** [articles] appeal × life cycle × season; 0: not sold in this week. */
  readonly strength: Float64Array;
  /** [articles] alias tables of the groups in `order`; a drawn place is looked up there. */
  readonly accept: Float64Array;
  readonly alias: Int32Array;
  /** [groups + 1] where each group begins in `order`; `order` [articles] holds article indices. */
  readonly starts: Int32Array;
  readonly order: Int32Array;
  /** [groups] strength of each group. */
  readonly totals: Float64Array;
}

function plantWeek({ articles, styles }: Catalogue, week: number, yearWeek: number): WeekTable {
  const groups = styles.length * PALETTES.length;
  const groupOf = (index: number) => articles[index].product.style * PALETTES.length + articles[index].colour.palette;
  const strength = Float64Array.from(articles, ({ product, appeal }) => appeal * liveliness(product, week, yearWeek));
  const starts = new Int32Array(groups + 1);
  for (let a = 0; a < articles.length; a++) starts[groupOf(a) + 1]++;
  for (let g = 0; g < groups; g++) starts[g + 1] += starts[g];
  const next = starts.slice();
  const order = new Int32Array(articles.length);
  for (let a = 0; a < articles.length; a++) order[next[groupOf(a)]++] = a;
  const sorted = Float64Array.from(order, (a) => strength[a]);
  const accept = new Float64Array(articles.length);
  const alias = new Int32Array(articles.length);
  const totals = new Float64Array(groups);
  for (let g = 0; g < groups; g++) totals[g] = fillAlias(sorted, accept, alias, starts[g], starts[g + 1]);
  return { strength, accept, alias, starts, order, totals };
}

/**
 * The parts of one customer's distribution; shares of `articles` and `styles` together sum to 1.
 */
interface Mixture {
  /**
   * Single articles (repeat and complement) and their shares; an article may come up more than
   * once.
   */
  readonly articles: number[];
  readonly shares: number[];
  /** [styles] */
  readonly styles: Float64Array;
}

function mixture(
  { articles, partners, styles: allStyles }: Catalogue,
  person: PlantedCustomer,
  { strength }: WeekTable,
  day: number,
  days: number,
  history: History,
): Mixture {
  const single: number[] = [];
  const shares: number[] = [];
  const length = Math.min(HISTORY, history.articles.length);
  let taken = 0;

  // Weights saturate: one recent purchase pulls with 63 % of the share, several with nearly all of
  // it.
  const settle = (from: number, share: number) => {
    let sum = 0;
    for (let i = from; i < shares.length; i++) sum += shares[i];
    if (sum === 0) return;
    const part = share * (1 - Math.exp(-sum));
    for (let i = from; i < shares.length; i++) shares[i] *= part / sum;
    taken += part;
  };
  for (let k = 0; k < length; k++) {
    const article = history.articles[k];
    const gap = day - history.days[k];
    const kind: ProductType = PRODUCT_TYPES[articles[article].product.type];
    if (strength[article] === 0) continue;
    single.push(article);
    shares.push(kind.repeat * (gap === 0 ? SAME_DAY_REPEAT : Math.exp(-gap / REPEAT_DAYS)));
  }
  settle(0, person.repeat);
  const complements = shares.length;
  for (let k = 0; k < length; k++) {
    const pull = Math.exp(-(day - history.days[k]) / COMPLEMENT_DAYS);
    for (let place = 0; place < PARTNER_SHARES.length; place++) {
      const partner = partners[history.articles[k] * PARTNER_SHARES.length + place];
      if (strength[partner] === 0) continue;
      single.push(partner);
      shares.push(pull * PARTNER_SHARES[place]);
    }
  }
  settle(complements, COMPLEMENT_SHARE);

  const styles = new Float64Array(allStyles.length);
  if (length > 0) {
    let newest = 1;
    while (newest < length && history.days[newest] === history.days[0]) newest++;
    const momentum = MOMENTUM_SHARE * Math.exp(-(day - history.days[0]) / MOMENTUM_DAYS);
    for (let k = 0; k < newest; k++) styles[articles[history.articles[k]].product.style] += momentum / newest;
    taken += momentum;
  }
  const late = days > 1 ? Math.min(1, day / (days - 1)) : 0;
  for (let s = 0; s < styles.length; s++) {
    styles[s] += (1 - taken) * ((1 - late) * person.early[s] + late * person.late[s]);
  }
  return { articles: single, shares, styles };
}

function probabilitiesOf(parts: Mixture, week: WeekTable, palette: number, { articles }: Catalogue): Float64Array {
  const factors = new Float64Array(week.totals.length);
  for (let s = 0; s < parts.styles.length; s++) {
    const total = suitedTotal(week, s, palette);
    for (let q = 0; q < PALETTES.length; q++) {
      factors[s * PALETTES.length + q] = (parts.styles[s] * suits(palette, q)) / total;
    }
  }
  const result = new Float64Array(articles.length);
  for (let g = 0; g < factors.length; g++) {
    for (let i = week.starts[g]; i < week.starts[g + 1]; i++) {
      result[week.order[i]] = factors[g] * week.strength[week.order[i]];
    }
  }
  parts.articles.forEach((article, i) => (result[article] += parts.shares[i]));
  return result;
}

function sampleFrom(parts: Mixture, week: WeekTable, palette: number, random: Random): number {
  let left = random.next();
  for (let i = 0; i < parts.shares.length; i++) if ((left -= parts.shares[i]) < 0) return parts.articles[i];
  let style = 0;
  while (style < parts.styles.length - 1 && (left -= parts.styles[style]) >= 0) style++;
  let rest = random.next() * suitedTotal(week, style, palette);
  let group = style * PALETTES.length;
  for (let q = 0; q < PALETTES.length; q++) {
    const weight = suits(palette, q) * week.totals[style * PALETTES.length + q];
    // Rounding may leave a rest after the last one: stay with the last group that sells anything.
    if (weight > 0) group = style * PALETTES.length + q;
    if ((rest -= weight) < 0) break;
  }
  return week.order[drawAlias(week.accept, week.alias, week.starts[group], week.starts[group + 1], random)];
}

function suitedTotal(week: WeekTable, style: number, palette: number): number {
  let total = 0;
  for (let q = 0; q < PALETTES.length; q++) total += suits(palette, q) * week.totals[style * PALETTES.length + q];
  return total;
}

function suits(liked: number, palette: number): number {
  const apart = Math.abs(liked - palette);
  return SUITS[Math.min(apart, PALETTES.length - apart)];
}

/** The week of the year, 0 to 52, of the middle of a week of the data. */
function weekOfYear({ days, endDate }: ShopOptions, week: number): number {
  const middle = new Date(Date.parse(endDate) - ((Math.ceil(days / 7) - 1 - week) * 7 + 3) * 86_400_000);
  return (middle.getTime() - Date.UTC(middle.getUTCFullYear(), 0, 1)) / (7 * 86_400_000);
}

/**
 * Remembers the newest results, so that days and customers may be asked for in any order with
 * bounded memory.
 */
function cached<T>(limit: number, make: (key: number) => T): (key: number) => T {
  const made = new Map<number, T>();
  return (key) => {
    let value = made.get(key);
    if (value === undefined) {
      value = make(key);
      made.set(key, value);
      if (made.size > limit) for (const oldest of made.keys()) if (made.size > limit) made.delete(oldest);
    }
    return value;
  };
}
