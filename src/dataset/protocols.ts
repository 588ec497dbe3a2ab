// The questions for learning and for measuring. Each one asks what a customer bought next after a
// moment, and sees only what was known at that moment.

import { HISTORY_LIMIT, type Customers, type HistoryPurchase } from '../features/customers';
import { sampled, type Random } from '../random';
import type { Moment } from '../statistics/moment';
import { DAY, WEEK } from '../time';
import type { Cutoff, Dataset, HistoryEnds } from './dataset';
import { momentOf, timelessMoment } from './moments';

export type Protocol =
  /**
   * Asks for each customer's last article (test) or the one before it (validation), among all
   * articles that the customer did not have yet.
   */
  | { readonly kind: 'leave-one-out'; readonly target: 'test' | 'validation' }
  /** Learns before `cut` (Unix seconds) and asks what was bought in the `days` after `cut`. */
  | { readonly kind: 'temporal'; readonly cut: number; readonly days: number }
  /**
   * Learns before the first of `weeks` weeks. They end at `end` (Unix seconds, exclusive). Asks
   * about each week at its start.
   */
  | { readonly kind: 'rolling'; readonly weeks: number; readonly end: number };

/** One moment and the customers who are asked about then. */
export interface Round {
  readonly moment: Moment;
  /** [n] the customers' indices. */
  readonly customers: Int32Array;
  /** [n] the end of each customer's history, as an index of purchases (exclusive). */
  readonly ends: Int32Array;
  /** [n] the articles that each customer then bought, by catalogue index; never empty. */
  readonly answers: readonly ReadonlySet<number>[];
  /** Articles in a customer's history are not asked for and must not be ranked. */
  readonly hideHistory: boolean;
}

/** The purchases before the first question of a protocol. */
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

/** The questions of a protocol. Draws `maxCustomers` of them at random if there are more. */
export function roundsOf(shop: Dataset, protocol: Protocol, maxCustomers: number, random: Random): Round[] {
  if (protocol.kind === 'leave-one-out') {
    // Test and validation share one moment. Its sales leave out the last two purchases of each
    // customer, but never the first one.
    const ends = shop.historyEnds({ butLast: 2 });
    const skip = protocol.target === 'test' ? 1 : 0;
    return [nextPurchases(shop, { ends, limit: shop.offsets.subarray(1), skip }, maxCustomers, random)];
  }
  const { before } = cutoffOf(protocol) as { before: number };
  const weeks = protocol.kind === 'rolling' ? protocol.weeks : 1;
  const length = horizonOf(protocol) * DAY;
  const rounds = Array.from({ length: weeks }, (_, week) =>
    window(shop, before + week * length, before + (week + 1) * length),
  );
  return thinned(rounds, maxCustomers, random);
}

/** Two cutoffs of one kind. The questions and their answers lie between them. */
export interface TrainingSpan {
  readonly earlier: Cutoff;
  readonly later: Cutoff;
  /** Number of days after its moment that a question asks about. */
  readonly days: number;
}

/**
 * Questions to learn a ranking from, at most `most`. If the cutoffs are moments, rounds start every
 * day, and every week further back. No answer lies after the later cutoff. If there are too many
 * questions, up to half of them are kept for customers with a history: on some days most customers
 * are cold, and a few of them teach as much as many.
 */
export function trainingRounds(
  shop: Dataset,
  { earlier, later, days }: TrainingSpan,
  most: number,
  random: Random,
): Round[] {
  if ('butLast' in earlier || 'butLast' in later) {
    const [ends, limit] = [shop.historyEnds(earlier), shop.historyEnds(later)];
    return [nextPurchases(shop, { ends, limit, skip: 0 }, most, random)];
  }
  const rounds = momentsBetween(earlier.before, later.before).map((from) =>
    window(shop, from, Math.min(from + days * DAY, later.before)),
  );
  return thinned(rounds, most, random, (round, place) => hasHistory(shop, round, place));
}

/** Number of last days that have one round each, since they are most like the time to predict. */
const DAILY = 28;

/** Moments in [first, end), newest first. */
function momentsBetween(first: number, end: number): number[] {
  const moments: number[] = [];
  for (let at = end - DAY; at > first; at -= moments.length < DAILY ? DAY : WEEK) moments.push(at);
  return [...moments, first];
}

/** Asks about every customer who bought in [from, to). */
function window(shop: Dataset, from: number, to: number): Round {
  const bought = shop.boughtWithin(from, to);
  const ends = shop.historyEnds({ before: from });
  const customers = Int32Array.from(bought.keys());
  return {
    moment: momentOf(shop, from),
    customers,
    ends: customers.map((customer) => ends[customer]),
    answers: [...bought.values()],
    hideHistory: false,
  };
}

/**
 * Asks for one purchase of each customer: the purchase that is `skip` positions after the end of
 * the history, if it is before `limit`. Only the order of purchases counts, not their time.
 */
function nextPurchases(
  shop: Dataset,
  { ends, limit, skip }: { readonly ends: HistoryEnds; readonly limit: HistoryEnds; readonly skip: number },
  most: number,
  random: Random,
): Round {
  const asked: number[] = [];
  for (let customer = 0; customer < shop.customers; customer++) {
    const place = ends[customer] + skip;
    if (place >= limit[customer]) continue;
    // An article that the customer had before is not ranked, so it cannot be asked for.
    const had = shop.article.subarray(shop.offsets[customer], place).includes(shop.article[place]);
    if (!had) asked.push(customer);
  }
  const customers = Int32Array.from(sampled(asked, most, random));
  const places = customers.map((customer) => ends[customer] + skip);
  return {
    moment: timelessMoment(shop, ends),
    customers,
    ends: places,
    answers: Array.from(places, (place) => new Set([shop.article[place]])),
    hideHistory: true,
  };
}

/**
 * Groups rounds in order of time into at most `most` stages with about as many customers each. A
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

/** The questions about customers with a history, or all questions if those are too few. */
export function withHistory(shop: Dataset, rounds: readonly Round[]): readonly Round[] {
  const warm = rounds.map((round) =>
    partOf(
      round,
      [...round.customers.keys()].filter((place) => hasHistory(shop, round, place)),
    ),
  );
  return warm.reduce((sum, { customers }) => sum + customers.length, 0) < ENOUGH_WARM ? rounds : warm;
}

const ENOUGH_WARM = 200;

/** False for a cold customer. `place` is the customer's index in the round. */
export function hasHistory({ offsets }: Pick<Dataset, 'offsets'>, { customers, ends }: Round, place: number): boolean {
  return ends[place] > offsets[customers[place]];
}

/**
 * Draws at most `most` customers from all rounds together. Half of them are `preferred` customers
 * if there are enough, or more if more than half of all customers are preferred.
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

function partOf(round: Round, places: readonly number[]): Round {
  return {
    ...round,
    customers: Int32Array.from(places, (i) => round.customers[i]),
    ends: Int32Array.from(places, (i) => round.ends[i]),
    answers: places.map((i) => round.answers[i]),
  };
}

/**
 * The customers at some indices of a round, as the pipeline reads them. Customers for whom `isCold`
 * returns true come without their history.
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
