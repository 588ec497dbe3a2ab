// The stage "retrieve": asks every source and merges the articles that the sources found, each
// article once. The same code finds candidates in training and in serving.
import { setImmediate } from 'node:timers/promises';
import type { Catalogue } from '../features/catalogue';
import type { Customers } from '../features/customers';
import type { AgeBands } from '../statistics/age-bands';
import type { CoPurchases } from '../statistics/co-purchase';
import type { Moment } from '../statistics/moment';
import { bitOf, type Candidates } from './candidates';
import { CO_PURCHASES } from './sources/co-purchases';
import { ownPurchases } from './sources/own-purchases';
import type { Asked } from './sources/source';
import { MAX_CANDIDATES, SOURCES } from './sources/sources';
import { dotRow, type VectorRows } from './vector-rows';

export interface RetrieveParts {
  readonly catalogue: Pick<Catalogue, 'variantsOf'>;
  readonly coPurchases: Pick<CoPurchases, 'scores'>;
  readonly bands: AgeBands;
  readonly vectors: VectorRows & {
    /** Whether an article may be a candidate: it is in the shop, and is not hidden. */
    readonly shown: (article: number) => boolean;
  };
  /** [n, dim] query vectors of customers. */
  readonly embed: (customers: Customers) => Promise<Float32Array>;
  /** The articles nearest to each query. */
  readonly nearest: (queries: Float32Array, most: number) => Promise<number[][]>;
  /** Number of customers whose candidates are found before the event loop gets a turn. */
  readonly atOnce: number;
}

/**
 * Finds the candidates of each customer. With `hideHistory`, no candidate is among the customer's
 * purchases, and each source finds other articles instead.
 */
export type Retrieve = (customers: Customers, moment: Moment, hideHistory?: boolean) => Promise<Candidates[]>;

export function createRetrieve(parts: RetrieveParts): Retrieve {
  const { catalogue, coPurchases, bands, vectors, embed, nearest, atOnce } = parts;
  const merger = new Merger(vectors);
  return async (customers, moment, hideHistory = false) => {
    const queries = await embed(customers);
    const bandOf = bands.of(customers.encoded);
    const candidates: Candidates[] = [];
    for (let from = 0; from < customers.histories.length; from += atOnce) {
      if (from > 0) await setImmediate();
      const histories = customers.histories.slice(from, from + atOnce);
      const own = queries.subarray(from * vectors.dim, (from + histories.length) * vectors.dim);
      const asked: Asked = {
        histories,
        bands: bandOf.subarray(from, from + histories.length),
        moment,
        variantsOf: (article) => catalogue.variantsOf(article),
        together: histories.map((history) => coPurchases.scores(history, hideHistory ? Infinity : CO_PURCHASES.limit)),
        nearest: (most) => nearest(own, most),
      };
      candidates.push(...(await findCandidates(asked, own, merger, hideHistory)));
    }
    return candidates;
  };
}

/** @param queries [n, dim] */
async function findCandidates(
  asked: Asked,
  queries: Float32Array,
  merger: Merger,
  hideHistory: boolean,
): Promise<Candidates[]> {
  const hidden = asked.histories.map((history) => new Set(hideHistory ? ownPurchases(history) : []));
  const most = Math.max(0, ...hidden.map(({ size }) => size));
  const lists = await Promise.all(SOURCES.map((source) => source.find(asked, source.limit + most)));
  const { dim } = merger.vectors;
  return hidden.map((articles, r) => {
    const query = queries.subarray(r * dim, (r + 1) * dim);
    const own = lists.map((list) => list[r]);
    return merger.merge(own, query, asked.together[r], articles);
  });
}

/**
 * Merges the lists of the sources, one customer after another. The look-up array is kept and
 * reused, since a map would be too slow for the several hundred look-ups of each customer.
 */
class Merger {
  readonly #articles = new Int32Array(MAX_CANDIDATES);
  readonly #found = new Uint16Array(MAX_CANDIDATES);
  readonly #cosines = new Float32Array(MAX_CANDIDATES);
  /**
   * The position of each article among the candidates, from 1. 0 if the article is no candidate.
   */
  #places = new Uint16Array(0);

  constructor(readonly vectors: RetrieveParts['vectors']) {}

  /** @param lists by source, in the order of SOURCES */
  merge(
    lists: readonly ArrayLike<number>[],
    query: Float32Array,
    together: Asked['together'][number],
    hidden: ReadonlySet<number>,
  ): Candidates {
    const { vectors } = this;
    const { dim, data } = vectors;
    const [articles, found, cosines] = [this.#articles, this.#found, this.#cosines];
    let count = 0;
    for (let s = 0; s < SOURCES.length; s++) {
      const bit = bitOf(SOURCES[s].name);
      const list = lists[s];
      let left: number = SOURCES[s].limit;
      for (let i = 0; i < list.length && left > 0; i++) {
        const article = list[i];
        if (article < 0 || hidden.has(article)) continue;
        const place = this.#placeOf(article);
        if (place >= 0) found[place] |= bit;
        else {
          if (!vectors.shown(article)) continue;
          articles[count] = article;
          found[count] = bit;
          cosines[count] = dotRow(query, data, article * dim);
          this.#places[article] = ++count;
        }
        left -= 1;
      }
    }
    const scores = this.#scoresOf(together, count);
    for (let i = 0; i < count; i++) this.#places[articles[i]] = 0;
    return {
      articles: articles.slice(0, count),
      found: found.slice(0, count),
      cosines: cosines.slice(0, count),
      together: scores,
    };
  }

  /** [count] the score of each candidate that is among the given articles, 0 for the others. */
  #scoresOf({ articles, scores }: Asked['together'][number], count: number): Float32Array {
    const own = new Float32Array(count);
    for (let i = 0; i < articles.length; i++) {
      const place = this.#placeOf(articles[i]);
      if (place >= 0) own[place] = scores[i];
    }
    return own;
  }

  /** Returns the index of an article among the candidates, −1 if the article is not a candidate. */
  #placeOf(article: number): number {
    if (article >= this.#places.length) {
      const more = new Uint16Array(2 * article + 1024);
      more.set(this.#places);
      this.#places = more;
    }
    return this.#places[article] - 1;
  }
}
