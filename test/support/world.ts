// A small seeded shop for tests of the whole system in one process. It is generated, imported into
// a real Postgres, trained, and published to a folder. The first test that needs the shop makes it,
// which takes some ten seconds. Each test gets a copy.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importShop } from '../../src/data/import/import';
import type { Store } from '../../src/data/store/store';
import { openStore } from '../../src/data/store/open-store';
import { tasteOracle } from '../../src/demo/synthetic/oracle';
import { generateShop } from '../../src/demo/synthetic/generate';
import { openTrainingEngine } from '../../src/engine/training-engine';
import { silentReporter } from '../../src/telemetry/progress';
import { trainingConfig, type TrainingConfig } from '../../src/training/config';
import { train, type Trained } from '../../src/training/train';
import { createTestDatabase, makeTemplate, templateName, type TestDatabase } from './database';
import { madeOnce } from './run/run';

export const WORLD = { customers: 1_200, articles: 500, transactions: 24_000, days: 180, seed: 11 } as const;
/**
 * Size of a shop with just enough data to hold out a week, for tests that do not check the quality
 * of a training.
 */
export const SMALL = { customers: 300, articles: 150, transactions: 6_000, days: 120, seed: 5 } as const;

/** Settings for a training of a few steps, for tests that do not check its quality. */
export function hastyConfig(seed: number): TrainingConfig {
  const { towers, ranker, text, ...config } = trainingConfig('tiny', seed);
  return {
    ...config,
    towers: { ...towers, epochs: 2 },
    ranker: { ...ranker, straightSteps: 50, epochs: 2, maxQuestions: 400, maxLists: 200, batch: 8, listLength: 20 },
    text: { ...text, looks: { ...text.looks, steps: 20 }, taste: { ...text.taste, steps: 20 } },
  };
}

export interface World {
  readonly database: TestDatabase;
  readonly store: Store;
  readonly modelsDir: string;
  readonly trained: Trained;
  close(): Promise<void>;
}

/** Opens a filled store in its own database. Nothing is trained. */
export async function createShop(
  label: string,
  size: typeof WORLD | typeof SMALL = WORLD,
): Promise<{ database: TestDatabase; store: Store; close(): Promise<void> }> {
  const template = size === WORLD ? 'shop' : 'small shop';
  await madeOnce(template, (folder) => fillShop(folder, template, size));
  const database = await createTestDatabase(label, templateName(template));
  const store = openStore(database.url);
  return {
    database,
    store,
    async close() {
      await store.close();
      await database.close();
    },
  };
}

/** Opens the shop of size WORLD with a release. */
export async function createWorld(label: string): Promise<World> {
  const made = await madeOnce('release', trainRelease);
  const shop = await createShop(label);
  const modelsDir = await mkdtemp(join(tmpdir(), 'vitrine-models-'));
  await cp(made, modelsDir, { recursive: true });
  const trained = JSON.parse(await readFile(join(modelsDir, 'trained.json'), 'utf8')) as Trained;
  await rm(join(modelsDir, 'trained.json'));
  return {
    ...shop,
    modelsDir,
    trained,
    async close() {
      await shop.close();
      await rm(modelsDir, { recursive: true, force: true });
    },
  };
}

async function fillShop(folder: string, template: string, size: typeof WORLD | typeof SMALL): Promise<void> {
  await generateShop(folder, size, silentReporter);
  const rejectsFile = join(folder, 'rejects.csv');
  await makeTemplate(template, async (databaseUrl) => {
    await importShop(folder, { databaseUrl, rejectsFile, reporter: silentReporter });
  });
}

async function trainRelease(folder: string): Promise<void> {
  const shop = await createShop('release');
  // A single thread leaves more of the processors to other test files, which run at the same time.
  const engine = openTrainingEngine({ threadsPerRun: 1 });
  try {
    const holdOut = { days: 7, maxCustomers: 1_000, explore: 24, oracle: tasteOracle };
    const { ranker, ...tiny } = trainingConfig('tiny', 1);
    // A quarter of the steps gives nearly the same quality.
    const config = { ...tiny, ranker: { ...ranker, straightSteps: 500 } };
    const trained = await train(engine, shop.store, config, { modelsDir: folder, holdOut }, silentReporter);
    await writeFile(join(folder, 'trained.json'), JSON.stringify(trained));
  } finally {
    await engine.close();
    await shop.close();
  }
}
