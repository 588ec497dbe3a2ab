// All settings of training, derived from a single size that people choose. They are stored in the
// release.
import type { RankerTraining } from './stages/train-ranker';
import type { TextEncoderConfig } from './models/text-encoder';
import type { TowerTraining } from './stages/train-towers';

export const SIZES = ['tiny', 'small', 'full'] as const;
export type Size = (typeof SIZES)[number];

export interface TrainingConfig {
  readonly size: Size;
  readonly seed: number;
  readonly towers: TowerTraining;
  /**
   * Number of steps in which the towers catch up with all purchases after the ranker was trained,
   * as a share of their first training.
   */
  readonly catchUp: number;
  /**
   * Whether the released models continue from the measured ones and catch up with the held-out
   * days. This takes half the time, but the ranker's lists are older by the number of held-out
   * days.
   */
  readonly goOn: boolean;
  readonly ranker: RankerTraining;
  readonly text: TextEncoderConfig;
}

/**
 * Training takes seconds for `tiny`, which is for tests and first trials, and minutes on two cores
 * for `small`. `full` is larger and takes longer.
 */
export function trainingConfig(size: Size, seed: number): TrainingConfig {
  const tiny = size === 'tiny';
  const full = size === 'full';
  return {
    size,
    seed,
    towers: {
      dim: tiny ? 32 : 64,
      fieldDim: tiny ? 8 : 16,
      hidden: tiny ? 64 : full ? 256 : 128,
      layers: tiny ? 1 : 2,
      heads: 2,
      dropout: 0.3,
      temperature: 0.08,
      epochs: tiny ? 4 : 16,
      maxPurchases: tiny ? 100_000 : full ? 32_000_000 : 6_000_000,
      patience: 8,
      batch: tiny ? 256 : 1024,
      sampled: tiny ? 256 : 1024,
      denseRate: 0.002,
      tableRate: 0.06,
      weightDecay: 0.01,
      idDropout: 0.3,
      halfLifeDays: 60,
    },
    catchUp: 0.33,
    goOn: full,
    ranker: {
      dim: tiny ? 8 : 16,
      hidden: tiny ? [32] : full ? [256, 128] : [128, 64],
      weeks: 4,
      enoughLists: tiny ? 500 : 10_000,
      straightSteps: 2_000,
      epochs: tiny ? 3 : 6,
      batch: tiny ? 32 : 64,
      listLength: 100,
      coldShare: 0.2,
      maxQuestions: tiny ? 2_000 : full ? 120_000 : 48_000,
      maxLists: tiny ? 1_000 : full ? 60_000 : 16_000,
      denseRate: tiny ? 0.001 : 0.0003,
      tableRate: tiny ? 0.005 : 0.0005,
      weightDecay: 0.01,
    },
    text: {
      looks: { dim: tiny ? 48 : 64, steps: tiny ? 240 : full ? 8_000 : 3_200 },
      taste: { dim: tiny ? 32 : 48, steps: tiny ? 200 : full ? 6_000 : 2_500, share: 0.5 },
      temperature: 0.1,
      batch: tiny ? 256 : 512,
      denseRate: 0.001,
      tableRate: 0.05,
      keep: [0.1, 0.9],
    },
  };
}
