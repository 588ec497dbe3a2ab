// Hosts the current release: opens it over the store, follows the store's changes, and moves to a
// new release when one is published, without dropping a request. Knows nothing of HTTP.
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config';
import type { Store } from '../data/store/store';
import { openModelRunner, type ModelRunner, type RunLimits } from '../engine/model-runner';
import { asError, VitrineError } from '../errors';
import { gather } from './batching';
import { openLiveShop, type LiveShop } from './live-shop';
import { createRecommender } from './recommender';
import type { Recommender } from './types';
import { footprint } from '../release/footprint';
import { openRelease } from '../release/open';
import { modelOf } from '../release/models';
import { currentFolder } from '../release/files';
import { currentRelease } from '../release/release-store';
import { silentReporter, type Reporter } from '../telemetry/progress';
import type { Logger } from '../telemetry/log';

/** One open release: its threads, its view of the shop, its recommender. */
export interface Opened {
  readonly name: string;
  readonly engine: ModelRunner;
  readonly shop: LiveShop;
  /** Articles that the release was made of. */
  readonly articles: number;
  /** The page on how it was measured; undefined if it was not. */
  readonly report: string | undefined;
  readonly recommender: Recommender;
  close(): Promise<void>;
}

/** The settings that serving reads. */
export type ServingConfig = Pick<Config, 'modelsDir' | 'device' | 'threads' | 'explore'> &
  Partial<Pick<Config, 'encoderDir'>>;

/**
 * Each run spreads over the processors but one, which the thread that serves keeps busy itself: on
 * two, a second one would save no time and cost a tenth more.
 */
export function threadsPerRun({ threads }: Pick<Config, 'threads'>): number {
  return Math.max(1, threads - 1);
}

/**
 * Runs take milliseconds, those of a large text encoder some seconds. A thread that is later is
 * taken for stuck.
 */
const RUN_LIMITS: RunLimits = { runMs: 60_000, firstRunMs: 600_000 };

/**
 * Opens the current release over a store. `left` gets what is still closing after a failure, which
 * is awaited by default.
 * @throws VitrineError RELEASE_MISSING, RELEASE_INVALID
 */
export async function openCurrent(
  config: ServingConfig,
  store: Store,
  reporter: Reporter = silentReporter,
  left: (closing: Promise<void>) => Promise<void> | void = (closing) => closing,
): Promise<Opened> {
  const folder = await currentFolder(config.modelsDir);
  // One thread answers, so that the batches of concurrent requests grow.
  const engine = openModelRunner({ device: config.device, threadsPerRun: threadsPerRun(config), limits: RUN_LIMITS });
  try {
    const release = await openRelease(folder, engine, config.encoderDir);
    const { manifest, encoder } = release;
    const shop = await openLiveShop({
      store,
      release,
      reporter,
      articleTower: modelOf(engine, manifest, 'article_tower'),
    });
    const recommender = createRecommender({
      store,
      encoder,
      shop,
      queryTower: modelOf(engine, manifest, 'query_tower'),
      ranker: modelOf(engine, manifest, 'ranker'),
      explore: config.explore,
    });
    return {
      name: basename(folder),
      engine,
      shop,
      articles: manifest.articles,
      report: release.report,
      recommender,
      close: () => engine.close(),
    };
  } catch (thrown) {
    await left(engine.close());
    throw thrown;
  }
}

