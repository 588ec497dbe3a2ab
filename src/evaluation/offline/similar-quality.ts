// Measures similar articles and searches, compared with simple baselines. Do similar articles agree
// in their attributes? Were they bought together? Does a search for two attributes find both?

import type { HistoryEnds, Dataset } from '../../dataset/dataset';
import { createRandom, type Random } from '../../random';
import { CO_PURCHASE_SHARE } from '../../ranking/alike';
import type { Reporter } from '../../telemetry/progress';
import { percentileInterval, resampledMeans, type Interval } from '../bootstrap';
import { meanOrZero } from '../comparison';
import {
  measureSearch,
  searchQuestions,
  type NamedColumn,
  type SearchMeasures,
  type SearchQuestion,
} from './search-quality';
import { atRandom, byEncoder, sameGroup, sample, tfIdf, type EncoderParts, type Method } from './similar-methods';
import { columnsOf, mostBought, pairsAfter, placesOf, type BoughtPair, type Column } from './similar-questions';

/** The share of similar articles that have the article's value in each column. */
export type Agreement = Readonly<Record<Column, number>>;

export interface SimilarMeasures {
  /** For articles drawn evenly from the catalogue. */
  readonly catalogue: Agreement;
  /** For articles in proportion to their sales. */
  readonly sold: Agreement;
  /**
   * For pairs that one customer bought on one day: the share of pairs in which the list of twelve
   * for the one article contains the other article.
   */
  readonly bought: number;
}

/** An encoder's measures minus those of TF-IDF. */
export interface Margin extends SimilarMeasures {
  /** The 95 % interval of `bought`, over resampled customers. */
  readonly interval: Interval;
}

/** An article and its similar articles by several methods, as the shop's ids. */
export interface Shown {
  readonly article: string;
  readonly lists: Readonly<Record<string, readonly string[]>>;
}

export interface SimilarQuality {
  readonly articles: number;
  /** The number of pairs; the two articles are of different products. */
  readonly pairs: number;
  readonly methods: Readonly<Record<string, SimilarMeasures>>;
  /** The margin of each encoder, with each share of co-purchases. */
  readonly margins: Readonly<Record<string, Margin>>;
  /** The number of searches for two attributes. */
  readonly searches: number;
  /** The measures of the methods that can search. */
  readonly search: Readonly<Record<string, SearchMeasures>>;
  readonly shown: readonly Shown[];
}

/** The questions for every method. Articles are catalogue indices. */
export interface SimilarQuestions {
  readonly columns: Readonly<Record<Column, NamedColumn>>;
  readonly asked: readonly number[];
  /** The articles whose lists are reported. */
  readonly shown: readonly number[];
  readonly pairs: readonly BoughtPair[];
  readonly searches: readonly SearchQuestion[];
  /** Random numbers for the baselines. */
  readonly random: Random;
}

export interface QuestionOptions {
  /** Maximum number of articles that are asked about, and of searches. */
  readonly articles: number;
  /**
   * Ids of the articles whose lists are reported, or the number of articles that `mostBought`
   * should choose.
   */
  readonly show: readonly string[] | number;
  readonly seed: number;
}

/** An encoder with its vectors of the shop's articles. */
export type Encoded = Pick<EncoderParts, 'vectors' | 'index'> & { readonly encoder: EncoderParts['encoder'] };

/** The encoders to measure, with the habits from before the questions. */
export interface SimilarSubjects {
  readonly habits: EncoderParts['habits'];
  /** The built-in encoder. */
  readonly built: Encoded;
  /** A further encoder. */
  readonly other?: (Encoded & { readonly name: string }) | undefined;
  /** Shares of co-purchases to measure in addition to the usual one. */
  readonly coPurchase: readonly number[];
}

/** The built-in encoder, with its vectors as they are. */
const ENCODER = 'encoder';
/**
 * The built-in encoder as it is served: more weight on looks, and the usual share of co-purchases.
 */
export const SERVED = `${ENCODER}, co-purchase ${String(CO_PURCHASE_SHARE)}`;
const TF_IDF = 'TF-IDF';
const RESAMPLES = 1_000;

/**
 * Draws the questions.
 * @param from the first moment of the purchases that are asked about, Unix seconds
 * @throws VitrineError INPUT_INVALID if an article to be shown does not exist.
 */
export function similarQuestions(
  shop: Dataset,
  ends: HistoryEnds,
  from: number,
  { articles, show, seed }: QuestionOptions,
): SimilarQuestions {
  const columns = columnsOf(shop);
  const shown = typeof show === 'number' ? mostBought(shop, ends, columns, show) : placesOf(shop, show);
  const random = createRandom(seed, 'similar');
  const pairs = pairsAfter(shop, from, random, 10 * articles);
  const asked = sample(shop.catalogue.size, articles, random);
  const { type, colour, pattern } = columns;
  const looks = [colour, pattern].filter(isNamed);
  const searches = searchQuestions(shop, type, looks, articles, createRandom(seed, 'search'));
  return { columns, asked, shown, pairs, searches, random };
}

