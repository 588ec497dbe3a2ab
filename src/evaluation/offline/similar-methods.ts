// Methods that find similar articles or search by words: the encoders as they are served, and
// simple baselines. Articles are catalogue indices.

import type { VectorParts } from '../../features/vector-parts';
import type { Dataset } from '../../dataset/dataset';
import type { Habits } from '../../statistics/habits';
import { words } from '../../features/words';
import type { Random } from '../../random';
import { rankAlike, type Likeness } from '../../ranking/alike';
import type { VectorIndex } from '../../index/vector-index';
import { bestOf } from '../../statistics/best';

/**
 * The length of a list, and the maximum number of articles of one product in it. Both are the same
 * as in serving.
 */
export const AT = 12;
export const PER_PRODUCT = 2;
/** Number of articles that the baselines find, before the limit for each product applies. */
const DEEP = 200;

export interface Method {
  /** The twelve articles most similar to one, best first, without the article itself. */
  readonly alike: (article: number) => Promise<number[]>;
  /** The twelve articles that fit each text best. undefined if the method cannot read words. */
  readonly search?: (texts: readonly string[]) => Promise<number[][]>;
}

/** An encoder of texts, as far as it is needed here. */
export interface Encoding {
  readonly dim: number;
  readonly parts?: VectorParts;
  /** @returns [texts, dim] */
  encode(texts: readonly string[], kind: 'search'): Promise<Float32Array>;
}

export interface EncoderParts {
  readonly encoder: Encoding;
  /** [articles, dim] */
  readonly vectors: Float32Array;
  /** Holds the vectors, by catalogue index. */
  readonly index: VectorIndex;
  readonly habits: Pick<Habits, 'coPurchases'>;
  /** The share of co-purchases in the similarity. */
  readonly coPurchase: number;
  /**
   * The parts of the encoder's vectors, as in serving; undefined to take the vectors as they are.
   */
  readonly textParts: VectorParts | undefined;
}

/** Ranks by an encoder's vectors, with the code that serves. */
export function byEncoder({ catalogue }: Dataset, parts: EncoderParts): Required<Method> {
  const { encoder, vectors, index, habits, coPurchase, textParts } = parts;
  const { dim } = encoder;
  const vectorOf = (article: number): Float32Array => vectors.subarray(article * dim, (article + 1) * dim);
  const articles = {
    catalogue,
    textParts,
    textVectorOf: vectorOf,
    async similar(queries: Float32Array, most: number) {
      const { ids, scores, k } = await index.search(queries, most);
      return Array.from({ length: queries.length / dim }, (_, r) =>
        Array.from({ length: k }, (_unused, i) => ({ article: ids[r * k + i], score: scores[r * k + i] })),
      );
    },
  };
  const ranked = async (queries: Float32Array, wanted: readonly Pick<Likeness, 'article'>[]): Promise<number[][]> => {
    const all = wanted.map((one) => ({ ...one, first: AT, coPurchase, perProduct: PER_PRODUCT }));
    return (await rankAlike(articles, habits.coPurchases, queries, all)).map((list) =>
      list.map(({ article }) => article),
    );
  };
  return {
    alike: async (article) => (await ranked(vectorOf(article), [{ article }]))[0],
    search: async (texts) =>
      ranked(
        await encoder.encode(texts, 'search'),
        texts.map(() => ({})),
      ),
  };
}

export function atRandom(shop: Dataset, random: Random): Method {
  const { size } = shop.catalogue;
  return {
    alike: async (article) =>
      limited(
        shop,
        article,
        Array.from({ length: DEEP }, () => random.int(size)),
      ),
  };
}

/** Random articles of the same group. */
export function sameGroup(shop: Dataset, groups: Int32Array, random: Random): Method {
  const members = new Map<number, number[]>();
  groups.forEach((group, article) => {
    const list = members.get(group);
    if (list) list.push(article);
    else members.set(group, [article]);
  });
  return {
    async alike(article) {
      const all = members.get(groups[article]) ?? [];
      const drawn = sample(all.length, DEEP, random).map((i) => all[i]);
      return limited(shop, article, drawn);
    },
  };
}

/** The cosine of TF-IDF vectors of the articles' texts, with each word once. */
export function tfIdf(shop: Dataset): Method {
  const { texts } = shop;
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
  const nearest = (bag: Iterable<string>): Int32Array => {
    scores.fill(0);
    for (const word of bag) {
      const weight = idf(word) ** 2;
      for (const other of postings.get(word) ?? []) scores[other] += weight / norms[other];
    }
    const found = [...scores.keys()].filter((article) => scores[article] > 0);
    return bestOf(found, DEEP, (a, b) => scores[b] - scores[a] || a - b);
  };
  return {
    alike: async (article) => limited(shop, article, nearest(bags[article])),
    search: async (queries) => queries.map((text) => limited(shop, -1, nearest(new Set(words(text))))),
  };
}

/** The first twelve, without the article itself and with the limit for each product. */
function limited({ catalogue }: Dataset, own: number, found: Iterable<number>): number[] {
  const counts = new Map<number, number>();
  const list: number[] = [];
  for (const article of found) {
    if (article === own) continue;
    const product = catalogue.productOf(article);
    const count = product === null ? 1 : (counts.get(product) ?? 0) + 1;
    if (product !== null) counts.set(product, count);
    if (count <= PER_PRODUCT) list.push(article);
    if (list.length === AT) break;
  }
  return list;
}

/** Draws `most` different numbers below `size`, or all of them if there are fewer. */
export function sample(size: number, most: number, random: Random): number[] {
  const all = Int32Array.from({ length: size }, (_, i) => i);
  const count = Math.min(most, size);
  for (let i = 0; i < count; i++) {
    const j = i + random.int(size - i);
    [all[i], all[j]] = [all[j], all[i]];
  }
  return [...all.subarray(0, count)];
}
