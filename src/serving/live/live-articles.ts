// The articles of a running server: the catalogue in memory, and the indexes of the release, which
// are kept up to date with the store. The catalogue holds all articles; the indexes hold those that
// may be shown.
import type { ArticleRow } from '../../data/store/store';
import { textHash } from '../../encoders/text-encoder';
import { Catalogue } from '../../features/catalogue';
import { articleInputs } from '../../features/inputs';
import { articleText } from '../../features/article-text';
import type { TextKind } from '../../features/text';
import type { VectorParts } from '../../features/vector-parts';
import { mayBeShown } from '../../ranking/filter';
import type { Alike } from '../../ranking/alike';
import type { Model } from '../../ranking/model-inputs';
import type { ArticleVectors } from '../../ranking/pipeline';
import { vectorOf } from '../../ranking/vector-rows';
import type { Release } from '../../release/open';

/** Number of articles that a model or a statement processes at once. */
export const CHUNK = 1024;

/** The parts of a release that hold its articles. */
export type ReleaseArticles = Pick<
  Release,
  'encoder' | 'articles' | 'articleIds' | 'versions' | 'similar' | 'similarVectors' | 'texts' | 'textEncoder'
>;

export class LiveArticles {
  readonly catalogue: Catalogue;
  /** Articles by the vectors of the article tower. */
  readonly vectors: ArticleVectors;
  /** The two parts of the vectors of texts, undefined if the vectors have only one part. */
  readonly textParts: VectorParts | undefined;
  /** Number of searches of each index since the shop was opened. */
  readonly searches = { articles: 0, similar: 0 };
  /**
   * Increases when an article is added or removed, is hidden or shown again, or when its text or
   * product changes. Lists of similar articles are valid for one edition.
   */
  edition = 0;

  /**
   * By index id: the catalogue index, −1 if the shop has no such article. The release's rows come
   * first.
   */
  #articleOfId: number[];
  /** By catalogue index: the id in both indexes. */
  readonly #idOfArticle: number[] = [];
  /** By index id: the hash of the text in the similar index, undefined if there is none. */
  readonly #textHashes: (string | undefined)[];
  /** [articles, dim] by catalogue index. */
  #articleVectors: Float32Array = new Float32Array(0);
  /** [ids, dim] by index id: the vectors in the similar index. */
  #textVectors: Float32Array;
  /**
   * By catalogue index: 1 if the shop has the article. The array is small enough for the
   * processor's cache.
   */
  #live = new Uint8Array(0);
  /** By catalogue index: 1 if the article may be shown. */
  #shown = new Uint8Array(0);
  /** By index id: whether both indexes hold the article. */
  readonly #indexed: boolean[];
  /** By the shop's id: the catalogue index. */
  readonly #articleById = new Map<string, number>();
  /** By key: the time of the last change of the row that was read, in Unix milliseconds. */
  readonly #versions = new Map<number, number>();
  /** By the shop's id: the row in the release. */
  readonly #rowOfRelease: ReadonlyMap<string, number>;

  constructor(
    private readonly release: ReleaseArticles,
    private readonly articleTower: Model,
  ) {
    this.catalogue = new Catalogue(release.encoder);
    this.textParts = release.textEncoder.parts;
    this.#articleOfId = release.articleIds.map(() => -1);
    this.#indexed = release.articleIds.map(() => true);
    this.#rowOfRelease = new Map(release.articleIds.map((id, row) => [id, row]));
    this.#textHashes = [...release.texts];
    this.#textVectors = release.similarVectors;
    const data = (): Float32Array => this.#articleVectors;
    this.vectors = {
      dim: release.articles.dim,
      get data() {
        return data();
      },
      has: (article) => this.isLive(article),
      shown: (article) => this.isShown(article),
      index: {
        search: (queries, k) => {
          this.searches.articles += 1;
          return release.articles.search(queries, k);
        },
      },
      articleOf: (id) => this.#articleOfId[id] ?? -1,
    };
  }

  isLive(article: number): boolean {
    return this.#live[article] === 1;
  }

  /** Whether the shop has the article and shows it. */
  isShown(article: number): boolean {
    return this.isLive(article) && this.#shown[article] === 1;
  }

  /**
   * The catalogue index of an article by the shop's id or by its row. Undefined if the article is
   * new or gone, or if its row changed since the last refresh.
   */
  articleOf(known: string | ArticleRow): number | undefined {
    const article = typeof known === 'string' ? this.#articleById.get(known) : this.#indexOfUnchanged(known);
    return article !== undefined && this.isLive(article) ? article : undefined;
  }

