// Measures a fitted shop on later purchases, by the rounds of a protocol, compared with baselines
// and, for the synthetic shop, with its oracle. All lists are cut in the same way: at most 100
// articles, without hidden ones.

import { cutoffOf, customersOf, roundsOf, type Protocol, type Round } from '../../dataset/protocols';
import type { Dataset } from '../../dataset/dataset';
import { VitrineError } from '../../errors';
import type { HistoryPurchase } from '../../features/customers';
import { sum } from '../../numbers';
import { createRandom } from '../../random';
import { arrange } from '../../ranking/arrange/arrange';
import type { Pipeline } from '../../ranking/pipeline';
import type { Habits } from '../../statistics/habits';
import { neverSold } from '../../statistics/moment';
import type { Reporter } from '../../telemetry/progress';
import { DAY, isoDay } from '../../time';
import { BASELINES, baselinesAt, firstOf, unitsInHistories, unitsOfMonth, type Baselines } from '../baselines';
import { bestBaselineOf, BOOTSTRAP, compare, intervalsOf, resample, slicesOf } from '../comparison';
import { decisive, type Evaluation } from '../evaluation';
import { DEPTH } from '../metrics';
import { Tally, type Case } from './tally';

export interface EvaluateOptions {
  /** Maximum number of cases, drawn by the seed. */
  readonly maxCustomers: number;
  readonly seed: number;
  /**
   * Every `explore`th position shows an article that has never sold; 0 means that no position does.
   */
  readonly explore: number;
  /** Only for a synthetic shop. */
  readonly oracle?: Oracle | undefined;
}

/**
 * Ranks articles (catalogue indices) by the true chance that the customer buys them next, best
 * first. Returns no articles for an unknown customer.
 */
export type Oracle = (customer: number, history: readonly HistoryPurchase[], now: number) => number[];

/** A shop whose models were fitted to the purchases before the cutoff of the protocol. */
export interface Subject {
  readonly shop: Dataset;
  readonly pipeline: Pipeline;
  readonly habits: Habits;
}

/** @throws VitrineError NOTHING_TO_LEARN if the protocol finds no customer to ask about. */
export async function evaluate(
  subject: Subject,
  protocol: Protocol,
  { maxCustomers, seed, explore, oracle }: EvaluateOptions,
  reporter: Reporter,
): Promise<Evaluation> {
  const { shop, pipeline } = subject;
  const rounds = roundsOf(shop, protocol, maxCustomers, createRandom(seed, 'evaluation'));
  const cases = rounds.reduce((total, { customers }) => total + customers.length, 0);
  if (cases === 0) {
    const why = `The protocol ${protocol.kind} finds no purchase to ask about; import more purchases or ask another way.`;
    throw new VitrineError('NOTHING_TO_LEARN', why);
  }
  const ends = shop.historyEnds(cutoffOf(protocol));
  const learntUnits = unitsInHistories(shop, ends);
  const tally = new Tally(learntUnits, (article) => pipeline.vectorOf(article));
  const progress = reporter.progress('Evaluating', cases, 'cases');
  for (const round of rounds) {
    const state = stateAt(subject, round, learntUnits);
    for (const places of batchesOf(round)) {
      for (const one of await casesOf(subject, round, places, state, { explore, oracle })) tally.add(one);
      progress.tick(tally.sheet.cases);
    }
  }
  const { sheet } = tally;
  const { models, ...counted } = tally.report();
  const first = decisive(protocol.kind);
  const resampled = resample(sheet, sheet.models, createRandom(seed, 'bootstrap'));
  const bestBaseline = bestBaselineOf(sheet, first);
  const slices = slicesOf(sheet, first, createRandom(seed, 'bootstrap of slices'));
  progress.done();
  return {
    ...settingsOf(protocol),
    customers: new Set(sheet.customers).size,
    cases,
    coldCustomers: new Set(sheet.customers.filter((_, i) => sheet.histories[i] === 0)).size,
    models,
    intervals: intervalsOf(resampled),
    bestBaseline,
    differences: compare(resampled, bestBaseline),
    slices,
    bootstrap: BOOTSTRAP,
    ...counted,
    trainedOn: {
      purchases: sum(learntUnits),
      customers: ends.reduce((total, end, customer) => total + (end > shop.offsets[customer] ? 1 : 0), 0),
      articles: shop.catalogue.size,
    },
    maxCustomers,
    explore,
    seed,
  };
}

