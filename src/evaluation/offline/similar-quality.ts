// How good similar articles and searches are, beside baselines that cost nothing: whether what is
// alike agrees in what the shop says of it, whether people who bought the one bought the other, and
// whether two attributes are found that are searched for. Trains nothing.
import type { HistoryEnds, Dataset } from '../../dataset/dataset';
import { createRandom, type Random } from '../../random';
import { CO_PURCHASE_SHARE } from '../../ranking/alike';
import type { Reporter } from '../../telemetry/progress';
import { percentileInterval, resampledMeans, type Interval } from '../bootstrap';
import {
  measureSearch,
  searchQuestions,
  type NamedColumn,
  type SearchMeasures,
  type SearchQuestion,
} from './search-quality';
import { atRandom, byEncoder, sameGroup, sample, tfIdf, type EncoderParts, type Method } from './similar-methods';
import { columnsOf, mostBought, pairsAfter, placesOf, type BoughtPair, type Column } from './similar-questions';

/** The share of what is alike that agrees with the article in each column. */
export type Agreement = Readonly<Record<Column, number>>;

export interface SimilarMeasures {
  /** Of all articles alike. */
  readonly catalogue: Agreement;
  /** Of articles as they are bought: those that people look at. */
  readonly sold: Agreement;
  /**
   * Of pairs bought by one customer on one day, the share where the one is among the twelve of the
   * other.
   */
  readonly bought: number;
}

/** What an encoder has more than TF-IDF. */
export interface Margin extends SimilarMeasures {
  /** Of `bought`, 95 %, over resampled customers. */
  readonly interval: Interval;
}

/** An article and what is most like it by some methods; ids of the shop. */
export interface Shown {
  readonly article: string;
  readonly lists: Readonly<Record<string, readonly string[]>>;
}

export interface SimilarQuality {
  readonly articles: number;
  /** Pairs of articles of different products. */
  readonly pairs: number;
  readonly methods: Readonly<Record<string, SimilarMeasures>>;
  /** Of each encoder, with each share of co-purchases. */
  readonly margins: Readonly<Record<string, Margin>>;
  /**
   * Searches for two attributes, and of the methods that read words how many of the first twelve
   * have both.
   */
  readonly searches: number;
  readonly search: Readonly<Record<string, SearchMeasures>>;
  readonly shown: readonly Shown[];
}

/** What is asked of every method. */
export interface SimilarQuestions {
  readonly columns: Readonly<Record<Column, NamedColumn>>;
  /** Articles that are asked about, by catalogue index. */
  readonly asked: readonly number[];
  /** Articles whose lists are given. */
  readonly shown: readonly number[];
  readonly pairs: readonly BoughtPair[];
  readonly searches: readonly SearchQuestion[];
  /** What the baselines draw from. */
  readonly random: Random;
}

export interface QuestionOptions {
  /** Articles that are asked about at most, and searches. */
  readonly articles: number;
  /** Ids of the articles whose lists are given; a number: so many, chosen by `mostBought`. */
  readonly show: readonly string[] | number;
  readonly seed: number;
}

/** An encoder with its vectors of the shop's articles, to be measured. */
export type Encoded = Pick<EncoderParts, 'vectors' | 'index'> & { readonly encoder: EncoderParts['encoder'] };

/** What is measured, with the habits that were known before what is asked. */
export interface SimilarSubjects {
  readonly habits: EncoderParts['habits'];
  readonly built: Encoded;
  /** An encoder that is measured beside the built-in one. */
  readonly other?: (Encoded & { readonly name: string }) | undefined;
  /** Shares of co-purchases in what is alike that are measured besides what is usual. */
  readonly coPurchase: readonly number[];
}

/** The built-in encoder, among the methods: its vectors as they are, looks and taste alike. */
const ENCODER = 'encoder';
/** The same as it is served: looks count more, and the usual share of co-purchases. */
export const SERVED = `${ENCODER}, co-purchase ${String(CO_PURCHASE_SHARE)}`;
const TF_IDF = 'TF-IDF';
const RESAMPLES = 1_000;

/**
 * Draws the questions on purchases from a moment on.
 * @throws VitrineError INPUT_INVALID where an article to be shown is not there.
 */
