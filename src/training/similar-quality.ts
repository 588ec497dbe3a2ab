// How good similar articles are, beside baselines that cost nothing: whether what is alike agrees in what the shop says of it, and
// whether people who bought the one bought the other. The encoder is learnt without the days that it is asked about.
import type { Store } from '../data/store';
import type { Engine } from '../engine/engine';
import { encodeShop, readShop, type Shop } from '../features/dataset';
import { habitsOf } from '../features/habits';
import { words } from '../features/text';
import { createRandom, type Random } from '../random';
import type { Reporter } from '../telemetry';
import type { TrainingConfig } from './config';
import { fitText } from './fit-text';
import { DAY } from './protocols';

/** Of one product at most so many count, as when serving. */
const PER_PRODUCT = 2;
const AT = 12;
/** What is looked at, before the limit of a product: enough for twelve. */
const DEEP = 200;

/** Columns that should agree, by the names of the encoder's features. */
const COLUMNS = {
  type: 'product_type',
  colour: 'colour_group',
  pattern: 'graphical_appearance',
  department: 'department',
};
type Column = keyof typeof COLUMNS;

export interface SimilarMeasures extends Record<Column, number> {
  /** Of pairs bought by one customer on one day, the share where the one is among the twelve of the other. */
  readonly bought: number;
}

export interface SimilarQuality {
  readonly articles: number;
  /** Pairs of articles of different products. */
  readonly pairs: number;
  readonly methods: Readonly<Record<string, SimilarMeasures>>;
}

export interface SimilarQuestions {
  /** Articles that are asked about at most. */
  readonly articles: number;
  /** The last days of the data, whose purchases are not learnt from. */
  readonly days: number;
}

export async function measureSimilar(
  engine: Engine,
  store: Store,
  config: TrainingConfig,
  { articles, days }: SimilarQuestions,
  reporter: Reporter,
): Promise<SimilarQuality> {
  const raw = await readShop(store, reporter);
  const cutoff = { before: Math.floor(raw.last / DAY) * DAY + DAY - days * DAY };
  const shop = await encodeShop(store, raw, cutoff, reporter);
  const random = createRandom(config.seed, 'similar');
  const pairs = pairsAfter(shop, cutoff.before, random, 10 * articles);
  const asked = sample(shop.catalogue.size, articles, random);
  const known = shop.known(cutoff);
  const { coPurchases } = habitsOf(shop, known);
  const { vectors, index } = await fitText(engine, shop, known, coPurchases, config, reporter);
  const { dim } = config.text;
  const methods: Record<string, Method> = {
    random: () => Int32Array.from({ length: DEEP }, () => random.int(shop.catalogue.size)),
    'same type': sameType(shop, random),
    'TF-IDF': tfIdf(shop),
    encoder: (article) => index.search(vectors.subarray(article * dim, (article + 1) * dim), DEEP).ids,
  };
  const measured: Record<string, SimilarMeasures> = {};
  for (const [name, method] of Object.entries(methods)) {
    const progress = reporter.progress(`Similar by ${name}`, asked.length + pairs.length, 'lists');
    const lists = new Map<number, number[]>();
    const listOf = (article: number): number[] => {
      const list = lists.get(article) ?? limited(shop, article, method(article));
      lists.set(article, list);
      progress.tick(lists.size);
      return list;
    };
    measured[name] = {
      ...agreement(shop, asked, listOf),
      bought: mean(pairs.map(([one, other]) => Number(listOf(one).includes(other)))),
    };
    progress.done();
  }
  return { articles: asked.length, pairs: pairs.length, methods: measured };
}

/** Articles that are like one, best first, itself perhaps among them. */
type Method = (article: number) => Int32Array;

/** The first twelve without the article itself, few of one product. */
function limited({ catalogue }: Shop, own: number, found: Int32Array): number[] {
  const counts = new Map<number, number>();
  const list: number[] = [];
  for (const article of found) {
    if (article < 0 || article === own) continue;
    const product = catalogue.productOf(article);
    const count = product === null ? 1 : (counts.get(product) ?? 0) + 1;
    if (product !== null) counts.set(product, count);
    if (count <= PER_PRODUCT) list.push(article);
    if (list.length === AT) break;
  }
  return list;
}

/** The share of an article's list that agrees with it in each column, averaged. */
function agreement({ catalogue }: Shop, asked: readonly number[], listOf: (article: number) => number[]) {
  const { single } = catalogue.layout;
  const row = new Int32Array(single.length);
  const valueOf = (article: number, column: Column): number => {
    catalogue.copySingle(article, row, 0);
    return row[single.indexOf(COLUMNS[column])];
  };
  const shareOf = (column: Column): number =>
    mean(
      asked.map((article) => {
        const value = valueOf(article, column);
        return mean(listOf(article).map((other) => Number(valueOf(other, column) === value)));
      }),
    );
  return {
    type: shareOf('type'),
    colour: shareOf('colour'),
    pattern: shareOf('pattern'),
    department: shareOf('department'),
  };
}

function sameType({ catalogue }: Shop, random: Random): Method {
  const place = catalogue.layout.single.indexOf(COLUMNS.type);
  const row = new Int32Array(catalogue.layout.single.length);
  const typeOf = (article: number): number => {
    catalogue.copySingle(article, row, 0);
    return row[place];
  };
  const ofType = new Map<number, number[]>();
  for (let article = 0; article < catalogue.size; article++) {
    const type = typeOf(article);
    const list = ofType.get(type);
    if (list) list.push(article);
    else ofType.set(type, [article]);
  }
  return (article) => {
    const all = ofType.get(typeOf(article)) ?? [];
    return Int32Array.from(sample(all.length, DEEP, random), (i) => all[i]);
  };
}

/** Cosine of TF-IDF vectors of the same texts: each word once, as the encoder reads them. */
function tfIdf({ texts }: Shop): Method {
  const bags = texts.map((text) => [...new Set(words(text))]);
  const postings = new Map<string, number[]>();
  bags.forEach((bag, article) => {
    for (const word of bag) {
      const list = postings.get(word);
      if (list) list.push(article);
      else postings.set(word, [article]);
    }
  });
  const idf = (word: string): number => Math.log(1 + texts.length / (postings.get(word)?.length ?? 1));
  const norms = Float64Array.from(bags, (bag) => Math.hypot(...bag.map(idf)) || 1);
  const scores = new Float32Array(texts.length);
  return (article) => {
    scores.fill(0);
    for (const word of bags[article]) {
      const weight = idf(word) ** 2;
      for (const other of postings.get(word) ?? []) scores[other] += weight / norms[other];
    }
    return highest(scores, DEEP);
  };
}

/** The places of the highest scores above 0, best first. */
function highest(scores: Float32Array, most: number): Int32Array {
  const sorted = scores.filter((score) => score > 0).sort();
  const least = sorted[Math.max(0, sorted.length - most)] ?? Infinity;
  const places: number[] = [];
  scores.forEach((score, place) => {
    if (score >= least) places.push(place);
  });
  return Int32Array.from(places.sort((a, b) => scores[b] - scores[a] || a - b).slice(0, most));
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

/** Some of the numbers below `size`, each once, in any order; all where there are no more than `most`. */
function sample(size: number, most: number, random: Random): number[] {
  const all = Int32Array.from({ length: size }, (_, i) => i);
  const count = Math.min(most, size);
  for (let i = 0; i < count; i++) {
    const j = i + random.int(size - i);
    [all[i], all[j]] = [all[j], all[i]];
  }
  return [...all.subarray(0, count)];
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
