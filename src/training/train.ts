// From a filled store to a release: evaluates on held-out days, trains the models and the text
// encoder on all data, and publishes.
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Store } from '../data/store/store';
import type { TrainingEngine } from '../engine/training-engine';
import { VitrineError } from '../errors';
import type { Dataset } from '../dataset/dataset';
import { readPurchaseLog, type PurchaseLog } from '../dataset/read';
import { publishRelease } from '../release/build';
import { CURRENT_FILE, type Manifest } from '../release/format';
import { currentFolder } from '../release/files';
import { currentRelease } from '../release/release-store';
import { readFormer, formerOf, type FormerWeights } from '../release/weights';
import { storing } from '../data/files/storage';
import type { Reporter } from '../telemetry/progress';
import { openCheckpoints, type Checkpoints } from './optimise/checkpoint';
import type { TrainingConfig } from './config';
import { evaluate, type Oracle } from '../evaluation/offline/evaluate';
import type { Evaluation } from '../evaluation/evaluation';
import { fit, type Fitted } from './stages/fit';
import { fitText } from './stages/fit-text';
import { namedLooks } from './stages/looks';
import { cutoffOf, horizonOf, type Protocol } from '../dataset/protocols';
import { evaluationReport } from '../evaluation/report/report';
import { DAY, isoDay } from '../time';

/** The questions of the evaluation, by default the purchases of the last days. */
export interface HoldOut {
  /** Default: the purchases of the last `days`. */
  readonly protocol?: Protocol;
  readonly days: number;
  readonly maxCustomers: number;
  /** The setting EXPLORE. */
  readonly explore: number;
  /** The best possible answers for a synthetic shop, from the way it was made. */
  readonly oracle?: (shop: Dataset, synthetic: unknown) => Oracle;
}

export const HOLD_OUT: Omit<HoldOut, 'explore'> = { days: 7, maxCustomers: 5_000 };

export interface Evaluated {
  readonly evaluation: Evaluation;
  /** The measured models, for a warm start. */
  readonly trained: FormerWeights;
}

export interface EvaluateOptions extends HoldOut {
  /** Default: read from the store. */
  readonly shop?: PurchaseLog;
  readonly checkpoints?: Checkpoints;
}

/**
 * Trains on the purchases that the protocol allows for training, and measures on the other
 * purchases.
 */
export async function evaluateTraining(
  engine: TrainingEngine,
  store: Store,
  config: TrainingConfig,
  { protocol: given, days, maxCustomers, explore, oracle, shop, checkpoints }: EvaluateOptions,
  reporter: Reporter,
): Promise<Evaluated> {
  const raw = shop ?? (await readPurchaseLog(store, reporter));
  const endOfData = Math.floor(raw.last / DAY) * DAY + DAY;
  const protocol: Protocol = given ?? { kind: 'temporal', cut: endOfData - days * DAY, days };
  const cutoff = cutoffOf(protocol);
  if ('before' in cutoff && (cutoff.before <= raw.first || cutoff.before > raw.last)) {
    throw new VitrineError(
      'NOTHING_TO_LEARN',
      `Cannot hold out from ${isoDay(cutoff.before)}: purchases run from ${isoDay(raw.first)} to ${isoDay(raw.last)}; hold out less (--days, --weeks) or cut between them (--cut, --end).`,
    );
  }
  const options = { raw, cutoff, config, days: horizonOf(protocol), checkpoints };
  const fitted = await fit(engine, store, options, reporter);
  const synthetic = (await store.fact('synthetic')) ?? undefined;
  const planted = synthetic === undefined ? undefined : oracle?.(fitted.shop, synthetic);
  const asked = { maxCustomers, seed: config.seed, explore, oracle: planted };
  const evaluation = await evaluate(fitted, protocol, asked, reporter);
  return { evaluation, trained: formerOf(nameOf(fitted.models), fitted.shop.encoder, fitted.models) };
}

export interface TrainOptions {
  readonly modelsDir: string;
  /** If omitted, there is no evaluation. */
  readonly holdOut?: HoldOut | undefined;
  /**
   * Whether the released models continue from the current release. The measured models never do,
   * since the current release has been trained on the held-out days.
   */
  readonly warmStart?: boolean | undefined;
}

