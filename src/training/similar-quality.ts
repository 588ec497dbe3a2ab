// How good similar articles and searches are, beside baselines that cost nothing: whether what is alike agrees in what the shop says
// of it, whether people who bought the one bought the other, and whether two attributes are found that are searched for. The built-in
// encoder is learnt without the days that it is asked about.
import type { Store } from '../data/store';
import type { TextEncoder } from '../encoders/text-encoder';
import type { Engine } from '../engine/engine';
import { VitrineError } from '../errors';
import { encodeShop, readShop, type Known, type Shop } from '../features/dataset';
import { habitsOf } from '../features/habits';
import { createRandom, type Random } from '../random';
import type { Reporter } from '../telemetry';
import type { Checkpoints } from './checkpoint';
import type { TrainingConfig } from './config';
import { embedTexts } from './embed';
import { indexVectors } from './fit';
import { fitText } from './fit-text';
import { DAY } from './protocols';
import { measureSearch, searchQuestions, type NamedColumn, type SearchMeasures } from './search-quality';
import { atRandom, byEncoder, sameGroup, sample, tfIdf, type Method } from './similar-methods';

/** Columns that should agree, by the names of the encoder's features. */
const COLUMNS = {
  type: 'product_type',
  colour: 'colour_group',
  pattern: 'graphical_appearance',
  department: 'department',
};
type Column = keyof typeof COLUMNS;

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
  /** Shares of co-purchases in what is alike that are measured besides none. */
  readonly coPurchase?: readonly number[] | undefined;
  /** Ids of the articles whose lists are given; a number: so many, chosen by `mostBought`. */
  readonly show?: readonly string[] | number;
  /** An encoder that is measured beside the built-in one, and where its vectors are kept. */
  readonly other?: { readonly encoder: TextEncoder; readonly kept: Checkpoints } | undefined;
}

/** The built-in encoder, among the methods. */
const ENCODER = 'encoder';
const TF_IDF = 'TF-IDF';

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
  const methods: Record<string, Method> = {
    random: atRandom(shop, random),
    'same type': sameGroup(shop, columns.type.slots, random),
    [TF_IDF]: tfIdf(shop),
    [ENCODER]: byEncoder(shop, { ...built, habits, coPurchase: 0 }),
  };
  for (const share of coPurchase) {
    const { alike } = byEncoder(shop, { ...built, habits, coPurchase: share });
    methods[`${ENCODER}, co-purchase ${String(share)}`] = { alike };
  }
  const shownMethods = [ENCODER, TF_IDF];
  if (other) {
    const { vectors } = await embedTexts(other.encoder, shop.texts, other.kept, reporter);
    const index = indexVectors(other.encoder.dim, vectors, reporter);
    const name = `${ENCODER} ${other.encoder.name}`;
    methods[name] = byEncoder(shop, { encoder: other.encoder, vectors, index, habits, coPurchase: 0 });
    shownMethods.splice(1, 0, name);
  }
  const measured: Record<string, SimilarMeasures> = {};
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
    measured[name] = {
      catalogue: agreement(columns, asked, listOf),
      sold: agreement(
        columns,
        pairs.map(([one]) => one),
        listOf,
      ),
      bought: mean(pairs.map(([one, bought]) => Number(listOf(one).includes(bought)))),
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
  return { ...counts, methods: measured, search: searched, shown };
}

function columnsOf({ catalogue, encoder }: Shop): Record<Column, NamedColumn> {
  const { single } = catalogue.layout;
  const names = encoder.slotNames('article_fields');
  const row = new Int32Array(single.length);
  const columnOf = (feature: string): NamedColumn => {
    const place = single.indexOf(feature);
    const slots = Int32Array.from({ length: catalogue.size }, (_, article) => {
      catalogue.copySingle(article, row, 0);
      return row[place] ?? -1;
    });
    return {
      slots,
      nameOf(slot) {
        // Of a column's slots the first, which has the column's name alone, stands for what is not known.
        const [, value] = slot < 0 ? [] : (JSON.parse(names[slot]) as [string, string?]);
        return value;
      },
    };
  };
  return {
    type: columnOf(COLUMNS.type),
    colour: columnOf(COLUMNS.colour),
    pattern: columnOf(COLUMNS.pattern),
    department: columnOf(COLUMNS.department),
  };
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

/** The articles that were bought most, each of another type, another colour and another pattern than those before it. */
function mostBought(
  { article, offsets, customers, catalogue }: Shop,
  known: Known,
  { type, colour, pattern }: Readonly<Record<Column, NamedColumn>>,
  most: number,
): number[] {
  const units = new Int32Array(catalogue.size);
  for (let customer = 0; customer < customers; customer++) {
    for (let p = offsets[customer]; p < known[customer]; p++) units[article[p]] += 1;
  }
  const chosen: number[] = [];
  const order = [...units.keys()].sort((a, b) => units[b] - units[a] || a - b);
  for (const one of order) {
    if (chosen.length === most) break;
    const differs = ({ slots }: NamedColumn): boolean => chosen.every((other) => slots[other] !== slots[one]);
    if ([type, colour, pattern].every(differs)) chosen.push(one);
  }
  return chosen;
}

function placesOf({ catalogue }: Shop, ids: readonly string[]): number[] {
  return ids.map((id) => {
    const place = catalogue.ids.indexOf(id);
    if (place < 0) throw new VitrineError('INPUT_INVALID', `There is no article "${id}" in the database.`);
    return place;
  });
}

/** Pairs of different products that one customer bought on one day, in both directions, of the days from a moment on. */
function pairsAfter({ customers, offsets, article, at, catalogue }: Shop, from: number, random: Random, most: number) {
  const pairs: [number, number][] = [];
  for (let customer = 0; customer < customers; customer++) {
    for (let p = offsets[customer]; p < offsets[customer + 1]; p++) {
      if (at[p] < from) continue;
      for (let q = p + 1; q < offsets[customer + 1] && Math.floor(at[q] / DAY) === Math.floor(at[p] / DAY); q++) {
        const product = catalogue.productOf(article[p]);
        const same = product === null ? article[p] === article[q] : product === catalogue.productOf(article[q]);
        if (!same) pairs.push([article[p], article[q]], [article[q], article[p]]);
      }
    }
  }
  return sample(pairs.length, most, random).map((i) => pairs[i]);
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
