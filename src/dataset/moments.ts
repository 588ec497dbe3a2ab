// The shop at a moment of its past, as serving would have known it then.

import { ageBands } from '../statistics/age-bands';
import {
  createMoment,
  QUARTER_DAYS,
  SALES_DAYS,
  type LongSales,
  type Moment,
  type MomentFacts,
} from '../statistics/moment';
import { DAY } from '../time';
import type { Dataset, HistoryEnds } from './dataset';

/** The shop just before a moment, in Unix seconds. */
export function momentOf(shop: Dataset, now: number): Moment {
  const places = shop.purchasesWithin(now - SALES_DAYS[1] * DAY, now);
  const lately = places.filter((p) => now - shop.at[p] <= SALES_DAYS[0] * DAY);
  const counts = countOf(shop, () => places);
  const ages = Float32Array.from(shop.firstSales(), (first) => (first < now ? (now - first) / DAY : Number.NaN));
  const [[week], [month]] = [shop.buyersOf(lately), shop.buyersOf(places)];
  return createMoment({ now, sales: { week, month }, long: longSales(shop, now), ages, ...counts });
}

/**
 * The shop for leave-one-out, where only the order of each customer's purchases counts. All
 * histories count as sales of one long month.
 */
export function timelessMoment(shop: Dataset, ends: HistoryEnds): Moment {
  const ever = new Float32Array(shop.catalogue.size);
  let last = 0;
  for (const p of placesOf(shop, ends)) {
    ever[shop.article[p]] += shop.quantity[p];
    last = Math.max(last, shop.at[p]);
  }
  const [month] = shop.buyersOf(placesOf(shop, ends));
  const moment = createMoment({
    now: last + 1,
    sales: { week: month.map((buyers) => buyers / 4), month },
    long: { quarter: ever, ever, idle: ever.map((units) => (units > 0 ? 0 : Number.NaN)) },
    ages: new Float32Array(shop.catalogue.size).fill(Number.NaN),
    ...countOf(shop, () => placesOf(shop, ends)),
  });
  // Without time, no article is a new arrival.
  return { ...moment, arrivals: new Int32Array(0), timeless: true };
}

function longSales({ catalogue, article, at, quantity }: Dataset, now: number): LongSales {
  const [quarter, ever] = [new Float32Array(catalogue.size), new Float32Array(catalogue.size)];
  const last = new Float64Array(catalogue.size).fill(Number.NaN);
  for (let p = 0; p < article.length; p++) {
    if (at[p] >= now) continue;
    const one = article[p];
    ever[one] += quantity[p];
    if (at[p] > now - QUARTER_DAYS * DAY) quarter[one] += quantity[p];
    if (!(last[one] >= at[p])) last[one] = at[p];
  }
  return { quarter, ever, idle: Float32Array.from(last, (sold) => (now - sold) / DAY) };
}

/** The indices of the purchases in all histories. */
function* placesOf({ customers, offsets }: Dataset, ends: HistoryEnds): Generator<number> {
  for (let customer = 0; customer < customers; customer++) {
    for (let p = offsets[customer]; p < ends[customer]; p++) yield p;
  }
}

/**
 * @param places returns the indices of the purchases to count, ascending; called once for each pass
 *   over them
 */
function countOf(shop: Dataset, places: () => Iterable<number>): Pick<MomentFacts, 'prices' | 'peers' | 'productOf'> {
  const bands = ageBands(shop.encoder);
  const bandOf = bands.of(shop.encodedCustomers);
  return {
    prices: medianPrices(shop, places()),
    peers: bands.count > 0 ? shop.buyersOf(places(), bands.count, (one) => bandOf[one]) : [],
    productOf: (one) => shop.catalogue.productOf(one),
  };
}

/** [articles] the median of the prices that were paid; NaN if unknown. */
function medianPrices({ catalogue, article, price }: Dataset, places: Iterable<number>): Float32Array {
  const priced = Int32Array.from(places).filter((p) => !Number.isNaN(price[p]));
  const ends = new Int32Array(catalogue.size + 1);
  for (const p of priced) ends[article[p] + 1] += 1;
  for (let one = 0; one < catalogue.size; one++) ends[one + 1] += ends[one];
  const next = ends.slice();
  const sorted = new Float32Array(priced.length);
  for (const p of priced) sorted[next[article[p]]++] = price[p];
  return Float32Array.from({ length: catalogue.size }, (_, one) => median(sorted.subarray(ends[one], ends[one + 1])));
}

/** The median, as Postgres's percentile_cont defines it; NaN without values. Sorts the values. */
function median(values: Float32Array): number {
  values.sort();
  const middle = (values.length - 1) / 2;
  return (values[Math.floor(middle)] + values[Math.ceil(middle)]) / 2;
}