export async function similarQuality(
  shop: Dataset,
  questions: SimilarQuestions,
  subjects: SimilarSubjects,
  seed: number,
  reporter: Reporter,
): Promise<SimilarQuality> {
  const { asked, shown, pairs, searches } = questions;
  const methods = methodsOf(shop, questions, subjects);
  const measured: Record<string, SimilarMeasures> = {};
  const hits: Record<string, readonly number[]> = {};
  const searched: Record<string, SearchMeasures> = {};
  for (const [name, method] of Object.entries(methods)) {
    ({ measures: measured[name], hits: hits[name] } = await measureSimilarity(name, method, questions, reporter));
    if (method.search && searches.length > 0) searched[name] = await measureSearch(searches, method.search);
  }
  const { ids } = shop.catalogue;
  const shownMethods = [SERVED, ...(subjects.other ? [otherName(subjects.other)] : []), TF_IDF];
  const lists: SimilarQuality['shown'][number][] = [];
  for (const article of shown) {
    const shownLists: Record<string, string[]> = {};
    for (const name of shownMethods) {
      shownLists[name] = (await methods[name].alike(article)).map((alike) => ids[alike]);
    }
    lists.push({ article: ids[article], lists: shownLists });
  }
  return {
    ...{ articles: asked.length, pairs: pairs.length, searches: searches.length },
    methods: measured,
    margins: marginsOf(measured, hits, pairs, createRandom(seed, 'margins')),
    search: searched,
    shown: lists,
  };
}

/** The methods by name, in the order of the tables. */
function methodsOf(
  shop: Dataset,
  { columns, random }: SimilarQuestions,
  { habits, built, other, coPurchase }: SimilarSubjects,
): Record<string, Method> {
  const served = (share: number): Required<Method> =>
    byEncoder(shop, { ...built, habits, coPurchase: share, textParts: built.encoder.parts });
  const methods: Record<string, Method> = {
    random: atRandom(shop, random),
    'same type': sameGroup(shop, columns.type.slots, random),
    [TF_IDF]: tfIdf(shop),
    [ENCODER]: {
      alike: byEncoder(shop, { ...built, habits, coPurchase: 0, textParts: undefined }).alike,
      // A search is the same for every share of co-purchases.
      search: served(0).search,
    },
  };
  for (const share of new Set([CO_PURCHASE_SHARE, ...coPurchase])) {
    const { alike } = served(share);
    methods[share === CO_PURCHASE_SHARE ? SERVED : `${ENCODER}, co-purchase ${String(share)}`] = { alike };
  }
  if (other) {
    const parts = { ...other, habits, coPurchase: CO_PURCHASE_SHARE, textParts: other.encoder.parts };
    methods[otherName(other)] = byEncoder(shop, parts);
  }
  return methods;
}

function otherName({ name }: { readonly name: string }): string {
  return `${ENCODER} ${name}`;
}

/** @returns `hits` [pairs]: 1 if the list for the one article contains the other, otherwise 0 */
async function measureSimilarity(
  name: string,
  { alike }: Method,
  { columns, asked, pairs }: SimilarQuestions,
  reporter: Reporter,
): Promise<{ measures: SimilarMeasures; hits: number[] }> {
  const progress = reporter.progress(`Similar by ${name}`, asked.length + pairs.length, 'lists');
  const lists = new Map<number, number[]>();
  const sold = pairs.map(({ one }) => one);
  for (const article of [...sold, ...asked]) {
    lists.set(article, lists.get(article) ?? (await alike(article)));
    progress.tick(lists.size);
  }
  const listOf = (article: number): number[] => lists.get(article) ?? [];
  const hits = pairs.map(({ one, other }) => Number(listOf(one).includes(other)));
  const measures = {
    catalogue: agreement(columns, asked, listOf),
    sold: agreement(columns, sold, listOf),
    bought: meanOrZero(hits),
  };
  progress.done();
  return { measures, hits };
}

/** The margin of each encoder over TF-IDF. */
function marginsOf(
  measured: Readonly<Record<string, SimilarMeasures>>,
  hits: Readonly<Record<string, readonly number[]>>,
  pairs: readonly BoughtPair[],
  random: Random,
): Record<string, Margin> {
  const customers = pairs.map(({ customer }) => customer);
  const margins = Object.entries(measured).flatMap(([name, measures]): [string, Margin][] => {
    if (!name.startsWith(ENCODER)) return [];
    const [own, others] = resampledMeans([hits[name], hits[TF_IDF]], customers, RESAMPLES, random);
    const interval = percentileInterval(
      own.map((value, r) => value - others[r]),
      0.95,
    );
    return [[name, { ...less(measures, measured[TF_IDF]), interval }]];
  });
  return Object.fromEntries(margins);
}

function less(one: SimilarMeasures, other: SimilarMeasures): SimilarMeasures {
  const of = (by: 'catalogue' | 'sold'): Agreement => ({
    type: one[by].type - other[by].type,
    colour: one[by].colour - other[by].colour,
    pattern: one[by].pattern - other[by].pattern,
    department: one[by].department - other[by].department,
  });
  return { catalogue: of('catalogue'), sold: of('sold'), bought: one.bought - other.bought };
}

function isNamed({ slots, nameOf }: NamedColumn): boolean {
  return slots.some((slot) => nameOf(slot) !== undefined);
}

/** The mean share of an article's list that agrees with the article in each column. */
function agreement(
  columns: Readonly<Record<Column, NamedColumn>>,
  asked: readonly number[],
  listOf: (article: number) => number[],
): Agreement {
  const shareOf = ({ slots }: NamedColumn): number =>
    meanOrZero(
      asked.map((article) => meanOrZero(listOf(article).map((other) => Number(slots[other] === slots[article])))),
    );
  return {
    type: shareOf(columns.type),
    colour: shareOf(columns.colour),
    pattern: shareOf(columns.pattern),
    department: shareOf(columns.department),
  };
}
