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

/** An open release: its threads, its view of the shop, its recommender. */
export interface Opened {
  readonly name: string;
  readonly engine: ModelRunner;
  readonly shop: LiveShop;
  /** The number of articles that the release was made of. */
  readonly articles: number;
  /** The page on how it was measured; undefined: it was not. */
  readonly report: string | undefined;
  readonly recommender: Recommender;
  close(): Promise<void>;
}

/** The settings that serving reads. */
export type ServingConfig = Pick<Config, 'modelsDir' | 'device' | 'threads' | 'explore'> &
  Partial<Pick<Config, 'encoderDir'>>;

/**
 * Each run spreads over all processors but one, which the serving thread keeps busy. On a machine
 * with two, a second thread would save no time and cost a tenth more.
 */
export function threadsPerRun({ threads }: Pick<Config, 'threads'>): number {
  return Math.max(1, threads - 1);
}

/**
 * Runs take milliseconds, those of a large text encoder some seconds. A thread that takes longer
 * than this is stuck.
 */
const RUN_LIMITS: RunLimits = { runMs: 60_000, firstRunMs: 600_000 };

/**
 * Opens the current release over a store.
 * @param left gets what is still closing after a failure. Default: it is awaited.
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