  /** The `k` articles whose texts are nearest to each vector [n, dim], best first. */
  async similar(vectors: Float32Array, k: number): Promise<Alike[][]> {
    const { similar } = this.release;
    this.searches.similar += 1;
    const found = await similar.search(vectors, k);
    return Array.from({ length: vectors.length / similar.dim }, (_, r) => {
      const near: Alike[] = [];
      for (let i = r * found.k; i < (r + 1) * found.k; i++) {
        const article = this.#articleOfId[found.ids[i]] ?? -1;
        if (article >= 0 && this.isShown(article)) near.push({ article, score: found.scores[i] });
      }
      return near;
    });
  }

  /** [n, dim] vectors of texts of articles, as `articleText` makes them, or of searches. */
  embedTexts(texts: readonly string[], kind?: TextKind): Promise<Float32Array> {
    return this.release.textEncoder.encode(texts, kind);
  }

  /**
   * [n, dim] vectors of articles' texts. For a catalogue index the stored vector is used. For a row
   * the text is embedded.
   */
  async embedArticles(articles: readonly (number | ArticleRow)[]): Promise<Float32Array> {
    const { dim } = this.release.similar;
    const vectors = new Float32Array(articles.length * dim);
    const unread: { r: number; row: ArticleRow }[] = [];
    articles.forEach((one, r) => {
      if (typeof one === 'number') vectors.set(this.#textVectorAt(one), r * dim);
      else unread.push({ r, row: one });
    });
    if (unread.length === 0) return vectors;
    const read = await this.embedTexts(unread.map(({ row }) => articleText(row)));
    unread.forEach(({ r }, i) => {
      vectors.set(read.subarray(i * dim, (i + 1) * dim), r * dim);
    });
    return vectors;
  }

  /**
   * The vector of an article's text, by catalogue index. Undefined if the article is gone or may
   * not be shown.
   */
  textVectorOf(article: number): Float32Array | undefined {
    return this.isShown(article) ? this.#textVectorAt(article) : undefined;
  }

  /** Takes the rows that the store returns when the shop is opened. */
  async load(rows: readonly ArticleRow[]): Promise<void> {
    const articles = this.catalogue.put(rows);
    await this.#embed(articles);
    const { versions } = this.release;
    const changed: ArticleRow[] = [];
    rows.forEach((row, r) => {
      this.#versions.set(row.key, row.updatedAt.getTime());
      const known = this.#rowOfRelease.get(row.id);
      const id = known ?? this.#articleOfId.length;
      this.#take(id, articles[r], row);
      this.#articleById.set(row.id, articles[r]);
      this.#idOfArticle[articles[r]] = id;
      const isOther = known === undefined || row.updatedAt.getTime() !== versions[known];
      if (isOther || !this.isShown(articles[r])) changed.push(row);
    });
    await this.#index(changed);
  }

  /**
   * Drops the release's articles for which no row was loaded. Returns the catalogue index for each
   * row of the release, −1 for dropped articles.
   */
  async dropUnloaded(): Promise<readonly number[]> {
    const gone = this.#articleOfId.flatMap((article, id) => (article < 0 ? [id] : []));
    await this.#removeIds(gone);
    for (const id of gone) this.#textHashes[id] = undefined;
    return this.#articleOfId;
  }

  /** Whether a row has been read since its last change. */
  knows({ key, updatedAt }: Pick<ArticleRow, 'key' | 'updatedAt'>): boolean {
    return this.#versions.get(key) === updatedAt.getTime();
  }

  /** Takes rows that were added or changed since the last refresh. */
  async update(rows: readonly ArticleRow[]): Promise<void> {
    const products = rows.map(({ key }) => this.#productOf(key));
    const articles = this.catalogue.put(rows);
    if (rows.some(({ key }, r) => this.#productOf(key) !== products[r])) this.edition += 1;
    await this.#embed(articles);
    articles.forEach((article, r) => {
      // An article that was deleted and has come back gets its old id again.
      const id = (this.#idOfArticle[article] ??= this.#articleOfId.length);
      this.#take(id, article, rows[r]);
    });
    await this.#index(rows);
    rows.forEach((row, r) => {
      // From now on the text has a vector. Until now, requests had to read the row.
      this.#articleById.set(row.id, articles[r]);
      this.#versions.set(row.key, row.updatedAt.getTime());
    });
  }

  /** Drops all articles whose keys are not in `keys`. */
  async keepOnly(keys: ReadonlySet<number>): Promise<void> {
    const gone = this.#articleOfId.flatMap((article, id) =>
      article >= 0 && !keys.has(this.catalogue.keys[article]) ? [id] : [],
    );
    for (const id of gone) {
      const article = this.#articleOfId[id];
      this.#versions.delete(this.catalogue.keys[article]);
      this.#live[article] = 0;
      this.#articleOfId[id] = -1;
    }
    await this.#removeIds(gone);
    for (const id of gone) this.#textHashes[id] = undefined;
  }

  #indexOfUnchanged(row: ArticleRow): number | undefined {
    return this.knows(row) ? this.catalogue.indexOf(row.key) : undefined;
  }

  #textVectorAt(article: number): Float32Array {
    const { dim } = this.release.similar;
    const at = this.#idOfArticle[article] * dim;
    return this.#textVectors.subarray(at, at + dim);
  }

  /** The product of an article, undefined if the article is new. */
  #productOf(key: number): number | null | undefined {
    const article = this.catalogue.indexOf(key);
    return article === undefined ? undefined : this.catalogue.productOf(article);
  }

  /** Computes the vectors of articles with the article tower. */
  async #embed(articles: readonly number[]): Promise<void> {
    const { dim } = this.vectors;
    this.#articleVectors = grown(this.#articleVectors, this.catalogue.size * dim, CHUNK * dim);
    for (let from = 0; from < articles.length; from += CHUNK) {
      const part = articles.slice(from, from + CHUNK);
      const vectors = await this.articleTower(articleInputs(this.catalogue, part));
      part.forEach((article, r) => {
        this.#articleVectors.set(vectors.subarray(r * dim, (r + 1) * dim), article * dim);
      });
    }
  }

