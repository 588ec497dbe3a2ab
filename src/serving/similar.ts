// Similar articles and searches: both rank articles by how alike they are, to an article or to
// words.
import { LRUCache } from 'lru-cache';
import type { ArticleRow, Store } from '../data/store/store';
import { CO_PURCHASE_SHARE, rankAlike, type AlikePurchases } from '../ranking/alike';
import type { LiveArticles } from './live/live-articles';
import { presentAlike } from './present';
import { readArticles } from './read';
import type { Recommender, SimilarArticle, SimilarRequest } from './types';

/** Articles of one product that a list has at most if a request names no number. */
const PER_PRODUCT = 2;

/**
 * Articles in the kept lists, 80 bytes each. People look at some thousands again and again, mostly
 * at lists of twelve.
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
      // An article that came since the last refresh has no place yet: −1 keeps no other out.
      article: typeof article === 'number' ? article : (catalogue.indexOf(article.key) ?? -1),
      ...wantedOf(requests[r]),
    }));
    const ranked = presentAlike(await rankAlike(articles, coPurchases, texts, wanted), catalogue);
    missing.forEach(({ r, article }, i) => {
      lists[r] = ranked[i];
      // If an article changed meanwhile, one part of the list may be older than the other.
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

/** The lists that were asked for lately. They hold for one edition of the shop's articles. */
class KeptLists {
  readonly #lists = new LRUCache<string, SimilarArticle[]>({
    maxSize: KEPT_ALIKE,
    sizeCalculation: ({ length }) => length + 1,
  });
  #edition = -1;

  /** null: it is not kept. */
  get(edition: number, own: ArticleRow | number | null, request: SimilarRequest): SimilarArticle[] | null {
    if (edition !== this.#edition) this.#lists.clear();
    this.#edition = edition;
    return typeof own === 'number' ? (this.#lists.get(keyOf(own, request)) ?? null) : null;
  }

  /** Keeps no list of an article without a place in the catalogue. */
  keep(own: ArticleRow | number, request: SimilarRequest, list: SimilarArticle[]): void {
    if (typeof own === 'number') this.#lists.set(keyOf(own, request), list);
  }
}

/** Everything that the list of an article depends on, besides the shop. */
function keyOf(own: number, request: SimilarRequest): string {
  const { first, coPurchase, perProduct } = wantedOf(request);
  return `${own} ${first} ${coPurchase} ${perProduct}`;
}

function wantedOf({ first, coPurchase = CO_PURCHASE_SHARE, perProduct = PER_PRODUCT }: SimilarRequest) {
  return { first, coPurchase, perProduct };
}
