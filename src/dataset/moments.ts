// The shop at moments of its past, as serving would have known it then. Knows no question that is
// asked of a moment.
import { ageBands } from '../statistics/age-bands';
import type { HistoryEnds, Dataset } from './dataset';
import {
  createMoment,
  QUARTER_DAYS,
  SALES_DAYS,
  type LongSales,
  type Moment,
  type MomentFacts,
} from '../statistics/moment';
import { DAY } from '../time';

/** The shop just before a moment, Unix seconds. */
export function momentOf(shop: Dataset, now: number): Moment {
  const from = now - SALES_DAYS[1] * DAY;
  const places = shop.purchasesWithin(from, now);
  const counts = countOf(shop, () => places);
  const ages = Float32Array.from(firstSales(shop), (first) => (first < now ? (now - first) / DAY : Number.NaN));
  return createMoment({ now, sales: shop.salesBefore(now, places), long: longSales(shop, now), ages, ...counts });
}

/**
 * The shop where time says nothing but the order of each customer's purchases: everything known
 * sold in one long month.
 */
export function timelessMoment(shop: Dataset, known: HistoryEnds): Moment {
  const ever = new Float32Array(shop.catalogue.size);
  let last = 0;
  for (const p of placesOf(shop, known)) {
    ever[shop.article[p]] += 1;
    last = Math.max(last, shop.at[p]);
  }
  const [month] = shop.buyersOf(placesOf(shop, known));
  const moment = createMoment({
    now: last + 1,
    sales: { week: month.map((buyers) => buyers / 4), month },
    long: { quarter: ever, ever, idle: ever.map((units) => (units > 0 ? 0 : Number.NaN)) },
    ages: new Float32Array(shop.catalogue.size).fill(Number.NaN),
    ...countOf(shop, () => placesOf(shop, known)),
  });
  // Nothing is new where there is no time.
  return { ...moment, arrivals: new Int32Array(0), timeless: true };
}

function longSales({ catalogue, article, at }: Dataset, now: number): LongSales {
  const [quarter, ever] = [new Float32Array(catalogue.size), new Float32Array(catalogue.size)];
  const last = new Float64Array(catalogue.size).fill(Number.NaN);
  for (let p = 0; p < article.length; p++) {
    if (at[p] >= now) continue;
    const one = article[p];
    ever[one] += 1;
    if (at[p] > now - QUARTER_DAYS * DAY) quarter[one] += 1;
    if (!(last[one] >= at[p])) last[one] = at[p];
  }
  return { quarter, ever, idle: Float32Array.from(last, (sold) => (now - sold) / DAY) };
}

/** The places of all purchases that are known. */
function* placesOf({ customers, offsets }: Dataset, known: HistoryEnds): Generator<number> {
  for (let customer = 0; customer < customers; customer++) {
    for (let p = offsets[customer]; p < known[customer]; p++) yield p;
  }
}

/** What else is known of the articles, by the purchases at some places, which ascend. */
function countOf(
  shop: Dataset,
  placesOfThem: () => Iterable<number>,
): Pick<MomentFacts, 'prices' | 'peers' | 'productOf'> {
  const { article, price } = shop;
  const bands = ageBands(shop.encoder);
  const bandOf = bands.of(shop.encodedCustomers);
  const sums = new Float64Array(shop.catalogue.size);
  const priced = new Float64Array(shop.catalogue.size);
  for (const p of placesOfThem()) {
    if (Number.isNaN(price[p])) continue;
    sums[article[p]] += price[p];
    priced[article[p]] += 1;
  }
  return {
    prices: Float32Array.from(sums, (sum, one) => sum / priced[one]),
    peers: bands.count > 0 ? shop.buyersOf(placesOfThem(), bands.count, (one) => bandOf[one]) : [],
    productOf: (one) => shop.catalogue.productOf(one),
  };
}

/**
 * [articles] Unix seconds of the first sale of all, whenever: counted once for all moments of a
 * shop. NaN: never sold.
 */
function firstSales(shop: Dataset): Float64Array {
  let first = FIRST_SALES.get(shop);
  if (!first) {
    first = new Float64Array(shop.catalogue.size).fill(Number.NaN);
    for (let p = 0; p < shop.article.length; p++) {
      const one = shop.article[p];
      if (!(first[one] <= shop.at[p])) first[one] = shop.at[p];
    }
    FIRST_SALES.set(shop, first);
  }
  return first;
}

const FIRST_SALES = new WeakMap<Dataset, Float64Array>();
