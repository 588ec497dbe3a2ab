// The host of a server: one recommender over the active release, which batches all requests of the
// process.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '../data/store/store';
import { VitrineError } from '../errors';
import type { Logger } from '../telemetry/log';
import { silentReporter, type Reporter } from '../telemetry/progress';
import { gather } from './batching';
import { openCurrent, type Opened, type ServingConfig } from './opened';
import { ReleaseFollower } from './release-follower';
import { ServedReleases } from './served-releases';
import type { RecommendationRequest, Recommender, SearchRequest, SimilarRequest } from './types';

export interface Host {
  /** Batches across all requests of the process. */
  readonly recommender: Recommender;
  /** Opens the current release, if there is one, and follows `current` from then on. */
  start(): Promise<void>;
  /** The reason why no release can answer, undefined if a release answers. */
  problem(): string | undefined;
  /** The name of the release that answers. */
  release(): string | undefined;
  /**
   * The release that `current` names, if another release or none answers, and the reason in words
   * that anyone may read.
   */
  unserved(): { readonly release: string; readonly reason: string } | undefined;
  /** The evaluation report of the release that answers, if there is one. */
  report(): string | undefined;
  /**
   * Number of runs of each model and of searches of each index since the release was opened, by
   * names such as `ranker` and `articles.search`.
   */
  work(): ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** Maximum time that closing waits for the current look, in ms. */
const CLOSE_MS = 5_000;

/** The pause between two looks at the store and at the name of the current release, in ms. */
const FOLLOW_MS = 500;

export interface HostOptions {
  /** The pause between two looks, in ms. Default 500. */
  readonly followMs?: number;
  /** Shows the opening of the first release. Default: nothing is shown. */
  readonly reporter?: Reporter;
}

export function createHost(
  config: ServingConfig,
  store: Store,
  log: Logger,
  { followMs = FOLLOW_MS, reporter = silentReporter }: HostOptions = {},
): Host {
  const releases = new ServedReleases();
  const follower = new ReleaseFollower({
    config,
    store,
    log,
    releases,
    pauseMs: followMs,
    // Only the opening of the first release reports its progress, since nothing answers before it
    // is open.
    open: () =>
      openCurrent(config, store, releases.answering ? silentReporter : reporter, (closing) => releases.keep(closing)),
  });
  const looks = repeatedly(() => follower.look(), followMs);
  const answering = (): Opened | undefined => releases.answering;
  return {
    recommender: batched(releases, () => follower.problem()),
    async start() {
      await looks.start();
      if (!answering()) log.warn({ reason: follower.problem() }, 'nothing to serve yet');
    },
    problem: () => follower.problem(),
    release: () => answering()?.name,
    unserved() {
      const { wanted } = follower;
      if (wanted.phase === 'none' || wanted.name === answering()?.name) return undefined;
      // The file may contain any text.
      const release = /^[\w-]{1,100}$/.test(wanted.name) ? wanted.name : 'not a name';
      const refused = wanted.phase === 'refused';
      return { release, reason: refused ? 'it cannot be opened; see the log' : 'it is being opened' };
    },
    report: () => answering()?.report,
    work: () => workOf(answering()),
    async close() {
      const looking = looks.end();
      // A look at a database that does not answer may take too long to wait for.
      await Promise.race([looking, sleep(CLOSE_MS, undefined, { ref: false })]);
      await releases.close();
    },
  };
}

function batched(releases: ServedReleases, problem: () => string | undefined): Recommender {
  const missing = (): Error =>
    new VitrineError('RELEASE_MISSING', problem() ?? 'There is no release to recommend from.');
  const use = <T>(work: (recommender: Recommender) => Promise<T>): Promise<T> => releases.use(work, missing);
  const recommendations = gather(
    (requests: readonly RecommendationRequest[]) => use((recommender) => recommender.recommend(requests)),
    // A page of customers is one batch. While the ranker scores one batch, the next is read and its
    // features are made.
    { name: 'recommendations', maxBatchSize: 20, maxInFlight: 2 },
  );
  const similar = gather(
    (requests: readonly SimilarRequest[]) => use((recommender) => recommender.similar(requests)),
    // Each request is a search of the index, and the process is blocked until the last search of a
    // batch has ended.
    { name: 'similar articles', maxBatchSize: 16 },
  );
  const searches = gather((requests: readonly SearchRequest[]) => use((recommender) => recommender.search(requests)), {
    name: 'searches',
  });
  return {
    recommend: (requests) => recommendations.run(requests),
    similar: (requests) => similar.run(requests),
    search: (requests) => searches.run(requests),
    // Look-ups in memory gain nothing from batches.
    trending: (requests) => use((recommender) => recommender.trending(requests)),
    facts: (articleKeys) => use((recommender) => recommender.facts(articleKeys)),
  };
}

function workOf(opened: Opened | undefined): Map<string, number> {
  const runs = [...(opened?.engine.runs ?? [])].map(([model, count]): [string, number] => [
    model.split('/').at(-1) ?? model,
    count,
  ]);
  const { articles = 0, similar = 0 } = opened?.shop.articles.searches ?? {};
  return new Map([...runs, ['articles.search', articles], ['similar.search', similar]]);
}

interface Repeated {
  /**
   * Does the work now, and again after each pause. Resolves when the work was done for the first
   * time.
   */
  start(): Promise<void>;
  /** Stops repeating. Resolves when the current work is done. */
  end(): Promise<void>;
}

/** Repeats the work, but never runs it twice at the same time. `work` must not reject. */
function repeatedly(work: () => Promise<void>, pauseMs: number): Repeated {
  let state: { readonly at: Promise<void>; readonly timer?: NodeJS.Timeout } | 'ended' = { at: Promise.resolve() };
  const run = (): Promise<void> => {
    if (state === 'ended') return Promise.resolve();
    const at = work().then(() => {
      if (state !== 'ended') state = { at, timer: setTimeout(() => void run(), pauseMs) };
    });
    state = { at };
    return at;
  };
  return {
    start: run,
    async end() {
      if (state === 'ended') return;
      const { at, timer } = state;
      state = 'ended';
      clearTimeout(timer);
      await at;
    },
  };
}