/** The state of sales at the moment of a round. */
interface SalesState {
  /** [articles] units sold before the moment. */
  readonly units: Float32Array;
  readonly baselines: Baselines;
}

function stateAt({ shop, habits }: Subject, { moment }: Round, learntUnits: Float32Array): SalesState {
  // Without time, all histories count as the last month.
  if (moment.timeless) {
    const units = { units: learntUnits, month: learntUnits };
    return { units: learntUnits, baselines: baselinesAt(units, habits.coPurchases) };
  }
  const units = unitsInHistories(shop, shop.historyEnds({ before: moment.now }));
  const month = unitsOfMonth(shop, moment.now);
  return { units, baselines: baselinesAt({ units, month }, habits.coPurchases) };
}

/** Number of cases that go through the models at once. */
const BATCH = 128;

/** The indices of a round's customers, in batches. */
function* batchesOf({ customers }: Round): Generator<number[]> {
  for (let from = 0; from < customers.length; from += BATCH) {
    yield Array.from({ length: Math.min(BATCH, customers.length - from) }, (_, i) => from + i);
  }
}

/** The lists of every model for the customers at some indices of a round. */
async function casesOf(
  { shop, pipeline }: Subject,
  round: Round,
  places: readonly number[],
  { units, baselines }: SalesState,
  { explore, oracle }: Pick<EvaluateOptions, 'explore' | 'oracle'>,
): Promise<Case[]> {
  const { moment, answers } = round;
  const customers = customersOf(shop, round, places);
  const hiding = places.map((place) => hiddenOf(shop, round, place));
  const most = hiding.reduce((widest, { size }) => Math.max(widest, size), 0);
  const nearest = await pipeline.nearest(await pipeline.embed(customers), DEPTH + most);
  const retrieved = await pipeline.retrieve(customers, moment, round.hideHistory);
  const scored = await pipeline.score(customers, retrieved, moment);
  return places.map((place, i) => {
    const customer = round.customers[place];
    const purchases = customers.histories[i];
    const [candidates, scores, hidden] = [retrieved[i], scored[i], hiding[i]];
    const { articles } = candidates;
    const [shown] = arrange(
      [{ articles, scores, hidden, first: DEPTH, neverSold: (article) => neverSold(moment, article) }],
      explore,
    );
    const first = (...lists: Iterable<number>[]): number[] => firstOf(lists, hidden, DEPTH);
    const ranked = {
      'two-stage': shown.map((candidate) => articles[candidate]),
      retrieval: first(nearest[i]),
      ...Object.fromEntries(BASELINES.map((name) => [name, first(...baselines[name](purchases))])),
      ...(oracle && { oracle: first(oracle(customer, purchases, moment.now)) }),
    };
    const history = round.ends[place] - shop.offsets[customer];
    return { customer, history, bought: answers[place], ranked, candidates, scores, hidden, units };
  });
}

/**
 * All articles of a customer's history if the round hides histories, otherwise none. Includes
 * articles that are too old for the models to read.
 */
function hiddenOf(shop: Dataset, { hideHistory, customers, ends }: Round, place: number): Set<number> {
  return new Set(hideHistory ? shop.article.subarray(shop.offsets[customers[place]], ends[place]) : []);
}

function settingsOf(protocol: Protocol): Pick<Evaluation, 'protocol' | 'target' | 'cut' | 'days' | 'weeks' | 'end'> {
  const cutoff = cutoffOf(protocol);
  const cut = 'before' in cutoff ? isoDay(cutoff.before) : null;
  switch (protocol.kind) {
    case 'leave-one-out':
      return { protocol: protocol.kind, cut, target: protocol.target };
    case 'temporal':
      return { protocol: protocol.kind, cut, days: protocol.days };
    case 'rolling':
      return { protocol: protocol.kind, cut, weeks: protocol.weeks, end: isoDay(protocol.end - DAY) };
    default:
      return protocol satisfies never;
  }
}
