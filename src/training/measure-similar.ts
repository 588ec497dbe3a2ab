// From a filled store to how good similar articles and searches are: the built-in encoder is learnt
// without the days that it is asked about. Knows the order of the work, none of its details.
import { encodeDataset, readPurchaseLog } from '../dataset/dataset';
import { habitsOf } from '../dataset/habit-counts';
import type { Store } from '../data/store/store';
import type { TextEncoder } from '../encoders/text-encoder';
import type { Engine } from '../engine/engine';
import { similarQuality, similarQuestions, type SimilarQuality } from '../evaluation/offline/similar-quality';
import type { Reporter } from '../telemetry/progress';
import type { TrainingConfig } from './config';
import type { Checkpoints } from './optimise/checkpoint';
import { embedTexts } from './stages/embed';
import { indexVectors } from './stages/fit';
import { fitText } from './stages/fit-text';
import { DAY } from '../time';

export interface MeasureSimilarOptions {
  /** Articles that are asked about at most, and searches. */
  readonly articles: number;
  /** The last days of the data, whose purchases are not learnt from. */
  readonly days: number;
  /** Shares of co-purchases in what is alike that are measured besides what is usual. */
  readonly coPurchase?: readonly number[] | undefined;
  /** Ids of the articles whose lists are given; a number: so many, chosen by `mostBought`. */
  readonly show?: readonly string[] | number;
  /** An encoder that is measured beside the built-in one, and where its vectors are kept. */
  readonly other?: { readonly encoder: TextEncoder; readonly kept: Checkpoints } | undefined;
}

/** @throws VitrineError INPUT_INVALID where an article to be shown is not there. */
export async function measureSimilar(
  engine: Engine,
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
  const built = await fitText(engine, shop, known, habits.coPurchases, config, reporter);
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