/** The checkpoints of unfinished trainings, in the same folder as the releases. */
export function checkpointsIn(modelsDir: string, reporter: Reporter): Checkpoints {
  return openCheckpoints(join(modelsDir, '.checkpoints'), reporter);
}

export interface Trained {
  readonly manifest: Manifest;
  /** null if there was no evaluation. */
  readonly evaluation: Evaluation | null;
}

/**
 * Evaluates if requested, trains on all data and publishes a release. The release is made from the
 * database, so it replaces any release that is current at the end. A warm start continues from a
 * release and replaces only that release.
 * @throws VitrineError NOTHING_TO_LEARN, TRAINING_DIVERGED, RELEASE_MOVED, STORAGE_UNAVAILABLE
 */
export async function train(
  engine: TrainingEngine,
  store: Store,
  config: TrainingConfig,
  { modelsDir, holdOut, warmStart }: TrainOptions,
  reporter: Reporter,
): Promise<Trained> {
  const checkpoints = checkpointsIn(modelsDir, reporter);
  // A folder that is not writable must cause an error before the training, not after it.
  await storing(modelsDir, async () => {
    await mkdir(modelsDir, { recursive: true });
    await access(modelsDir, constants.W_OK);
  });
  const former = warmStart ? await currentFolder(modelsDir) : undefined;
  let goOnFrom = former === undefined ? undefined : await readFormer(former);
  const before = await currentRelease(modelsDir);
  const raw = await readPurchaseLog(store, reporter);
  let evaluation: Evaluation | null = null;
  if (holdOut) {
    reporter.say(`Evaluation: training without the last ${String(holdOut.days)} days, to measure on them`);
    const asked = { ...holdOut, shop: raw, checkpoints };
    const evaluated = await evaluateTraining(engine, store, config, asked, reporter).catch((thrown: unknown) =>
      sayTooLittle(thrown, reporter),
    );
    evaluation = evaluated?.evaluation ?? null;
    if (config.goOn) goOnFrom ??= evaluated?.trained;
    reporter.say(`Release: ${goOnFrom ? 'going on' : 'training'} with everything`);
  }
  const cutoff = { before: raw.last + 1 };
  const options = { raw, cutoff, config, days: HOLD_OUT.days, checkpoints, former: goOnFrom };
  const { shop, models, articleIndex, habits } = await fit(engine, store, options, reporter);
  const { coPurchases } = habits;
  const known = shop.historyEnds(cutoff);
  const text = await fitText(engine, shop, { known, coPurchases, looks: await namedLooks(store), config }, reporter);
  const replaced = await currentRelease(modelsDir);
  const manifest = await publishRelease(
    modelsDir,
    {
      encoder: shop.encoder,
      tokeniser: text.tokeniser,
      models: { ...models, text_encoder: text.model },
      articleIds: shop.catalogue.ids,
      articleVersions: shop.versions,
      articleIndex,
      similarIndex: text.index,
      habits,
      textParts: text.encoder.parts,
      data: { purchases: shop.at.length, customers: shop.customers, from: isoDay(raw.first), to: isoDay(raw.last) },
      training: { ...config },
      evaluation,
      report: evaluation && evaluationReport(evaluation, config),
    },
    new Date(),
    former === undefined ? undefined : basename(former),
  );
  if (replaced !== before && replaced !== undefined) {
    reporter.say(`${manifest.name} replaces ${replaced}, which has become current meanwhile; to go back to it:`);
    reporter.say(`  echo ${replaced} > ${join(modelsDir, CURRENT_FILE)}`);
  }
  await checkpoints.clear();
  return { manifest, evaluation };
}

/**
 * Reports that there is too little to measure, as in a young or sparse shop. The shop is served
 * nevertheless.
 */
function sayTooLittle(thrown: unknown, reporter: Reporter): undefined {
  if (!(thrown instanceof VitrineError) || thrown.code !== 'NOTHING_TO_LEARN') throw thrown;
  reporter.say(`There is too little to measure on: ${thrown.message}`);
}

/**
 * A name for the measured models. The name keeps their checkpoints separate from those of other
 * models.
 */
function nameOf(models: Fitted['models']): string {
  const hash = createHash('sha256');
  for (const { bytes } of Object.values(models)) hash.update(bytes);
  return `measured ${hash.digest('hex').slice(0, 16)}`;
}
