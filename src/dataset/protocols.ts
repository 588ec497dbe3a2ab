// Which questions are asked of a shop's past, for learning and for measuring: at this moment, of
// these customers, what did they buy next? Every question knows only what was known at its moment.
// Knows no model and no measure.
import type { Cutoff, HistoryEnds, Dataset } from './dataset';
import { type Customers, HISTORY_LIMIT, type HistoryPurchase } from '../features/customers';
import { sampled, type Random } from '../random';
import type { Moment } from '../statistics/moment';
import { momentOf, timelessMoment } from './moments';
import { DAY, WEEK } from '../time';

export type Protocol =
  /**
   * A customer's last article is the test, the one before it validation; ranked against all
   * articles not had yet.
   */
  | { readonly kind: 'leave-one-out'; readonly target: 'test' | 'validation' }
  /** Learnt before `cut` (Unix seconds), asked what was bought in the `days` after it. */
  | { readonly kind: 'temporal'; readonly cut: number; readonly days: number }
  /**
   * Learnt before the first of `weeks` weeks that end at `end` (Unix seconds, exclusive). Each week
   * is asked about at its start.
   */
  | { readonly kind: 'rolling'; readonly weeks: number; readonly end: number };

/**
 * One question put to many customers at one moment: what will they buy, from what was known then?
 */
export interface Round {
  readonly moment: Moment;
  /** [n] */
  readonly customers: Int32Array;
  /** [n] what is known of each: their purchases that stand before this place. */
  readonly ends: Int32Array;
  /** [n] what each then bought, by catalogue index; never empty. */
  readonly answers: readonly ReadonlySet<number>[];
  /** Articles that a customer has had are not asked for and must not be ranked. */
  readonly hideHistory: boolean;
}

/** What may be learnt before the first question of a protocol. */
export function cutoffOf(protocol: Protocol): Cutoff {
  switch (protocol.kind) {
    case 'leave-one-out':
      return { butLast: 2 };
    case 'temporal':
      return { before: protocol.cut };
    case 'rolling':
      return { before: protocol.end - protocol.weeks * WEEK };
    default:
      return protocol satisfies never;
  }
}

/** The days after a moment that a protocol asks about. */
export function horizonOf(protocol: Protocol): number {
  return protocol.kind === 'temporal' ? protocol.days : 7;
}

/**
 * The questions of a protocol. At most `maxCustomers` in all, drawn by `random` where there are
 * more.
 */
export function roundsOf(shop: Dataset, protocol: Protocol, maxCustomers: number, random: Random): Round[] {
  if (protocol.kind === 'leave-one-out') {
    const known = shop.historyEnds({ butLast: 2 });
    // The moment is the same for test and validation: what sells is counted without either.
    return [
      nextPurchases(shop, known, shop.offsets.subarray(1), protocol.target === 'test' ? 1 : 0, maxCustomers, random),
    ];
  }
  const { before } = cutoffOf(protocol) as { before: number };
  const weeks = protocol.kind === 'rolling' ? protocol.weeks : 1;
  const length = horizonOf(protocol) * DAY;
  const rounds = Array.from({ length: weeks }, (_, week) =>
    window(shop, before + week * length, before + (week + 1) * length),
  );
  return thinned(rounds, maxCustomers, random);
}

/**
 * Questions to learn a ranking from, at most `maxLists` in all, between two cutoffs of one kind:
 * what was known at `earlier` retrieves, what came until `later` is asked for. With moments,
 * questions start every day (further back every week) and ask for what was bought in the `days`
 * after it, as far as it is known. Where there are too many, those with a past come first, up to
 * half of all: of newcomers, who are most on some days, a few say as much as many.
 */
export function trainingRounds(
  shop: Dataset,
  earlier: Cutoff,
  later: Cutoff,
  days: number,
  maxLists: number,
  random: Random,
): Round[] {
  if ('butLast' in earlier || 'butLast' in later) {
    return [nextPurchases(shop, shop.historyEnds(earlier), shop.historyEnds(later), 0, maxLists, random)];
  }
  const rounds = momentsBetween(earlier.before, later.before).map((from) =>
    window(shop, from, Math.min(from + days * DAY, later.before)),
  );
  return thinned(rounds, maxLists, random, (round, place) => hasHistory(shop, round, place));
}

/**
 * Rounds in their order of time, in at most `most` groups that ask about as many customers each; a
 * round is never split.
 */
export function inStages(rounds: readonly Round[], most: number): Round[][] {
  const total = rounds.reduce((sum, { customers }) => sum + customers.length, 0);
  const stages: Round[][] = [];
  let asked = 0;
  for (const round of rounds.toSorted((a, b) => a.moment.now - b.moment.now)) {
    if (stages.length === 0 || asked >= (total * stages.length) / most) stages.push([]);
    stages[stages.length - 1].push(round);
    asked += round.customers.length;
  }
  return stages;
}

