// The shop as a running server knows it: the catalogue in memory, the indexes of the release
// brought up to date with the store, what sells, and to whom. Follows the store by itself: a new
// article is found within a second or so, without a new release. Knows nothing of requests.
import { setImmediate } from 'node:timers/promises';
import type { ArticleRow, ArticleSales, SalesHistory, Store } from '../data/store/store';
import { ageBands } from '../statistics/age-bands';
import { Catalogue } from '../features/catalogue';
import { reorderedHabits, type Habits } from '../statistics/habits';
import { articleInputs } from '../features/inputs';
import { vectorOf } from '../ranking/vector-rows';
import { createMoment, QUARTER_DAYS, SALES_DAYS, type Moment } from '../statistics/moment';
import { textHash } from '../encoders/text-encoder';
import type { VectorParts } from '../features/vector-parts';
import { articleText, type TextKind } from '../features/text';
import type { Release } from '../release/open';
import type { Reporter } from '../telemetry/progress';
import type { ArticleVectors, Model } from '../ranking/pipeline';
import { DAY } from '../time';

export interface LiveShop {
  readonly catalogue: Catalogue;
  /** Articles by the vectors of the article tower. */
  readonly vectors: ArticleVectors;
  /** What customers do with articles, as the release knows it, by this catalogue's indices. */
  readonly habits: Habits;
  /** The shop just after its newest purchase. */
  moment(): Moment;
  /**
   * The `k` articles whose texts are nearest to each vector [n, dim], best first: catalogue index
   * and dot product.
   */
  similar(vectors: Float32Array, k: number): Promise<{ article: number; score: number }[][]>;
  /**
   * Moves on when an article comes or goes, or its text or product changes: what was alike before
   * may not be any more.
   */
  readonly edition: number;
  /** [n, dim] vectors of texts of articles, as `articleText` makes them, or of searches. */
  embedTexts(texts: readonly string[], kind?: TextKind): Promise<Float32Array>;
  /**
   * The catalogue index of an article by the shop's id or by its row; undefined: it is new, gone or
   * none, or changed since the last look.
   */
  articleOf(article: string | ArticleRow): number | undefined;
  /**
   * [n, dim] vectors of articles' texts, by catalogue index or row: those that are in the index
   * already, the others read.
   */
  embedArticles(articles: readonly (number | ArticleRow)[]): Promise<Float32Array>;
  /** What vectors of texts are made of, where they are of two parts. */
  readonly textParts: VectorParts | undefined;
  /** The vector of an article's text, by catalogue index; undefined where the article is gone. */
  textVectorOf(article: number): Float32Array | undefined;
  /** Searches of each index since the shop was opened. */
  readonly searches: { readonly articles: number; readonly similar: number };
  /**
   * How many of the release's articles the store has: few, where a release was trained on another
   * shop.
   */
  readonly known: number;
  /** Takes over what changed in the store since the last call; gives how many articles did. */
  refresh(): Promise<number>;
}

export interface LiveShopParts {
  readonly store: Store;
  readonly release: Release;
  readonly articleTower: Model;
  readonly reporter: Reporter;
  /** Milliseconds; the wall clock if absent. */
  readonly clock?: () => number;
}

const CHUNK = 1024;
/**
 * Each look goes back this far: a transaction may commit rows that are older than others that were
 * read before.
 */
const OVERLAP_SECONDS = 60;
/** Sales move slowly, and deletions are rare: both are looked at once in this time. */
const FULL_REFRESH_MS = 60_000;
/** What sells to whom moves more slowly still, and takes the longest to count. */
const PEERS_REFRESH_MS = 600_000;

/** Reads the catalogue and brings the release's indexes up to date with it. */
export async function openLiveShop(parts: LiveShopParts): Promise<LiveShop> {
  const shop = new Shop(parts);
  await shop.load();
  return shop;
}

class Shop implements LiveShop {
  readonly catalogue: Catalogue;
  readonly vectors: ArticleVectors;
  readonly searches = { articles: 0, similar: 0 };
  readonly textParts: VectorParts | undefined;
  edition = 0;
  known = 0;
  habits: Habits;
  /**
   * By index id: catalogue index, −1 where the shop has no such article. The release's rows come
   * first.
   */
  private articleOfId: number[] = [];
  /** By catalogue index: id in both indexes. */
  private readonly idOfArticle: number[] = [];
  /**
   * By index id: the hash of the text whose vector is in the similar index; undefined where there
   * is none, or nobody knows.
   */
  private readonly texts: (string | undefined)[];
  /** [articles, dim] */
  private articleVectors = new Float32Array(0);
  /**
   * By catalogue index: 1 where the shop has the article. In its own array, small enough to stay in
   * the processor's cache.
   */
  private live = new Uint8Array(0);
  /** [ids, dim] what the similar index holds. */
  private textVectors: Float32Array;
  /** By the shop's id: catalogue index. */
  private readonly articleById = new Map<string, number>();
  /** By key: when the row was last changed, as far as it was read. */
  private readonly versions = new Map<number, number>();
  /** The store's articles as a whole when they were last compared one by one. */
  private state = '';
  private lastFull = -Infinity;
  private lastPeers = -Infinity;
  private peers: Float32Array[] = [];
  /** By key: all sales of an article until the shop was opened. */
  private history = new Map<number, SalesHistory>();
  private now: Moment;

