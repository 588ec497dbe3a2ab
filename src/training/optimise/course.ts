// One stage of training from its first segment to its last: validates, stops early, keeps the best
// weights, saves on the way. A run that was killed at any moment goes on from what was saved and
// ends with the same weights, bit for bit. Knows neither model nor batches.
import { z } from 'zod';
import type { Batch } from '../../engine/batch';
import { asError, VitrineError } from '../../errors';
import type { Reporter } from '../../telemetry/progress';
import type { Checkpoints } from './checkpoint';
import { judge } from './early-stopping';
import type { Trainer, TrainerState } from './trainer';

export interface CourseOptions {
  /** For messages. */
  readonly name: string;
  readonly trainer: Trainer;
  /** How many segments there are: epochs, or parts of one. */
  readonly segments: number;
  /**
   * The batches of a segment, from 0. The same for the same number, whatever ran before: seed by
   * it.
   */
  readonly batches: (segment: number) => Iterable<Batch>;
  /**
   * Measures the weights as they are, higher is better. The same for the same weights; must not
   * move them.
   */
  readonly validate?: () => Promise<number>;
  /**
   * Segments from one validation to the next; the last segment is always followed by one. 1 if
   * absent.
   */
  readonly validateEvery?: number;
  /**
   * Validations in a row without a gain after which the course ends; without it no course ends
   * early.
   */
  readonly patience?: number;
  /** How much better than the best a score must be to count as a gain; 0 if absent. */
  readonly minGain?: number;
  /**
   * Where progress is kept. The key must tell apart whatever changes the course: settings, data,
   * stage.
   */
  readonly checkpoint?: { readonly store: Checkpoints; readonly key: string };
  /** Not more often than this, but always at the end; 15 if absent. */
  readonly saveEverySeconds?: number;
  /**
   * Hears the number of the step within the course, from 1 (after a resumption from where it goes
   * on), and its loss.
   */
  readonly onStep?: (step: number, loss: number) => void;
  readonly reporter: Reporter;
}

export interface CourseResult {
  /** Segments that were run, in this process or before. */
  readonly segments: number;
  readonly steps: number;
  readonly scores: readonly Score[];
  /**
   * The segment whose weights the trainer has now, from 0; the last one where nothing was
   * validated.
   */
  readonly best: number;
}

export interface Score {
  readonly segment: number;
  readonly score: number;
}

/**
 * Runs the course, or what is left of it; at the end the trainer has the best state, steps of the
 * optimisers included. A course that was saved as finished is not run again.
 *
 * @throws VitrineError TRAINING_DIVERGED for a score that is no finite number
 */
export async function runCourse(options: CourseOptions): Promise<CourseResult> {
  const { name, trainer, segments, validate, validateEvery = 1, checkpoint, saveEverySeconds = 15 } = options;
  const rule = { patience: options.patience ?? Infinity, minGain: options.minGain ?? 0 };
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
    else if (progress.finished || progress.segments % validateEvery === 0) {
      progress.scores.push({ segment, score: finite(await validate(), name) });
      const verdict = judge(
        progress.scores.map(({ score }) => score),
        rule,
      );
      // there is one: the first score is a gain
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

const progressSchema = z.object({
  segments: z.int().nonnegative(),
  steps: z.int().nonnegative(),
  scores: z.array(z.object({ segment: z.int().nonnegative(), score: z.number() })),
  /** −1 while nothing was validated. */
  best: z.int(),
  finished: z.boolean(),
});
type Progress = z.infer<typeof progressSchema>;

/**
 * Brings the trainer to where the course was saved; undefined if it was not, or if what was saved
 * is not this trainer's.
 */
async function resume({
  name,
  trainer,
  segments,
  checkpoint,
  reporter,
}: CourseOptions): Promise<{ progress: Progress; bestState: TrainerState | undefined } | undefined> {
  const found = await checkpoint?.store.load(checkpoint.key);
  if (!found) return undefined;
  try {
    const progress = progressSchema.parse(found.metadata);
    trainer.restore(unprefixed(found.arrays, NOW));
    const best = unprefixed(found.arrays, BEST);
    if (progress.finished) reporter.say(`${name}: finished before, taken from its checkpoint`);
    else reporter.say(`${name}: goes on after segment ${String(progress.segments)} of ${String(segments)}`);
    // The best are written only where they are not the present ones.
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