export function similarQuestions(
  shop: Dataset,
  known: HistoryEnds,
  from: number,
  { articles, show, seed }: QuestionOptions,
): SimilarQuestions {
  const columns = columnsOf(shop);
  const shown = typeof show === 'number' ? mostBought(shop, known, columns, show) : placesOf(shop, show);
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
  { columns, asked, shown, pairs, searches, random }: SimilarQuestions,
  { habits, built, other, coPurchase }: SimilarSubjects,
  seed: number,
  reporter: Reporter,
): Promise<SimilarQuality> {
  const served = (coPurchase: number): Required<Method> =>
    byEncoder(shop, { ...built, habits, coPurchase, textParts: built.encoder.parts });
  const methods: Record<string, Method> = {
    random: atRandom(shop, random),
    'same type': sameGroup(shop, columns.type.slots, random),
    [TF_IDF]: tfIdf(shop),
    [ENCODER]: {
      alike: byEncoder(shop, { ...built, habits, coPurchase: 0, textParts: undefined }).alike,
      // Words are searched as they are when serving, whatever share purchases have.
      search: served(0).search,
    },
  };
  for (const share of new Set([CO_PURCHASE_SHARE, ...coPurchase])) {
    const { alike } = served(share);
    methods[share === CO_PURCHASE_SHARE ? SERVED : `${ENCODER}, co-purchase ${String(share)}`] = { alike };
  }
  const shownMethods = [SERVED, TF_IDF];
  if (other) {
    const name = `${ENCODER} ${other.name}`;
    methods[name] = byEncoder(shop, {
      ...other,
      habits,
      coPurchase: CO_PURCHASE_SHARE,
      textParts: other.encoder.parts,
    });
    shownMethods.splice(1, 0, name);
  }
  const measured: Record<string, SimilarMeasures> = {};
  const hits: Record<string, readonly number[]> = {};
  const searched: Record<string, SearchMeasures> = {};
  for (const [name, { alike, search }] of Object.entries(methods)) {
    const progress = reporter.progress(`Similar by ${name}`, asked.length + pairs.length, 'lists');
    const lists = new Map<number, number[]>();
    for (const article of [...pairs.map(({ one }) => one), ...asked]) {
      lists.set(article, lists.get(article) ?? (await alike(article)));
      progress.tick(lists.size);
    }
    const listOf = (article: number): number[] => lists.get(article) ?? [];
    hits[name] = pairs.map(({ one, other: bought }) => Number(listOf(one).includes(bought)));
    measured[name] = {
      catalogue: agreement(columns, asked, listOf),
      sold: agreement(
        columns,
        pairs.map(({ one }) => one),
        listOf,
      ),
      bought: mean(hits[name]),
    };
    progress.done();
    if (search && searches.length > 0) searched[name] = await measureSearch(searches, search);
  }
  const { ids } = shop.catalogue;
  const lists: SimilarQuality['shown'][number][] = [];
  for (const article of shown) {
    const shownLists: Record<string, string[]> = {};
    for (const name of shownMethods) {
      shownLists[name] = (await methods[name].alike(article)).map((alike) => ids[alike]);
    }
    lists.push({ article: ids[article], lists: shownLists });
  }
  const counts = { articles: asked.length, pairs: pairs.length, searches: searches.length };
  const customers = pairs.map(({ customer }) => customer);
  const resampling = createRandom(seed, 'margins');
  const margins = Object.entries(measured).flatMap(([name, measures]): [string, Margin][] => {
    if (!name.startsWith(ENCODER)) return [];
    const [own, others] = resampledMeans([hits[name], hits[TF_IDF]], customers, RESAMPLES, resampling);
    const interval = percentileInterval(
      own.map((value, r) => value - others[r]),
      0.95,
    );
    return [[name, { ...less(measures, measured[TF_IDF]), interval }]];
  });
  return { ...counts, methods: measured, margins: Object.fromEntries(margins), search: searched, shown: lists };
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

/** The share of an article's list that agrees with it in each column, averaged. */
function agreement(
  columns: Readonly<Record<Column, NamedColumn>>,
  asked: readonly number[],
  listOf: (article: number) => number[],
): Agreement {
  const shareOf = ({ slots }: NamedColumn): number =>
    mean(asked.map((article) => mean(listOf(article).map((other) => Number(slots[other] === slots[article])))));
  return {
    type: shareOf(columns.type),
    colour: shareOf(columns.colour),
    pattern: shareOf(columns.pattern),
    department: shareOf(columns.department),
  };
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
