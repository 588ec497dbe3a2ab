// A training schedule: runs the segments of one stage of training, validates, stops early, keeps
// the best weights and saves checkpoints. A killed run continues from its checkpoint and ends with
// the same weights, bit for bit.
import { z } from 'zod';
import type { Batch } from '../../engine/batch';
import { asError, VitrineError } from '../../errors';
import type { Reporter } from '../../telemetry/progress';
import type { Checkpoints } from './checkpoint';
import type { TrainerState } from './learnt';
import type { Trainer } from './trainer';

export interface ScheduleOptions {
  /** A name for messages. */
  readonly name: string;
  readonly trainer: Trainer;
  /** The number of segments: epochs, or parts of one. */
  readonly segments: number;
  /**
   * The batches of a segment, from 0. The batches must depend only on the number of the segment,
   * not on earlier segments.
   */
  readonly batches: (segment: number) => Iterable<Batch>;
  /**
   * Measures the weights after each segment; higher is better. The function must not change the
   * weights, and must return the same score for the same weights.
   */
  readonly validate?: () => Promise<number>;
  /**
   * Number of validations in a row without a gain after which training stops early. Default: never.
   */
  readonly patience?: number;
  /** The key must change with everything that changes the result: settings, data, stage. */
  readonly checkpoint?: { readonly store: Checkpoints; readonly key: string };
  /** Minimum time between two checkpoints, in seconds. Default: 15. The end is always saved. */
  readonly saveEverySeconds?: number;
  /** Receives the number of the step, from 1, and the loss. Steps of a killed run count too. */
  readonly onStep?: (step: number, loss: number) => void;
  readonly reporter: Reporter;
}

export interface ScheduleResult {
  /** Number of segments that were run, in this process or in an earlier one. */
  readonly segments: number;
  readonly steps: number;
  readonly scores: readonly Score[];
  /**
   * The segment whose weights the trainer has now, from 0. Without validation, this is the last
   * segment.
   */
  readonly best: number;
}

export interface Score {
  readonly segment: number;
  readonly score: number;
}

/**
 * Runs the schedule, or the rest of it. At the end the trainer has the best state, including the
 * optimisers' state at that time. A schedule that was saved as finished is not run again.
 * @throws VitrineError TRAINING_DIVERGED if a score is not a finite number
 */
export async function runSchedule(options: ScheduleOptions): Promise<ScheduleResult> {
  const { name, trainer, segments, validate, patience = Infinity, checkpoint, saveEverySeconds = 15 } = options;
  const resumed = await resume(options);
  const progress: Progress = resumed?.progress ?? {
    segments: 0,
    steps: 0,
    scores: [],
    best: -1,
    finished: segments === 0,
  };
  let bestState = resumed?.bestState;
  let saved = performance.now();

  while (!progress.finished) {
    const segment = progress.segments;
    await trainer.train(options.batches(segment), (_step, loss) => {
      progress.steps += 1;
      options.onStep?.(progress.steps, loss);
    });
    progress.segments = segment + 1;
    progress.finished = progress.segments >= segments;
    if (!validate) progress.best = segment;
    else {
      progress.scores.push({ segment, score: finite(await validate(), name) });
      const verdict = judge(
        progress.scores.map(({ score }) => score),
        patience,
      );
      // The first score always counts as a gain, so there is a best score.
      progress.best = progress.scores[verdict.best].segment;
      progress.finished ||= verdict.stop;
      if (progress.best === segment) bestState = trainer.state();
    }
    if (progress.finished && bestState) {
      trainer.restore(bestState);
      bestState = undefined;
    }
    if (checkpoint && (progress.finished || performance.now() - saved >= saveEverySeconds * 1000)) {
      const arrays = joined(trainer.state(), progress.best === segment ? undefined : bestState);
      await checkpoint.store.save(checkpoint.key, { metadata: progress, arrays });
      saved = performance.now();
    }
  }
  return { segments: progress.segments, steps: progress.steps, scores: progress.scores, best: progress.best };
}

/**
 * Early stopping (Prechelt, "Early stopping, but when?", 1998). `scores` [n] are oldest first, and
 * higher is better. `best` is the index of the highest score, −1 if there is none. NaN is never a
 * gain.
 */
export function judge(scores: readonly number[], patience: number): { best: number; stop: boolean } {
  let best = -1;
  scores.forEach((score, place) => {
    if (best < 0 ? !Number.isNaN(score) : score > scores[best]) best = place;
  });
  return { best, stop: scores.length - 1 - best >= patience };
}

const progressSchema = z.object({
  segments: z.int().nonnegative(),
  steps: z.int().nonnegative(),
  scores: z.array(z.object({ segment: z.int().nonnegative(), score: z.number() })),
  /** −1 before the first validation. */
  best: z.int(),
  finished: z.boolean(),
});
type Progress = z.infer<typeof progressSchema>;

/**
 * Restores the trainer from a checkpoint. Returns undefined if there is none or the checkpoint does
 * not fit.
 */
async function resume({
  name,
  trainer,
  segments,
  checkpoint,
  reporter,
}: ScheduleOptions): Promise<{ progress: Progress; bestState: TrainerState | undefined } | undefined> {
  const found = await checkpoint?.store.load(checkpoint.key);
  if (!found) return undefined;
  try {
    const progress = progressSchema.parse(found.metadata);
    trainer.restore(unprefixed(found.arrays, NOW));
    const best = unprefixed(found.arrays, BEST);
    if (progress.finished) reporter.say(`${name}: finished before, taken from its checkpoint`);
    else reporter.say(`${name}: goes on after segment ${String(progress.segments)} of ${String(segments)}`);
    // The best state is stored only if it is not the current one.
    const bestState = best.size > 0 ? best : progress.scores.length > 0 ? trainer.state() : undefined;
    return { progress, bestState };
  } catch (thrown) {
    reporter.say(`${name}: its checkpoint does not fit (${asError(thrown).message}); starting anew`);
    return undefined;
  }
}

const NOW = 'now/';
const BEST = 'best/';

function joined(now: TrainerState, best: TrainerState | undefined): TrainerState {
  return new Map([...prefixed(now, NOW), ...prefixed(best ?? new Map(), BEST)]);
}

function prefixed(state: TrainerState, prefix: string): [string, Float32Array][] {
  return [...state].map(([name, values]) => [prefix + name, values]);
}

function unprefixed(arrays: TrainerState, prefix: string): TrainerState {
  const own = [...arrays].filter(([name]) => name.startsWith(prefix));
  return new Map(own.map(([name, values]) => [name.slice(prefix.length), values]));
}

function finite(score: number, name: string): number {
  if (Number.isFinite(score)) return score;
  throw new VitrineError(
    'TRAINING_DIVERGED',
    `The validation of ${name} gave ${String(score)}, expected a finite score.`,
  );
}