  /**
   * Updates both indexes: takes out articles that may not be shown, and puts in those whose vectors
   * are missing or out of date. Articles that are not shown keep their vectors here, since other
   * articles are compared with them.
   */
  async #index(rows: readonly ArticleRow[]): Promise<void> {
    if (rows.length === 0) return;
    const ids = rows.map((row) => this.#idOfArticle[this.catalogue.indexOf(row.key) ?? -1]);
    // Only changed texts are embedded: a large encoder is slow, and most changes of a row leave the
    // text as it was.
    const texts = rows.map(articleText);
    const hashes = texts.map(textHash);
    const unread = [...ids.keys()].filter((r) => this.#textHashes[ids[r]] !== hashes[r]);
    const read = await this.embedTexts(unread.map((r) => texts[r]));
    this.#keepTexts(
      unread.map((r) => ids[r]),
      read,
    );
    const isChanged = new Set(unread);
    const shown = [...ids.keys()].filter((r) => this.isShown(this.#articleOfId[ids[r]]));
    await this.#addIds(
      shown.map((r) => ids[r]),
      shown.filter((r) => isChanged.has(r) || !this.#indexed[ids[r]]).map((r) => ids[r]),
    );
    await this.#removeIds(ids.filter((id) => this.#indexed[id] && !this.isShown(this.#articleOfId[id])));
    for (const r of unread) this.#textHashes[ids[r]] = hashes[r];
  }

  /** Puts articles into the index of the towers, and some of them into that of the texts. */
  async #addIds(ids: readonly number[], withTexts: readonly number[]): Promise<void> {
    const { articles, similar } = this.release;
    const vectors = new Float32Array(ids.length * this.vectors.dim);
    ids.forEach((id, i) => {
      vectors.set(vectorOf(this.vectors, this.#articleOfId[id]) ?? [], i * this.vectors.dim);
    });
    if (ids.length > 0) await articles.add(Int32Array.from(ids), vectors);
    if (withTexts.length > 0) {
      const texts = new Float32Array(withTexts.length * similar.dim);
      withTexts.forEach((id, i) => texts.set(this.#textVectorAt(this.#articleOfId[id]), i * similar.dim));
      await similar.add(Int32Array.from(withTexts), texts);
      this.edition += 1;
    }
    for (const id of ids) this.#indexed[id] = true;
  }

  #keepTexts(ids: readonly number[], vectors: Float32Array): void {
    const { dim } = this.release.similar;
    const rows = ids.reduce((most, id) => Math.max(most, id + 1), this.#textVectors.length / dim);
    this.#textVectors = grown(this.#textVectors, rows * dim, CHUNK * dim);
    ids.forEach((id, r) => {
      this.#textVectors.set(vectors.subarray(r * dim, (r + 1) * dim), id * dim);
    });
  }

  async #removeIds(ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return;
    this.edition += 1;
    await this.release.articles.remove(Int32Array.from(ids));
    await this.release.similar.remove(Int32Array.from(ids));
    for (const id of ids) this.#indexed[id] = false;
  }

  /** Marks an article as present in the shop, under this id in both indexes. */
  #take(id: number, article: number, row: ArticleRow): void {
    this.#articleOfId[id] = article;
    if (article >= this.#live.length) {
      const size = Math.max(article, this.catalogue.size) + CHUNK;
      this.#live = flags(this.#live, size);
      this.#shown = flags(this.#shown, size);
    }
    this.#live[article] = 1;
    this.#shown[article] = Number(mayBeShown(row));
  }
}

function flags(former: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const more = new Uint8Array(size);
  more.set(former);
  return more;
}

/**
 * Returns an array with the same numbers and room for at least `size`. A new array gets spare room.
 */
function grown(numbers: Float32Array, size: number, spare: number): Float32Array {
  if (size <= numbers.length) return numbers;
  const more = new Float32Array(Math.max(size, numbers.length + spare));
  more.set(numbers);
  return more;
}