export interface Host {
  /** Batches across all requests of the process. */
  readonly recommender: Recommender;
  /**
   * Opens the current release, if there is one, and follows from then on. Without one it waits for
   * the first.
   */
  start(): Promise<void>;
  /** Why there is nothing to recommend from; undefined when there is. */
  problem(): string | undefined;
  /** The release being served. */
  release(): string | undefined;
  /**
   * The release that `current` names and that is not served, and why, in words for strangers;
   * undefined if there is none.
   */
  unserved(): { readonly release: string; readonly reason: string } | undefined;
  /** The page on how the release being served was measured, if there is one. */
  report(): string | undefined;
  /**
   * Runs of each model and searches of each index since the release was opened: `ranker`,
   * `articles.search`, …
   */
  work(): ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** How long closing waits for the look at hand. */
const CLOSE_MS = 5_000;

/** How often the store and the name of the current release are looked at. */
const FOLLOW_MS = 500;
/**
 * What may pass is tried again after one look, then two, four, …: opening a large release takes a
 * processor for seconds.
 */
const LONGEST_PAUSE_MS = 30_000;

/** A release that is wanted and could not be opened. */
interface Unopened {
  readonly name: string;
  readonly why: Error;
  /** Its footprint when it was tried last, and when it was looked at last. */
  readonly tried: string;
  readonly seen: string;
  /**
   * Milliseconds from one try to the next, and when that is; Infinity: a file that does not fit
   * stays so.
   */
  readonly pause: number;
  readonly again: number;
}

/** Hosts the current release, once it is started. */
export function createHost(
  config: ServingConfig,
  store: Store,
  log: Logger,
  followMs = FOLLOW_MS,
  reporter: Reporter = silentReporter,
): Host {
  let opened: Opened | undefined;
  /** The release that `current` names. */
  let wanted: string | undefined;
  let unopened: Unopened | undefined;
  /** What hinders following at the moment and may pass: it is tried again. */
  let trouble = '';
  let closed = false;
  /** Calls in flight by release: a release is closed when its last one is answered. */
  const busy = new Map<Opened, number>();
  const retired = new Set<Opened>();
  const closings = new Set<Promise<void>>();

  async function use<T>(work: (recommender: Recommender) => Promise<T>): Promise<T> {
    const mine = opened;
    if (!mine) throw new VitrineError('RELEASE_MISSING', problem() ?? 'There is no release to recommend from.');
    busy.set(mine, (busy.get(mine) ?? 0) + 1);
    try {
      return await work(mine.recommender);
    } finally {
      busy.set(mine, (busy.get(mine) ?? 1) - 1);
      closeIfIdle(mine);
    }
  }

  function closeIfIdle(release: Opened): void {
    if ((busy.get(release) ?? 0) > 0 || !retired.delete(release)) return;
    busy.delete(release);
    keep(release.close());
  }

  /** Nobody waits for it before the host itself closes: a thread that is stuck never ends. */
  function keep(closing: Promise<void>): void {
    closings.add(closing);
    void closing.finally(() => closings.delete(closing));
  }

  function problem(): string | undefined {
    if (opened) return opened.engine.failure()?.message;
    if (unopened) return unopened.why.message;
    if (trouble) return trouble;
    if (wanted !== undefined) return `The release ${wanted} is being opened.`;
    return `There is no release in ${config.modelsDir} yet; \`npx vitrine train\` makes one.`;
  }

  async function move(): Promise<void> {
    // Progress is for whoever waits for the first one; later ones are opened while the server
    // answers.
    const next = await openCurrent(config, store, opened ? silentReporter : reporter, keep);
    if (closed) return next.close();
    const previous = opened;
    opened = next;
    log.info({ release: next.name }, 'serving release');
    const { articles, shop } = next;
    if (shop.known < articles / 2) {
      log.warn(
        { articles, known: shop.known },
        'most articles of the release are not in this database: was it trained on another shop?',
      );
    }
    if (!previous) return;
    retired.add(previous);
    closeIfIdle(previous);
  }

  /**
   * Opens the wanted release, or notes why not. One that was refused is tried again when its files
   * or `current` have changed, and are not still changing: half a copy fits no better.
   */
  async function open(name: string): Promise<void> {
    const files = await footprint(config.modelsDir, name, config.encoderDir);
    const last = unopened?.name === name ? unopened : undefined;
    const changed = files !== last?.tried && files === last?.seen;
    if (last && !changed && performance.now() < last.again) {
      unopened = { ...last, seen: files };
      return;
    }
    // Asked first: opening a release takes long, and is of no use without a database.
    await store.ping();
    try {
      await move();
      unopened = undefined;
    } catch (thrown) {
      const why = asError(thrown);
      const lasting = why instanceof VitrineError && why.code.startsWith('RELEASE_');
      const pause = last ? Math.min(2 * last.pause, LONGEST_PAUSE_MS) : followMs;
      const again = lasting ? Infinity : performance.now() + pause;
      unopened = { name, why, tried: files, seen: files, pause, again };
      if (last?.why.message !== why.message || changed)
        log.error({ err: why, release: name, serving: opened?.name }, 'the release cannot be opened');
    }
  }

  async function follow(): Promise<void> {
    wanted = await currentRelease(config.modelsDir);
    const failure = opened?.engine.failure();
    if (wanted === undefined || (wanted === opened?.name && !failure)) unopened = undefined;
    else {
      if (failure && !unopened) log.error({ err: failure }, 'the inference thread failed; opening another');
      await open(wanted);
    }
    const changed = await opened?.shop.refresh();
    if (changed) log.info({ articles: changed }, 'articles changed');
  }

  /** A look that fails is logged once, whatever the number of tries. */
  async function look(): Promise<void> {
    try {
      await follow();
      trouble = '';
    } catch (thrown) {
      const { message } = asError(thrown);
      if (message !== trouble) log.warn({ err: thrown }, 'following the store failed');
      trouble = message;
    }
  }

  // One look after the other, never two at once.
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();
  const wait = (): void => {
    if (closed) return;
    timer = setTimeout(() => {
      looking = look().then(wait);
    }, followMs);
  };

  const recommendations = gather(
    (requests: Parameters<Recommender['recommend']>[0]) => use((recommender) => recommender.recommend(requests)),
    // A page of customers is one batch. While the ranker scores one, the next is read and its
    // features are made.
    { name: 'recommendations', maxBatchSize: 20, maxInFlight: 2 },
  );
  const similar = gather(
    (requests: Parameters<Recommender['similar']>[0]) => use((recommender) => recommender.similar(requests)),
    // Each is a search of the index, and nobody else is heard until the last.
    { name: 'similar articles', maxBatchSize: 16 },
  );
  const searches = gather(
    (requests: Parameters<Recommender['search']>[0]) => use((recommender) => recommender.search(requests)),
    { name: 'searches' },
  );
  return {
    recommender: {
      recommend: (requests) => recommendations.run(requests),
      similar: (requests) => similar.run(requests),
      search: (requests) => searches.run(requests),
      // Look-ups in memory: nothing to gather.
      trending: (requests) => use((recommender) => recommender.trending(requests)),
      facts: (articleKeys) => use((recommender) => recommender.facts(articleKeys)),
    },
    async start() {
      looking = look();
      await looking;
      if (!opened) log.warn({ reason: problem() }, 'nothing to serve yet');
      wait();
    },
    problem,
    release: () => opened?.name,
    unserved() {
      if (wanted === undefined || wanted === opened?.name) return undefined;
      // The file may hold anything.
      const release = /^[\w-]{1,100}$/.test(wanted) ? wanted : 'not a name';
      return { release, reason: unopened ? 'it cannot be opened; see the log' : 'it is being opened' };
    },
    report: () => opened?.report,
    work: () =>
      new Map([
        ...[...(opened?.engine.runs ?? [])].map(([model, runs]): [string, number] => [
          model.split('/').at(-1) ?? model,
          runs,
        ]),
        ['articles.search', opened?.shop.searches.articles ?? 0],
        ['similar.search', opened?.shop.searches.similar ?? 0],
      ]),
    async close() {
      closed = true;
      clearTimeout(timer);
      // A look at a database that does not answer may take longer than whoever closes will wait.
      await Promise.race([looking, sleep(CLOSE_MS, undefined, { ref: false })]);
      await opened?.close();
      for (const release of retired) await release.close();
      await Promise.all(closings);
    },
  };
}
