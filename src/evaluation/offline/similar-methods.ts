// Ways to find articles that are like one, or that fit some words: the encoders, as serving asks
// them, and baselines that cost nothing. Knows nothing of what is measured.
import type { VectorParts } from '../../features/vector-parts';
import type { Dataset } from '../../dataset/dataset';
import type { Habits } from '../../statistics/habits';
import { words } from '../../features/text';
import type { Random } from '../../random';
import { rankAlike, type Likeness } from '../../ranking/alike';
import type { VectorIndex } from '../../index/vector-index';

/** How many are found, and of one product at most, as when serving. */
export const AT = 12;
export const PER_PRODUCT = 2;
/** What the baselines look at, before the limit of a product: enough for twelve. */
const DEEP = 200;

export interface Method {
  /**
   * The twelve that are most like an article, best first, without itself. By catalogue indices, as
   * all here.
   */
  readonly alike: (article: number) => Promise<number[]>;
  /** The twelve that fit each text best; absent where there is no reading of words. */
  readonly search?: (texts: readonly string[]) => Promise<number[][]>;
}

/** What makes vectors of texts, as far as it is measured. */
export interface Encoding {
  readonly dim: number;
  readonly parts?: VectorParts;
  /** [texts.length, dim] the words of searches, in the order of the texts. */
  encode(texts: readonly string[], kind: 'search'): Promise<Float32Array>;
}

export interface EncoderParts {
  readonly encoder: Encoding;
  /** [articles, dim] of the articles' texts, and their index; ids are places. */
  readonly vectors: Float32Array;
  readonly index: VectorIndex;
  readonly habits: Pick<Habits, 'coPurchases'>;
  /** The share of co-purchases in what is alike. */
  readonly coPurchase: number;
  /** Those of the encoder, as when serving; undefined: its vectors are taken as they are. */
  readonly textParts: VectorParts | undefined;
}

/** By the vectors of an encoder, ranked by the code that serves. */
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

/** Any of the same group. */
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

/** Cosine of TF-IDF vectors of the articles' texts: each word once, as the encoder reads them. */
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
  const nearest = (bag: Iterable<string>): number[] => {
    scores.fill(0);
    for (const word of bag) {
      const weight = idf(word) ** 2;
      for (const other of postings.get(word) ?? []) scores[other] += weight / norms[other];
    }
    return highest(scores, DEEP);
  };
  return {
    alike: async (article) => limited(shop, article, nearest(bags[article])),
    search: async (queries) => queries.map((text) => limited(shop, -1, nearest(new Set(words(text))))),
  };
}

/** The first twelve without the article itself, few of one product. */
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

/** The places of the highest scores above 0, best first; equal ones in their order. */
function highest(scores: Float32Array, most: number): number[] {
  const best: number[] = [];
  scores.forEach((score, place) => {
    if (score <= 0 || (best.length === most && score <= scores[best[most - 1]])) return;
    let at = best.length;
    while (at > 0 && scores[best[at - 1]] < score) at -= 1;
    best.splice(at, 0, place);
    if (best.length > most) best.pop();
  });
  return best;
}

/**
 * Some of the numbers below `size`, each once, in any order; all where there are no more than
 * `most`.
 */
export function sample(size: number, most: number, random: Random): number[] {
  const all = Int32Array.from({ length: size }, (_, i) => i);
  const count = Math.min(most, size);
  for (let i = 0; i < count; i++) {
    const j = i + random.int(size - i);
    [all[i], all[j]] = [all[j], all[i]];
  }
  return [...all.subarray(0, count)];
}
