// How good similar articles and searches are, beside baselines that cost nothing: whether what is alike agrees in what the shop says
// of it, whether people who bought the one bought the other, and whether two attributes are found that are searched for. The built-in
// encoder is learnt without the days that it is asked about.
import type { Store } from '../../data/store/store';
import type { TextEncoder } from '../../encoders/text-encoder';
import type { Engine } from '../../engine/engine';
import { encodeShop, readShop } from '../../dataset/dataset';
import { habitsOf } from '../../dataset/habit-counts';
import { createRandom } from '../../random';
import { CO_PURCHASE_SHARE } from '../../ranking/alike';
import type { Reporter } from '../../telemetry/telemetry';
import { percentileInterval, resampledMeans, type Interval } from '../bootstrap';
import type { Checkpoints } from '../../training/optimise/checkpoint';
import type { TrainingConfig } from '../../training/config';
import { embedTexts } from '../../training/stages/embed';
import { indexVectors } from '../../training/stages/fit';
import { fitText } from '../../training/stages/fit-text';
import { DAY } from '../../dataset/protocols';
import { measureSearch, searchQuestions, type NamedColumn, type SearchMeasures } from './search-quality';
import { atRandom, byEncoder, sameGroup, sample, tfIdf, type Method } from './similar-methods';
import { columnsOf, mostBought, pairsAfter, placesOf, type Column } from './similar-questions';

/** The share of what is alike that agrees with the article in each column. */
export type Agreement = Readonly<Record<Column, number>>;

export interface SimilarMeasures {
  /** Of all articles alike. */
  readonly catalogue: Agreement;
  /** Of articles as they are bought: those that people look at. */
  readonly sold: Agreement;
  /** Of pairs bought by one customer on one day, the share where the one is among the twelve of the other. */
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
  /** Searches for two attributes, and of the methods that read words how many of the first twelve have both. */
  readonly searches: number;
  readonly search: Readonly<Record<string, SearchMeasures>>;
  readonly shown: readonly Shown[];
}

export interface SimilarQuestions {
  /** Articles that are asked about at most, and searches. */
  readonly articles: number;
  /** The last days of the data, whose purchases are not learnt from. */
  readonly days: number;
  /** Shares of co-purchases in what is alike that are measured besides what is usual. */
  readonly coPurchase?: readonly number[] | undefined;
  /** Ids of the articles whose lists are given; a number: so many, chosen by `mostBought`. */
  readonly show?: readonly string[] | number;
  /** An encoder that is measured beside the built-in one, and where its vectors are kept. */
  readonly other?: { readonly encoder: TextEncoder; readonly kept: Checkpoints } | undefined;
}

/** The built-in encoder, among the methods: its vectors as they are, looks and taste alike. */
const ENCODER = 'encoder';
/** The same as it is served: looks count more, and the usual share of co-purchases. */
export const SERVED = `${ENCODER}, co-purchase ${String(CO_PURCHASE_SHARE)}`;
const TF_IDF = 'TF-IDF';
const RESAMPLES = 1_000;

/** @throws VitrineError INPUT_INVALID where an article to be shown is not there. */
export async function measureSimilar(
  engine: Engine,
  store: Store,
  config: TrainingConfig,
  { articles, days, coPurchase = [], show = [], other }: SimilarQuestions,
  reporter: Reporter,
): Promise<SimilarQuality> {
  const raw = await readShop(store, reporter);
  const cutoff = { before: Math.floor(raw.last / DAY) * DAY + DAY - days * DAY };
  const shop = await encodeShop(store, raw, cutoff, reporter);
  const known = shop.known(cutoff);
  const columns = columnsOf(shop);
  const shownArticles = typeof show === 'number' ? mostBought(shop, known, columns, show) : placesOf(shop, show);
  const random = createRandom(config.seed, 'similar');
  const pairs = pairsAfter(shop, cutoff.before, random, 10 * articles);
  const asked = sample(shop.catalogue.size, articles, random);
  const { type, colour, pattern } = columns;
  const looks = [colour, pattern].filter(isNamed);
  const questions = searchQuestions(shop, type, looks, articles, createRandom(config.seed, 'search'));
  const habits = habitsOf(shop, known);
  const built = await fitText(engine, shop, known, habits.coPurchases, config, reporter);
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
    const { vectors } = await embedTexts(other.encoder, shop.texts, other.kept, reporter);
    const index = indexVectors(other.encoder.dim, vectors, reporter);
    const name = `${ENCODER} ${other.encoder.name}`;
    methods[name] = byEncoder(shop, {
      encoder: other.encoder,
      vectors,
      index,
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
    const listOf = (article: number): number[] => {
      const list = lists.get(article) ?? alike(article);
      lists.set(article, list);
      progress.tick(lists.size);
      return list;
    };
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
    if (search && questions.length > 0) searched[name] = await measureSearch(questions, search);
  }
  const { ids } = shop.catalogue;
  const shown = shownArticles.map((article) => ({
    article: ids[article],
    lists: Object.fromEntries(
      shownMethods.map((name) => [name, methods[name].alike(article).map((alike) => ids[alike])]),
    ),
  }));
  const counts = { articles: asked.length, pairs: pairs.length, searches: questions.length };
  const customers = pairs.map(({ customer }) => customer);
  const resampling = createRandom(config.seed, 'margins');
  const margins = Object.entries(measured).flatMap(([name, measures]): [string, Margin][] => {
    if (!name.startsWith(ENCODER)) return [];
    const [own, others] = resampledMeans([hits[name], hits[TF_IDF]], customers, RESAMPLES, resampling);
    const interval = percentileInterval(
      own.map((value, r) => value - others[r]),
      0.95,
    );
    return [[name, { ...less(measures, measured[TF_IDF]), interval }]];
  });
  return { ...counts, methods: measured, margins: Object.fromEntries(margins), search: searched, shown };
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
