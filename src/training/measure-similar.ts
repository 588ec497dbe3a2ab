// Measures similar articles and searches: the built-in encoder is trained without the last days,
// and then tested on the purchases of these days.
import { encodeDataset, readPurchaseLog } from '../dataset/read';
import { habitsOf } from '../dataset/habit-counts';
import type { Store } from '../data/store/store';
import type { TextEncoder } from '../encoders/text-encoder';
import type { TrainingEngine } from '../engine/training-engine';
import { similarQuality, similarQuestions, type SimilarQuality } from '../evaluation/offline/similar-quality';
import type { Reporter } from '../telemetry/progress';
import type { TrainingConfig } from './config';
import type { Checkpoints } from './optimise/checkpoint';
import { embedTexts } from './stages/embed';
import { indexVectors } from './stages/draft-release';
import { fitText } from './stages/fit-text';
import { namedLooks } from './stages/looks';
import { DAY } from '../time';

export interface MeasureSimilarOptions {
  /** Maximum number of questions about articles, and of searches. */
  readonly articles: number;
  /** Number of days at the end of the data that are held out. */
  readonly days: number;
  /** Shares of co-purchases in similarity that are measured in addition to the default share. */
  readonly coPurchase?: readonly number[] | undefined;
  /**
   * Ids of the articles whose lists are returned, or how many of the most bought articles to use.
   */
  readonly show?: readonly string[] | number;
  /**
   * Another encoder to measure in addition to the built-in encoder, and the kept vectors of the
   * other encoder.
   */
  readonly other?: { readonly encoder: TextEncoder; readonly kept: Checkpoints } | undefined;
}

/** @throws VitrineError INPUT_INVALID if an article to show does not exist */
export async function measureSimilar(
  engine: TrainingEngine,
  store: Store,
  config: TrainingConfig,
  { articles, days, coPurchase = [], show = [], other }: MeasureSimilarOptions,
  reporter: Reporter,
): Promise<SimilarQuality> {
  const raw = await readPurchaseLog(store, reporter);
  const before = Math.floor(raw.last / DAY) * DAY + DAY - days * DAY;
  const shop = await encodeDataset(store, raw, { before }, reporter);
  const known = shop.historyEnds({ before });
  const { seed } = config;
  const questions = similarQuestions(shop, known, before, { articles, show, seed });
  const habits = habitsOf(shop, known);
  const looks = await namedLooks(store);
  const built = await fitText(engine, shop, { known, coPurchases: habits.coPurchases, looks, config }, reporter);
  const subjects = { habits, built, other: other && (await embedded(other, shop.texts, reporter)), coPurchase };
  return similarQuality(shop, questions, subjects, seed, reporter);
}

async function embedded(
  { encoder, kept }: NonNullable<MeasureSimilarOptions['other']>,
  texts: readonly string[],
  reporter: Reporter,
) {
  const { vectors } = await embedTexts(encoder, texts, kept, reporter);
  return { name: encoder.name, encoder, vectors, index: indexVectors(encoder.dim, vectors, reporter) };
}
