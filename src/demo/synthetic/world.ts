// The planted tastes of the synthetic shop: a formula for how likely each customer is to buy each
// article next. The generator samples from the parts of this formula, so no model can predict its
// data better than the formula does.
//
//   p(article | customer, day, history) = recent purchases again            (repeat)
//                                       + articles that go with them        (complement)
//                                       + Σ over styles:
//                                           share of the style × p(article | style, palette, week)
//
// A style's share is the customer's drifting taste plus the styles of their newest purchases
// (momentum). p(article | style, palette, week) is proportional to
// appeal × life cycle × season × how well the article's palette suits the customer's.

import { drawAlias, fillAlias, type Random } from '../../random';
import { liveliness, PARTNER_SHARES, plantCatalogue, type PlantedCatalogue } from './catalogue';
import { plantCustomer, type PlantedCustomer } from './customers';
import { checkOptions, weekOf, weekOfYear, type SyntheticOptions } from './options';
import { PALETTES, PRODUCT_TYPES, type ProductType } from './vocabulary';

/**
 * A customer's purchases, newest first: article indices [n] and their days [n]. Only the first
 * REMEMBERED count.
 */
export interface History {
  readonly articles: ArrayLike<number>;
  readonly days: ArrayLike<number>;
}

/** The number of purchases that influence the next one. */
export const REMEMBERED = 16;

export interface World {
  readonly options: SyntheticOptions;
  readonly catalogue: PlantedCatalogue;
  customer(index: number): PlantedCustomer;
  /**
   * [articles] the chance of each article to be the customer's next purchase on that day (0 is the
   * first day). Sums to 1. The order of purchases within one day does not matter.
   */
  probabilities(customer: number, day: number, history: History): Float64Array;
  /** One article index drawn from `probabilities`, without computing them all. */
  sample(customer: number, day: number, history: History, random: Random): number;
}