  constructor(private readonly parts: LiveShopParts) {
    const { release } = parts;
    const { dim } = release.articles;
    this.catalogue = new Catalogue(release.encoder);
    this.texts = [...release.texts];
    this.textVectors = release.similarVectors;
    this.textParts = release.textEncoder.parts;
    this.habits = reorderedHabits(release.habits, [], 0);
    this.now = this.momentOf(0, new Map());
    const data = (): Float32Array => this.articleVectors;
    this.vectors = {
      dim,
      get data() {
        return data();
      },
      has: (article) => this.isLive(article),
      index: {
        search: (queries, k) => {
          this.searches.articles += 1;
          return release.articles.search(queries, k);
        },
      },
      articleOf: (id) => this.articleOfId[id] ?? -1,
    };
  }

  moment(): Moment {
    return this.now;
  }

  async similar(vectors: Float32Array, k: number): Promise<{ article: number; score: number }[][]> {
    const { similar } = this.parts.release;
    this.searches.similar += 1;
    const found = await similar.search(vectors, k);
    return Array.from({ length: vectors.length / similar.dim }, (_, r) => {
      const near: { article: number; score: number }[] = [];
      for (let i = r * found.k; i < (r + 1) * found.k; i++) {
        const article = this.articleOfId[found.ids[i]] ?? -1;
        if (article >= 0) near.push({ article, score: found.scores[i] });
      }
      return near;
    });
  }

  embedTexts(texts: readonly string[], kind?: TextKind): Promise<Float32Array> {
    return this.parts.release.textEncoder.encode(texts, kind);
  }

  articleOf(known: string | ArticleRow): number | undefined {
    const article = typeof known === 'string' ? this.articleById.get(known) : this.indexOfUnchanged(known);
    return article !== undefined && this.isLive(article) ? article : undefined;
  }

  async embedArticles(articles: readonly (number | ArticleRow)[]): Promise<Float32Array> {
    const { dim } = this.parts.release.similar;
    const vectors = new Float32Array(articles.length * dim);
    const unread: { r: number; row: ArticleRow }[] = [];
    articles.forEach((one, r) => {
      if (typeof one === 'number') vectors.set(this.textVectorAt(one), r * dim);
      else unread.push({ r, row: one });
    });
    if (unread.length === 0) return vectors;
    const read = await this.embedTexts(unread.map(({ row }) => articleText(row)));
    unread.forEach(({ r }, i) => {
      vectors.set(read.subarray(i * dim, (i + 1) * dim), r * dim);
    });
    return vectors;
  }

  /** The catalogue index of a row that is as it was at the last look. */
  private indexOfUnchanged({ key, updatedAt }: ArticleRow): number | undefined {
    return this.versions.get(key) === updatedAt.getTime() ? this.catalogue.indexOf(key) : undefined;
  }

  textVectorOf(article: number): Float32Array | undefined {
    return this.isLive(article) ? this.textVectorAt(article) : undefined;
  }

  private textVectorAt(article: number): Float32Array {
    const { dim } = this.parts.release.similar;
    return this.textVectors.subarray(this.idOfArticle[article] * dim, (this.idOfArticle[article] + 1) * dim);
  }

  /** Reads every article once. */
  async load(): Promise<void> {
    const { store, release } = this.parts;
    this.state = await store.articlesState();
    const rowOf = new Map(release.articleIds.map((id, row) => [id, row]));
    this.articleOfId = release.articleIds.map(() => -1);
    const progress = this.parts.reporter.progress('Reading the catalogue', release.articleIds.length, 'articles');
    for await (const rows of store.streamArticles()) {
      const articles = this.catalogue.put(rows);
      await this.placeArticles(articles);
      // What the release has seen as it is now is in its indexes already.
      const fresh: ArticleRow[] = [];
      rows.forEach((row, r) => {
        this.versions.set(row.key, row.updatedAt.getTime());
        const known = rowOf.get(row.id);
        const id = known ?? this.articleOfId.length;
        this.take(id, articles[r]);
        this.articleById.set(row.id, articles[r]);
        this.idOfArticle[articles[r]] = id;
        if (known === undefined || row.updatedAt.getTime() !== release.versions[known]) fresh.push(row);
      });
      await this.index(fresh);
      progress.tick(this.catalogue.size);
    }
    progress.done();
    const gone = this.articleOfId.flatMap((article, id) => (article < 0 ? [id] : []));
    await this.removeIds(gone);
    this.known = release.articleIds.length - gone.length;
    this.habits = reorderedHabits(release.habits, this.articleOfId, this.catalogue.size);
    this.history = await store.salesHistory(QUARTER_DAYS);
    await this.readSales();
    this.lastFull = this.clock();
  }