/**
 * So many days before the end every day is a moment of its own, since what will be asked comes
 * right after; then every week.
 */
const DAILY = 28;

/** Moments in [first, end), newest first. */
function momentsBetween(first: number, end: number): number[] {
  const moments: number[] = [];
  for (let at = end - DAY; at > first; at -= moments.length < DAILY ? DAY : WEEK) moments.push(at);
  return [...moments, first];
}

/** Everybody who bought in [from, to), as known before. */
function window(shop: Dataset, from: number, to: number): Round {
  const bought = shop.boughtWithin(from, to);
  const known = shop.historyEnds({ before: from });
  const customers = Int32Array.from(bought.keys());
  return {
    moment: momentOf(shop, from),
    customers,
    ends: customers.map((customer) => known[customer]),
    answers: [...bought.values()],
    hideHistory: false,
  };
}

/**
 * The purchase that stands `skip` places after what is known and before `limit`, of everybody who
 * has one, as if nothing were known of the time but its order.
 */
function nextPurchases(
  shop: Dataset,
  known: HistoryEnds,
  limit: HistoryEnds,
  skip: number,
  most: number,
  random: Random,
): Round {
  const asked: number[] = [];
  for (let customer = 0; customer < shop.customers; customer++) {
    const place = known[customer] + skip;
    if (place >= limit[customer]) continue;
    // Whoever bought again what they had is not asked: it would not be ranked.
    const had = shop.article.subarray(shop.offsets[customer], place).includes(shop.article[place]);
    if (!had) asked.push(customer);
  }
  const customers = Int32Array.from(sampled(asked, most, random));
  const ends = customers.map((customer) => known[customer] + skip);
  return {
    moment: timelessMoment(shop, known),
    customers,
    ends,
    answers: Array.from(ends, (place) => new Set([shop.article[place]])),
    hideHistory: true,
  };
}

/**
 * The questions of whom something is known; all of them, where that is too few to tell anything.
 */
export function withHistory(shop: Dataset, rounds: readonly Round[]): readonly Round[] {
  const known = rounds.map((round) =>
    partOf(
      round,
      [...round.customers.keys()].filter((place) => hasHistory(shop, round, place)),
    ),
  );
  return known.reduce((sum, { customers }) => sum + customers.length, 0) < ENOUGH_KNOWN ? rounds : known;
}

const ENOUGH_KNOWN = 200;

/** Whether any purchase is known of the customer at a place of a round. */
export function hasHistory({ offsets }: Pick<Dataset, 'offsets'>, { customers, ends }: Round, place: number): boolean {
  return ends[place] > offsets[customers[place]];
}

/**
 * A random part of the customers of all rounds together. Half of it, or more if that is their
 * share, are `preferred` ones, as far as there are so many.
 */
export function thinned(
  rounds: readonly Round[],
  most: number,
  random: Random,
  preferred: (round: Round, place: number) => boolean = () => true,
): Round[] {
  const all = rounds.flatMap((round, r) => Array.from(round.customers, (_, i) => ({ r, i })));
  const [first, others] = [true, false].map((wanted) => all.filter(({ r, i }) => preferred(rounds[r], i) === wanted));
  const share = Math.max(0.5, first.length / Math.max(1, all.length));
  const taken = sampled(first, Math.round(share * most), random);
  const kept = rounds.map((): number[] => []);
  for (const { r, i } of [...taken, ...sampled(others, most - taken.length, random)]) kept[r].push(i);
  for (const places of kept) places.sort((a, b) => a - b);
  return rounds.flatMap((round, r) => {
    if (kept[r].length === 0) return [];
    return [partOf(round, kept[r])];
  });
}

/** The customers of a round at some places, in their order. */
function partOf(round: Round, places: readonly number[]): Round {
  return {
    ...round,
    customers: Int32Array.from(places, (i) => round.customers[i]),
    ends: Int32Array.from(places, (i) => round.ends[i]),
    answers: places.map((i) => round.answers[i]),
  };
}

/**
 * The customers [from, to) of a round as the pipeline reads them; of cold ones no purchases are
 * known.
 */
export function customersOf(
  shop: Dataset,
  { customers, ends }: Round,
  places: readonly number[],
  isCold: (place: number) => boolean = () => false,
): Customers {
  return {
    encoded: shop.customerRows(places.map((place) => customers[place])),
    histories: places.map((place): HistoryPurchase[] =>
      isCold(place) ? [] : shop.historyUntil(customers[place], ends[place], HISTORY_LIMIT),
    ),
  };
}