/** Plants the world, which takes some milliseconds for thousands of articles. */
export function plantWorld(given: Partial<SyntheticOptions> = {}): World {
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
    const late = options.days > 1 ? Math.min(1, day / (options.days - 1)) : 0;
    return [mixtureOf({ catalogue, week, person, day, late, history }), week, person];
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

/**
 * Maximum shares of the parts of the formula. A part may use less, for example without a history.
 * The rest goes to the customer's taste.
 */
const COMPLEMENT_SHARE = 0.16;
const MOMENTUM_SHARE = 0.26;
/** Days until the effect of a purchase has fallen to 37 %. */
const REPEAT_DAYS = 25;
const COMPLEMENT_DAYS = 14;
const MOMENTUM_DAYS = 60;
/** The same article is bought again on the same day less often than later. */
const SAME_DAY_REPEAT = 0.1;
/** How well an article's palette suits a customer's, by their distance on the ring of palettes. */
const SUITS = [5, 1.8, 1, 0.8];

/**
 * p(article | style, palette, week) for all styles of one week. Articles are ordered by their
 * group, style × palettes + palette.
 */
interface WeekTable {
  /** [articles] appeal × life cycle × season; 0 if not sold in this week. */
  readonly strength: Float64Array;
  /** [articles] alias tables of the groups. A drawn number is an index into `order`. */
  readonly accept: Float64Array;
  readonly alias: Int32Array;
  /** [groups + 1] the index in `order` at which each group begins. */
  readonly starts: Int32Array;
  /** [articles] article indices, ordered by group. */
  readonly order: Int32Array;
  /** [groups] strength of each group. */
  readonly totals: Float64Array;
}

function plantWeek({ articles, styles }: PlantedCatalogue, week: number, yearWeek: number): WeekTable {
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

/** The parts of one customer's distribution. `shares` and `styles` together sum to 1. */
interface Mixture {
  /**
   * [singles] articles to buy again, and articles that go with recent ones. An article may be
   * listed more than once.
   */
  readonly articles: number[];
  /** [singles] the share of each. */
  readonly shares: number[];
  /** [styles] the share of each style. */
  readonly styles: Float64Array;
}

interface Visit {
  readonly catalogue: PlantedCatalogue;
  readonly week: WeekTable;
  readonly person: PlantedCustomer;
  readonly day: number;
  /** How far the customer's taste has drifted, 0 to 1. */
  readonly late: number;
  readonly history: History;
}

function mixtureOf(visit: Visit): Mixture {
  const { person } = visit;
  const singles: Singles = { articles: [], shares: [] };
  addRepeats(singles, visit);
  let taken = settle(singles.shares, 0, person.repeat);
  const complements = singles.shares.length;
  addComplements(singles, visit);
  taken += settle(singles.shares, complements, COMPLEMENT_SHARE);
  return { ...singles, styles: stylesOf(visit, taken) };
}

type Singles = Pick<Mixture, 'articles' | 'shares'>;

function addRepeats({ articles: singles, shares }: Singles, { catalogue, week, day, history }: Visit): void {
  for (let k = 0; k < lengthOf(history); k++) {
    const article = history.articles[k];
    if (week.strength[article] === 0) continue;
    const gap = day - history.days[k];
    const kind: ProductType = PRODUCT_TYPES[catalogue.articles[article].product.type];
    singles.push(article);
    shares.push(kind.repeat * (gap === 0 ? SAME_DAY_REPEAT : Math.exp(-gap / REPEAT_DAYS)));
  }
}

function addComplements({ articles: singles, shares }: Singles, { catalogue, week, day, history }: Visit): void {
  for (let k = 0; k < lengthOf(history); k++) {
    const pull = Math.exp(-(day - history.days[k]) / COMPLEMENT_DAYS);
    for (let place = 0; place < PARTNER_SHARES.length; place++) {
      const partner = catalogue.partners[history.articles[k] * PARTNER_SHARES.length + place];
      if (week.strength[partner] === 0) continue;
      singles.push(partner);
      shares.push(pull * PARTNER_SHARES[place]);
    }
  }
}

/**
 * Scales the weights from `from` on, so that together they take up to `share`. One recent purchase
 * takes 63 % of the share, several take nearly all of it. Returns the share that they take.
 */
function settle(shares: number[], from: number, share: number): number {
  let sum = 0;
  for (let i = from; i < shares.length; i++) sum += shares[i];
  if (sum === 0) return 0;
  const part = share * (1 - Math.exp(-sum));
  for (let i = from; i < shares.length; i++) shares[i] *= part / sum;
  return part;
}

/** Divides the share that single articles have not taken among the styles. */
function stylesOf({ catalogue, person, day, late, history }: Visit, takenBefore: number): Float64Array {
  const styles = new Float64Array(catalogue.styles.length);
  const length = lengthOf(history);
  let taken = takenBefore;
  if (length > 0) {
    let newest = 1;
    while (newest < length && history.days[newest] === history.days[0]) newest++;
    const momentum = MOMENTUM_SHARE * Math.exp(-(day - history.days[0]) / MOMENTUM_DAYS);
    for (let k = 0; k < newest; k++) styles[catalogue.articles[history.articles[k]].product.style] += momentum / newest;
    taken += momentum;
  }
  for (let s = 0; s < styles.length; s++) {
    styles[s] += (1 - taken) * ((1 - late) * person.early[s] + late * person.late[s]);
  }
  return styles;
}

function lengthOf({ articles }: History): number {
  return Math.min(REMEMBERED, articles.length);
}

function probabilitiesOf(
  parts: Mixture,
  week: WeekTable,
  palette: number,
  { articles }: PlantedCatalogue,
): Float64Array {
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
    // Rounding may leave a rest after the last group. Then the last group that sells anything is
    // drawn.
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

/** Caches the newest results only, so that calls in any order need little memory. */
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