  async refresh(): Promise<number> {
    const { store } = this.parts;
    const full = this.clock() - this.lastFull > FULL_REFRESH_MS;
    const state = full ? await store.articlesState() : this.state;
    const all = state !== this.state;
    const versions = await store.articleVersions(all ? undefined : OVERLAP_SECONDS);
    const changed = versions.filter(({ key, updatedAt }) => this.versions.get(key) !== updatedAt.getTime());
    let taken = 0;
    for (let from = 0; from < changed.length; from += CHUNK) {
      const keys = changed.slice(from, from + CHUNK).map(({ key }) => key);
      const rows = (await store.articlesByKey(keys)).filter((row) => row !== null);
      const products = rows.map(({ key }) => this.productOf(key));
      const articles = this.catalogue.put(rows);
      if (rows.some(({ key }, r) => this.productOf(key) !== products[r])) this.edition += 1;
      await this.placeArticles(articles);
      articles.forEach((article) => {
        // An article that was deleted and has come back takes up its old id again.
        const id = (this.idOfArticle[article] ??= this.articleOfId.length);
        this.take(id, article);
      });
      await this.index(rows);
      rows.forEach((row, r) => {
        // Not before its text has a vector: until then the row is read.
        this.articleById.set(row.id, articles[r]);
        this.versions.set(row.key, row.updatedAt.getTime());
      });
      taken += rows.length;
    }
    if (all) await this.dropAllBut(new Set(versions.map(({ key }) => key)));
    this.state = state;
    if (full) {
      await this.readSales();
      this.lastFull = this.clock();
    }
    return taken;
  }

  /** Of an article by key; undefined: it is new. */
  private productOf(key: number): number | null | undefined {
    const article = this.catalogue.indexOf(key);
    return article === undefined ? undefined : this.catalogue.productOf(article);
  }

  private clock(): number {
    return (this.parts.clock ?? Date.now)();
  }

  /** Vectors of articles by catalogue index. */
  private async placeArticles(articles: readonly number[]): Promise<void> {
    const { dim } = this.vectors;
    if (this.articleVectors.length < this.catalogue.size * dim) {
      const more = new Float32Array(Math.max(this.catalogue.size, this.articleVectors.length / dim + CHUNK) * dim);
      more.set(this.articleVectors);
      this.articleVectors = more;
    }
    for (let from = 0; from < articles.length; from += CHUNK) {
      const part = articles.slice(from, from + CHUNK);
      const vectors = await this.parts.articleTower(articleInputs(this.catalogue, part));
      part.forEach((article, r) => {
        this.articleVectors.set(vectors.subarray(r * dim, (r + 1) * dim), article * dim);
      });
    }
  }

  /** Puts articles that the release does not know as they are now into both indexes. */
  private async index(rows: readonly ArticleRow[]): Promise<void> {
    if (rows.length === 0) return;
    const { release } = this.parts;
    const articles = rows.map((row) => this.catalogue.indexOf(row.key) ?? -1);
    const ids = Int32Array.from(articles, (article) => this.idOfArticle[article]);
    const vectors = new Float32Array(rows.length * this.vectors.dim);
    articles.forEach((article, r) => {
      vectors.set(vectorOf(this.vectors, article) ?? [], r * this.vectors.dim);
    });
    // Of a large encoder each text takes its time, and most changes leave the text as it was.
    const texts = rows.map(articleText);
    const hashes = texts.map(textHash);
    const unread = [...ids.keys()].filter((r) => this.texts[ids[r]] !== hashes[r]);
    const changed = Int32Array.from(unread, (r) => ids[r]);
    const read = await this.embedTexts(unread.map((r) => texts[r]));
    this.keepTexts(changed, read);
    await release.articles.add(ids, vectors);
    if (unread.length > 0) {
      await release.similar.add(changed, read);
      this.edition += 1;
    }
    for (const r of unread) this.texts[ids[r]] = hashes[r];
  }

