// From a filled store to a release: an evaluation on held-out days first, then the models on
// everything, then the text encoder, then the files. Knows the order of the work, none of its
// details.
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Store } from '../data/store/store';
import type { Engine } from '../engine/engine';
import { VitrineError } from '../errors';
import { readPurchaseLog, type PurchaseLog, type Dataset } from '../dataset/dataset';
import { publishRelease } from '../release/build';
import { CURRENT_FILE, type Manifest } from '../release/format';
import { currentFolder } from '../release/open';
import { currentRelease } from '../release/release-store';
import { readTrained, trainedOf, type Trained as Former } from '../release/weights';
import { storing } from '../data/files/storage';
import type { Reporter } from '../telemetry/progress';
import { openCheckpoints, type Checkpoints } from './optimise/checkpoint';
import type { TrainingConfig } from './config';
import { evaluate, type Oracle } from '../evaluation/offline/evaluate';
import type { Evaluation } from '../evaluation/evaluation';
import { fit, type Fitted } from './stages/fit';
import { fitText } from './stages/fit-text';
import { cutoffOf, horizonOf, type Protocol } from '../dataset/protocols';
import { evaluationReport } from '../evaluation/report/report';
import { DAY, isoDay } from '../time';

/**
 * Which questions a training answers before it is released: by default what was bought in the last
 * days.
 */
export interface HoldOut {
  /** Absent: the last `days` of the data. */
  readonly protocol?: Protocol;
  readonly days: number;
  readonly maxCustomers: number;
  /** As in the settings of the program. */
  readonly explore: number;
  /**
   * What can be learnt of a shop that was made, from how it was made. Absent: nothing is compared
   * with it.
   */
  readonly oracle?: (shop: Dataset, synthetic: unknown) => Oracle;
}

export const HOLD_OUT: Omit<HoldOut, 'explore'> = { days: 7, maxCustomers: 5_000 };

export interface Evaluated {
  readonly evaluation: Evaluation;
  /** What was measured, to go on from. */
  readonly trained: Former;
}

/** Trains on what a protocol allows and measures on the rest. */
export async function evaluateTraining(
  engine: Engine,
  store: Store,
  config: TrainingConfig,
  { protocol: given, days, maxCustomers, explore, oracle }: HoldOut,
  reporter: Reporter,
  { shop, checkpoints }: { readonly shop?: PurchaseLog; readonly checkpoints?: Checkpoints } = {},
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
  const fitted = await fit(engine, store, raw, cutoff, { config, days: horizonOf(protocol), checkpoints }, reporter);
  const synthetic = (await store.fact('synthetic')) ?? undefined;
  const planted = synthetic === undefined ? undefined : oracle?.(fitted.shop, synthetic);
  const options = { maxCustomers, seed: config.seed, explore, oracle: planted };
  const evaluation = await evaluate(fitted, protocol, options, reporter);
  return { evaluation, trained: trainedOf(nameOf(fitted.models), fitted.shop.encoder, fitted.models) };
}

export interface TrainOptions {
  /** Absent: nothing is held out, nothing measured. */
  readonly holdOut?: HoldOut | undefined;
  /**
   * The released models go on from the current release; what is measured never does, since that has
   * seen what is held out.
   */
  readonly warmStart?: boolean | undefined;
}

/** What is learnt on the way, until it is released or measured: beside the releases. */
export function checkpointsIn(modelsDir: string, reporter: Reporter): Checkpoints {
  return openCheckpoints(join(modelsDir, '.checkpoints'), reporter);
}

export interface Trained {
  readonly manifest: Manifest;
  /** null: nothing was held out. */
  readonly evaluation: Evaluation | null;
}

/**
 * Evaluates (unless told not to), trains on everything and publishes a release. It is made from the
 * database, so it replaces whichever release is current by then, also one that somebody has gone
 * back to meanwhile. A warm start goes on from a release, and replaces that one alone.
 * @throws VitrineError NOTHING_TO_LEARN, TRAINING_DIVERGED, RELEASE_MOVED, STORAGE_UNAVAILABLE
 */
export async function train(
  engine: Engine,
  store: Store,
  modelsDir: string,
  config: TrainingConfig,
  { holdOut, warmStart }: TrainOptions,
  reporter: Reporter,
): Promise<Trained> {
  const checkpoints = checkpointsIn(modelsDir, reporter);
  // Now and not after the training.
  await storing(modelsDir, async () => {
    await mkdir(modelsDir, { recursive: true });
    await access(modelsDir, constants.W_OK);
  });
  const former = warmStart ? await currentFolder(modelsDir) : undefined;
  let goOnFrom = former === undefined ? undefined : await readTrained(former);
  const before = await currentRelease(modelsDir);
  const raw = await readPurchaseLog(store, reporter);
  let evaluation: Evaluation | null = null;
  if (holdOut) {
    reporter.say(`Evaluation: training without the last ${String(holdOut.days)} days, to measure on them`);
    const parts = { shop: raw, checkpoints };
    const evaluated = await evaluateTraining(engine, store, config, holdOut, reporter, parts).catch((thrown: unknown) =>
      sayTooLittle(thrown, reporter),
    );
    evaluation = evaluated?.evaluation ?? null;
    if (config.goOn) goOnFrom ??= evaluated?.trained;
    reporter.say(`Release: ${goOnFrom ? 'going on' : 'training'} with everything`);
  }
  const { shop, models, articleIndex, habits } = await fit(
    engine,
    store,
    raw,
    { before: raw.last + 1 },
    { config, days: HOLD_OUT.days, checkpoints, former: goOnFrom },
    reporter,
  );
  const text = await fitText(
    engine,
    shop,
    shop.historyEnds({ before: raw.last + 1 }),
    habits.coPurchases,
    config,
    reporter,
  );
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

/** A young or sparse shop: too little to measure on is no reason not to serve it. */
function sayTooLittle(thrown: unknown, reporter: Reporter): undefined {
  if (!(thrown instanceof VitrineError) || thrown.code !== 'NOTHING_TO_LEARN') throw thrown;
  reporter.say(`There is too little to measure on: ${thrown.message}`);
}

/**
 * What was measured has no name; what goes on from it must not take up what went on from something
 * else.
 */
function nameOf(models: Fitted['models']): string {
  const hash = createHash('sha256');
  for (const { bytes } of Object.values(models)) hash.update(bytes);
  return `measured ${hash.digest('hex').slice(0, 16)}`;
}
