// The shop as a running server knows it. The live shop follows the store, so a new article can be
// found within about a second, without a new release.
import { z } from 'zod';
import type { Store } from '../../data/store/store';
import type { Model } from '../../ranking/model-inputs';
import type { Release } from '../../release/open';
import { reorderedHabits, type Habits } from '../../statistics/habits';
import type { Moment } from '../../statistics/moment';
import type { Reporter } from '../../telemetry/progress';
import { CHUNK, LiveArticles } from './live-articles';
import { LiveSales } from './live-sales';

export interface LiveShop {
  readonly articles: LiveArticles;
  /** The habits of the release, by this catalogue's indices. */
  readonly habits: Habits;
  /**
   * Number of the release's articles that the store has. A small number means that the release
   * belongs to another shop.
   */
  readonly known: number;
  /** The shop just after its newest purchase. */
  moment(): Moment;
  /** The currency of prices that name none, ISO 4217. Null if the shop's description has none. */
  currency(): string | null;
  /** Reads the changes in the store since the last call. Returns the number of articles. */
  refresh(): Promise<number>;
}

export interface LiveShopParts {
  readonly store: Store;
  readonly release: Release;
  readonly articleTower: Model;
  readonly reporter: Reporter;
  /** Returns the current time in Unix milliseconds. Default: the wall clock. */
  readonly clock?: () => number;
}

/**
 * Each refresh reads changes from this many seconds before the last one, since a transaction may
 * commit rows that are older than rows that were already read.
 */
const OVERLAP_SECONDS = 60;
/**
 * Time between two full refreshes, in ms. Sales change slowly and articles are rarely deleted, so
 * only a full refresh reads both.
 */
const FULL_REFRESH_MS = 60_000;

/** Reads the catalogue and brings the release's indexes up to date with it. */
export async function openLiveShop(parts: LiveShopParts): Promise<LiveShop> {
  const { store, release, articleTower, reporter, clock = Date.now } = parts;
  const articles = new LiveArticles(release, articleTower);
  const sales = new LiveSales({ store, articles, encoder: release.encoder, clock });
  // The state is read first, so that rows that change in the meantime are read again.
  const state = await store.articlesState();
  const progress = reporter.progress('Reading the catalogue', release.articleIds.length, 'articles');
  for await (const rows of store.streamArticles()) {
    await articles.load(rows);
    progress.tick(articles.catalogue.size);
  }
  progress.done();
  const places = await articles.dropUnloaded();
  const known = places.slice(0, release.articleIds.length).filter((article) => article >= 0).length;
  const habits = reorderedHabits(release.habits, places, articles.catalogue.size);
  await sales.load();
  let currency = await currencyOf(store);
  const refresh = refreshing({
    store,
    articles,
    clock,
    state,
    async refreshShop() {
      await sales.refresh();
      currency = await currencyOf(store);
    },
  });
  return { articles, habits, known, moment: () => sales.moment, currency: () => currency, refresh };
}

async function currencyOf(store: Pick<Store, 'fact'>): Promise<string | null> {
  const mapping = z.object({ currency: z.string() });
  return mapping.safeParse(await store.fact('mapping')).data?.currency ?? null;
}

interface Refreshing {
  readonly store: Pick<Store, 'articlesState' | 'articleVersions' | 'articlesByKey'>;
  readonly articles: LiveArticles;
  /** Reads the sales and the shop's description. */
  readonly refreshShop: () => Promise<void>;
  readonly clock: () => number;
  /** The state of all the store's articles when they were last read. */
  readonly state: string;
}

function refreshing({ store, articles, refreshShop, clock, ...opened }: Refreshing): LiveShop['refresh'] {
  /** The last full refresh, which compares all articles and reads the sales. */
  let last = { state: opened.state, full: clock() };
  return async () => {
    const full = clock() - last.full > FULL_REFRESH_MS;
    const state = full ? await store.articlesState() : last.state;
    const all = state !== last.state;
    const versions = await store.articleVersions(all ? undefined : OVERLAP_SECONDS);
    const changed = versions.filter((version) => !articles.knows(version));
    let taken = 0;
    for (let from = 0; from < changed.length; from += CHUNK) {
      const keys = changed.slice(from, from + CHUNK).map(({ key }) => key);
      const rows = (await store.articlesByKey(keys)).filter((row) => row !== null);
      await articles.update(rows);
      taken += rows.length;
    }
    if (all) await articles.keepOnly(new Set(versions.map(({ key }) => key)));
    last = { ...last, state };
    if (full) {
      await refreshShop();
      last = { state, full: clock() };
    }
    return taken;
  };
}