  /** Vectors of texts by index id. */
  private keepTexts(ids: Int32Array, vectors: Float32Array): void {
    const { dim } = this.parts.release.similar;
    const rows = ids.reduce((most, id) => Math.max(most, id + 1), this.textVectors.length / dim);
    if (rows * dim > this.textVectors.length) {
      const more = new Float32Array((rows + CHUNK) * dim);
      more.set(this.textVectors);
      this.textVectors = more;
    }
    ids.forEach((id, r) => {
      this.textVectors.set(vectors.subarray(r * dim, (r + 1) * dim), id * dim);
    });
  }

  private async dropAllBut(keys: ReadonlySet<number>): Promise<void> {
    const gone = this.articleOfId.flatMap((article, id) =>
      article >= 0 && !keys.has(this.catalogue.keys[article]) ? [id] : [],
    );
    for (const id of gone) {
      const article = this.articleOfId[id];
      this.versions.delete(this.catalogue.keys[article]);
      this.live[article] = 0;
      this.articleOfId[id] = -1;
    }
    await this.removeIds(gone);
  }

  private async removeIds(ids: readonly number[]): Promise<void> {
    if (ids.length > 0) this.edition += 1;
    await this.parts.release.articles.remove(Int32Array.from(ids));
    await this.parts.release.similar.remove(Int32Array.from(ids));
    for (const id of ids) this.texts[id] = undefined;
  }

  private async readSales(): Promise<void> {
    const { clock, sales } = await this.parts.store.articleSales([...SALES_DAYS]);
    // Whoever asks meanwhile is heard between one long piece of work and the next.
    await setImmediate();
    // What was not sold when the shop was opened was first sold since, within the window.
    for (const [key, { first, last, units }] of sales) {
      if (!this.history.has(key)) this.history.set(key, { first, last, units, lately: units });
    }
    if (clock && this.clock() - this.lastPeers > PEERS_REFRESH_MS) {
      this.peers = await this.readPeers(clock);
      this.lastPeers = this.clock();
    }
    await setImmediate();
    // A purchase of this second is one of the past already.
    this.now = this.momentOf(clock ? clock.getTime() / 1000 + 1 : this.clock() / 1000, sales);
  }

  /** `now` in Unix seconds. */
  private momentOf(now: number, sales: ReadonlyMap<number, ArticleSales>): Moment {
    const { size } = this.catalogue;
    const [week, month] = SALES_DAYS.map(() => new Float32Array(size));
    const prices = new Float32Array(size).fill(Number.NaN);
    const ages = new Float32Array(size);
    const [quarter, ever, idle] = [new Float32Array(size), new Float32Array(size), new Float32Array(size)];
    const daysSince = (at: Date | undefined): number => (now - (at?.getTime() ?? Number.NaN) / 1000) / DAY;
    this.catalogue.keys.forEach((key, article) => {
      const known = this.history.get(key);
      const sold = sales.get(key);
      ages[article] = daysSince(known?.first);
      idle[article] = daysSince(sold?.last ?? known?.last);
      quarter[article] = known?.lately ?? 0;
      ever[article] = known?.units ?? 0;
      if (!sold) return;
      [week[article], month[article]] = sold.buyers;
      prices[article] = sold.price ?? Number.NaN;
    });
    return createMoment({
      now,
      sales: { week, month },
      long: { quarter, ever, idle },
      prices,
      ages,
      peers: this.peers,
      // What is gone is not hoped for, nor does it speak for others.
      productOf: (article) => (this.isLive(article) ? this.catalogue.productOf(article) : null),
    });
  }

  /** [bands, articles] customers of the month by age band; none where the shop knows no ages. */
  private async readPeers(clock: Date): Promise<Float32Array[]> {
    const { count, bounds } = ageBands(this.parts.release.encoder);
    const peers = Array.from({ length: count }, () => new Float32Array(this.catalogue.size));
    if (count === 0) return peers;
    for (const { band, keys, buyers } of await this.parts.store.salesByAge(clock, SALES_DAYS[1], bounds)) {
      keys.forEach((key, i) => {
        const article = this.catalogue.indexOf(key);
        if (article !== undefined) peers[band][article] = buyers[i];
      });
    }
    return peers;
  }

  private isLive(article: number): boolean {
    return this.live[article] === 1;
  }

  /** From now on the shop has this article, under this id in both indexes. */
  private take(id: number, article: number): void {
    this.articleOfId[id] = article;
    if (article >= this.live.length) {
      const more = new Uint8Array(Math.max(article, this.catalogue.size) + CHUNK);
      more.set(this.live);
      this.live = more;
    }
    this.live[article] = 1;
  }
}
