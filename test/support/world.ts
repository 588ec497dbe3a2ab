// A small seeded shop that boots the whole system in-process: generated, imported into a real
// Postgres, learnt from, published to a folder, opened. Slow for a test (some ten seconds): files
// share one world where they can.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importShop } from '../../src/data/import/import';
import { openStore, type Store } from '../../src/data/store/store';
import { generateShop } from '../../src/demo/synthetic';
import { tasteOracle } from '../../src/demo/oracle';
import { openEngine } from '../../src/engine/engine';
import { silentReporter } from '../../src/telemetry/progress';
import { trainingConfig } from '../../src/training/config';
import { train, type Trained } from '../../src/training/train';
import { createTestDatabase, type TestDatabase } from './database';

export const WORLD = { customers: 1_200, articles: 500, transactions: 24_000, days: 180, seed: 11 } as const;

export interface World {
  readonly database: TestDatabase;
  readonly store: Store;
  readonly modelsDir: string;
  readonly trained: Trained;
  close(): Promise<void>;
}

/** A filled store in a database of its own; nothing is trained. */
export async function createShop(
  label: string,
): Promise<{ database: TestDatabase; store: Store; close(): Promise<void> }> {
  const database = await createTestDatabase(label);
  const folder = await mkdtemp(join(tmpdir(), 'vitrine-world-'));
  await generateShop(folder, WORLD, silentReporter);
  const rejectsFile = join(folder, 'rejects.csv');
  await importShop(folder, { databaseUrl: database.url, rejectsFile, reporter: silentReporter });
  const store = openStore(database.url);
  return {
    database,
    store,
    async close() {
      await store.close();
      await database.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The same, with a release. */
export async function createWorld(label: string): Promise<World> {
  const shop = await createShop(label);
  const modelsDir = await mkdtemp(join(tmpdir(), 'vitrine-models-'));
  const engine = openEngine({ threadsPerRun: 2 });
  const holdOut = { days: 7, maxCustomers: 1_000, explore: 24, oracle: tasteOracle };
  const trained = await train(engine, shop.store, modelsDir, trainingConfig('tiny', 1), { holdOut }, silentReporter);
  await engine.close();
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
