// Similar articles and searches: both rank articles by their similarity to an article or to words.
import { LRUCache } from 'lru-cache';
import type { ArticleRow, Store } from '../data/store/store';
import { CO_PURCHASE_SHARE, rankAlike, type AlikePurchases } from '../ranking/alike';
import type { LiveArticles } from './live/live-articles';
import { presentAlike } from './present';
import { readArticles } from './read';
import type { Recommender, SimilarArticle, SimilarRequest } from './types';

/** Default of the maximum number of articles of one product in a list. */
const PER_PRODUCT = 2;

/**
 * Maximum number of articles in all kept lists together, 80 bytes each. People look at the lists of
 * a few thousand articles again and again, mostly lists of twelve.
 */
const KEPT_ALIKE = 240_000;

export function createSimilar(
  store: Pick<Store, 'articlesById'>,
  articles: LiveArticles,
  coPurchases: AlikePurchases,
): Recommender['similar'] {
  const kept = new KeptLists();
  const { catalogue } = articles;
  return async (requests) => {
    const own = await readArticles(store, (article) => articles.articleOf(article), requests);
    const { edition } = articles;
    const lists: (SimilarArticle[] | null)[] = requests.map((request, r) => kept.get(edition, own[r], request));
    const missing = own.flatMap((article, r) => (article === null || lists[r] !== null ? [] : [{ r, article }]));
    if (missing.length === 0) return lists;
    const texts = await articles.embedArticles(missing.map(({ article }) => article));
    const wanted = missing.map(({ r, article }) => ({
      // An article that was added since the last refresh has no catalogue index yet. An index of −1
      // excludes no other article.
      article: typeof article === 'number' ? article : (catalogue.indexOf(article.key) ?? -1),
      ...wantedOf(requests[r]),
    }));
    const ranked = presentAlike(await rankAlike(articles, coPurchases, texts, wanted), catalogue);
    missing.forEach(({ r, article }, i) => {
      lists[r] = ranked[i];
      // A list is not kept if an article changed in the meantime, since parts of the list may be
      // out of date.
      if (articles.edition === edition) kept.keep(article, requests[r], ranked[i]);
    });
    return lists;
  };
}

export function createSearch(articles: LiveArticles, coPurchases: AlikePurchases): Recommender['search'] {
  return async (requests) => {
    if (requests.length === 0) return [];
    const texts = requests.map(({ text }) => text);
    const embedded = await articles.embedTexts(texts, 'search');
    const wanted = requests.map(({ first }) => ({ first, coPurchase: 0, perProduct: PER_PRODUCT }));
    return presentAlike(await rankAlike(articles, coPurchases, embedded, wanted), articles.catalogue);
  };
}

/** The recently requested lists. They are valid for one edition of the shop's articles. */
class KeptLists {
  readonly #lists = new LRUCache<string, SimilarArticle[]>({
    maxSize: KEPT_ALIKE,
    sizeCalculation: ({ length }) => length + 1,
  });
  #edition = -1;

  /** Returns the kept list, null if there is none. */
  get(edition: number, own: ArticleRow | number | null, request: SimilarRequest): SimilarArticle[] | null {
    if (edition !== this.#edition) this.#lists.clear();
    this.#edition = edition;
    return typeof own === 'number' ? (this.#lists.get(keyOf(own, request)) ?? null) : null;
  }

  /** Keeps a list, unless its article has no catalogue index. */
  keep(own: ArticleRow | number, request: SimilarRequest, list: SimilarArticle[]): void {
    if (typeof own === 'number') this.#lists.set(keyOf(own, request), list);
  }
}

/** A key of everything that the list of an article depends on, apart from the shop. */
function keyOf(own: number, request: SimilarRequest): string {
  const { first, coPurchase, perProduct } = wantedOf(request);
  return `${own} ${first} ${coPurchase} ${perProduct}`;
}

function wantedOf({ first, coPurchase = CO_PURCHASE_SHARE, perProduct = PER_PRODUCT }: SimilarRequest) {
  return { first, coPurchase, perProduct };
}
