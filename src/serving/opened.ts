// An open release, ready to recommend.
import { basename } from 'node:path';
import type { Config } from '../config';
import type { Store } from '../data/store/store';
import { openModelRunner, type ModelRunner, type RunLimits } from '../engine/model-runner';
import { currentFolder } from '../release/files';
import { modelOf } from '../release/models';
import { openRelease } from '../release/open';
import { silentReporter, type Reporter } from '../telemetry/progress';
import { openLiveShop, type LiveShop } from './live/live-shop';
import { createRecommender } from './recommender';
import type { Recommender } from './types';

/** An open release, with its threads, its view of the shop, and its recommender. */
export interface Opened {
  readonly name: string;
  readonly engine: ModelRunner;
  readonly shop: LiveShop;
  /** The number of articles in the release. */
  readonly articles: number;
  /** The evaluation report, undefined if the release was not evaluated. */
  readonly report: string | undefined;
  readonly recommender: Recommender;
  close(): Promise<void>;
}

/** The settings that serving reads. */
export type ServingConfig = Pick<Config, 'modelsDir' | 'device' | 'threads' | 'explore'> &
  Partial<Pick<Config, 'encoderDir'>>;

/**
 * Each run spreads over all processors but one, which the serving thread keeps busy. On a machine
 * with two processors, a second thread would save no time and use a tenth more processor time.
 */
export function threadsPerRun({ threads }: Pick<Config, 'threads'>): number {
  return Math.max(1, threads - 1);
}

/**
 * Runs take milliseconds, or some seconds for a large text encoder. A thread that exceeds these
 * limits is stuck.
 */
const RUN_LIMITS: RunLimits = { runMs: 60_000, firstRunMs: 600_000 };

/**
 * Opens the current release over a store.
 * @param left receives the promise of everything that is still closing after a failure. Default:
 * the promise is awaited.
 * @throws VitrineError RELEASE_MISSING, RELEASE_INVALID
 */
export async function openCurrent(
  config: ServingConfig,
  store: Store,
  reporter: Reporter = silentReporter,
  left: (closing: Promise<void>) => Promise<void> | void = (closing) => closing,
): Promise<Opened> {
  const folder = await currentFolder(config.modelsDir);
  // With one thread the batches of concurrent requests grow.
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
