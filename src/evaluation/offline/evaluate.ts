// Measures a fitted shop on purchases that it has not seen, by the rounds of a protocol, beside
// baselines and, on the synthetic shop, the oracle. Every list is cut alike: at most a hundred
// articles, none that the round hides. Knows no model and trains nothing.
import { VitrineError } from '../../errors';
import type { Dataset } from '../../dataset/dataset';
import { neverSold } from '../../statistics/moment';
import { createRandom } from '../../random';
import { arrange } from '../../ranking/arrange/arrange';
import type { Pipeline } from '../../ranking/pipeline';
import type { Habits } from '../../statistics/habits';
import type { HistoryPurchase } from '../../features/customers';
import type { Reporter } from '../../telemetry/progress';
import { BASELINES, baselinesAt, firstOf, unitsKnown, unitsOfMonth } from '../baselines';
import { bestBaselineOf, BOOTSTRAP, compare, intervalsOf, resample } from '../comparison';
import { decisive, type Evaluation } from '../evaluation';
import { DEPTH } from '../metrics';
import { customersOf, cutoffOf, roundsOf, type Protocol, type Round } from '../../dataset/protocols';
import { slicesOf } from '../slices';
import { Tally } from './tally';
import { DAY, isoDay } from '../../time';

export interface EvaluateOptions {
  /** At most this many cases, drawn by the seed. */
  readonly maxCustomers: number;
  readonly seed: number;
  /** As in the settings of the program. */
  readonly explore: number;
  /** Of a synthetic shop, of which it is known what can be learnt. */
  readonly oracle?: Oracle | undefined;
}

/**
 * Articles by their chance to be a customer's next purchase, best first, as catalogue indices; none
 * for an unknown one.
 */
export type Oracle = (customer: number, past: readonly HistoryPurchase[], now: number) => number[];

/** What is measured: a shop that was fitted to what is known at the cutoff of a protocol. */
export interface Subject {
  readonly shop: Dataset;
  readonly pipeline: Pipeline;
  readonly habits: Habits;
}

/** Cases that go through the models at once. */
const BATCH = 128;

/**
 * @param fitted for the cutoff of the protocol
 * @throws VitrineError NOTHING_TO_LEARN where the protocol finds nobody to ask about.
 */
export async function evaluate(
  { shop, pipeline, habits }: Subject,
  protocol: Protocol,
  { maxCustomers, seed, explore, oracle }: EvaluateOptions,
  reporter: Reporter,
): Promise<Evaluation> {
  const rounds = roundsOf(shop, protocol, maxCustomers, createRandom(seed, 'evaluation'));
  const cases = rounds.reduce((sum, { customers }) => sum + customers.length, 0);
  if (cases === 0) {
    const why = `The protocol ${protocol.kind} finds no purchase to ask about: everybody bought before, or too little.`;
    throw new VitrineError('NOTHING_TO_LEARN', why);
  }
  const cutoff = cutoffOf(protocol);
  const known = shop.historyEnds(cutoff);
  const learntUnits = unitsKnown(shop, known);
  const tally = new Tally(learntUnits, (article) => pipeline.vectorOf(article));
  const progress = reporter.progress('Evaluating', cases, 'cases');
  for (const round of rounds) {
    const { moment, answers } = round;
    const timed = 'before' in cutoff;
    const units = timed ? unitsKnown(shop, shop.historyEnds({ before: moment.now })) : learntUnits;
    // Where time says nothing but the order, everything known is of late.
    const month = timed ? unitsOfMonth(shop, moment.now) : learntUnits;
    const baselines = baselinesAt({ units, month }, habits.coPurchases);
    for (const places of batchesOf(round)) {
      const customers = customersOf(shop, round, places);
      const hiding = places.map((place) => hiddenOf(shop, round, place));
      const most = hiding.reduce((widest, { size }) => Math.max(widest, size), 0);
      const nearest = await pipeline.nearest(await pipeline.embed(customers), DEPTH + most);
      const retrieved = await pipeline.retrieve(customers, moment, round.hideHistory);
      const scored = await pipeline.score(customers, retrieved, moment);
      places.forEach((place, i) => {
        const past = customers.histories[i];
        const customer = round.customers[place];
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
          ...Object.fromEntries(BASELINES.map((name) => [name, first(...baselines[name](past))])),
          ...(oracle && { oracle: first(oracle(customer, past, moment.now)) }),
        };
        const history = round.ends[place] - shop.offsets[customer];
        tally.add({ customer, history, bought: answers[place], ranked, candidates, scores, hidden, units });
      });
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
      purchases: learntUnits.reduce((sum, sold) => sum + sold, 0),
      customers: known.reduce((sum, end, customer) => sum + (end > shop.offsets[customer] ? 1 : 0), 0),
      articles: shop.catalogue.size,
    },
    maxCustomers,
    explore,
    seed,
  };
}

function* batchesOf({ customers }: Round): Generator<number[]> {
  for (let from = 0; from < customers.length; from += BATCH) {
    yield Array.from({ length: Math.min(BATCH, customers.length - from) }, (_, i) => from + i);
  }
}

/**
 * What a customer has had, where the round does not ask for it again: all of it, also what is too
 * old for the models to read.
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
