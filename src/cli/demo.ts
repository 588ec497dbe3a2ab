// `vitrine demo` does everything in one command: it generates a shop or uses an existing one,
// imports the shop, trains, publishes and serves. The steps work like the separate commands. A step
// whose result is up to date is skipped.
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { openKeys } from '../access/keys';
import { importShop } from '../data/import/import';
import type { Store } from '../data/store/store';
import { openStore } from '../data/store/open-store';
import { tasteOracle } from '../demo/synthetic/oracle';
import { generateShop } from '../demo/synthetic/generate';
import { DEFAULT_SHOP } from '../demo/synthetic/options';
import type { TrainingEngine } from '../engine/training-engine';
import { asError, VitrineError } from '../errors';
import { currentRelease } from '../release/release-store';
import { formatDuration } from '../telemetry/format';
import { trainingConfig, type Size } from '../training/config';
import { HOLD_OUT, train } from '../training/train';
import { example, port, size, whole } from './arguments';
import { COMMAND_LINE } from './keys';
import { checkPort, listen } from './serve';
import { aborted, run, type RunningCommand } from './running';
import { evaluationTable, importTable } from './output/show';
import { openTraining, openUrl } from './wiring';
import { sha256 } from '../bytes';

export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('everything at once: make a shop or take yours, import, train, measure, publish, serve')
    .option('--data <dir>', 'folder of your shop’s files, instead of a synthetic shop')
    .option('--mapping <file>', 'as for import')
    .addOption(size())
    .option('--seed <n>', 'as for train', whole, 1)
    .option('--port <n>', 'port to listen on (default: PORT, else 4000)', port)
    .option('--check', 'send one query to the server, print the answer and stop')
    .addHelpText('after', example('vitrine demo --data ../hm --check'))
    .action((options: { data?: string; mapping?: string; size: Size; seed: number; port?: number; check?: boolean }) =>
      run(async (command) => {
        await checkPort(command.config.host, options.port ?? command.config.port);
        const url = await openUrl(command, 'write');
        const store = openStore(url, { clock: command.config.clock });
        command.closing(() => store.close());
        await demo(command, options, {
          store,
          databaseUrl: url,
          engine: () => openTraining(command),
          listen: (photos) =>
            listen(command, store, { port: options.port, photos, preparing: 'the demo is still preparing its shop' }),
        });
        if (options.check) return;
        command.serving();
        await aborted(command.signal);
      }),
    );
}

interface DemoOptions {
  readonly data?: string;
  readonly mapping?: string;
  readonly size: Size;
  readonly seed: number;
  readonly check?: boolean;
}

interface DemoParts {
  readonly store: Store;
  readonly databaseUrl: string;
  readonly engine: () => TrainingEngine;
  /**
   * Starts to listen at once, with photos from the folder `photos` if it is given. Recommendations
   * are served once `serve` is called.
   */
  readonly listen: (
    photos: string | undefined,
  ) => Promise<{ readonly address: string; readonly serve: () => Promise<void> }>;
}

/**
 * The shop and the release that the demo made. The store keeps this record as the fact "demo" from
 * before the import, so that a demo that was stopped can be run again.
 */
interface Shown {
  /** Fingerprint of the files. */
  readonly source: string;
  /** Settings that the release was trained with. Null if no release has been trained yet. */
  readonly settings: string | null;
  readonly release: string | null;
}

async function demo(command: RunningCommand, options: DemoOptions, parts: DemoParts): Promise<void> {
  const { config, reporter, signal } = command;
  const { store } = parts;
  const started = performance.now();
  const synthetic = join(config.home, 'synthetic-shop');
  const dir = options.data === undefined ? synthetic : resolve(options.data);
  const photos = join(dir, 'images');
  // Listens before the training, since another program might take the port during the training.
  const { address, serve } = await parts.listen(existsSync(photos) ? photos : undefined);
  if (options.data === undefined) await generateShop(synthetic, DEFAULT_SHOP, reporter, signal);

  const source = await fingerprint(dir, options);
  const settings = `${options.size}, seed ${String(options.seed)}`;
  const shown = (await store.fact('demo')) as Shown | undefined;
  const current = await currentRelease(config.modelsDir);
  if (shown?.source === source && shown.settings === settings && shown.release === current) {
    reporter.say(`Nothing has changed since release ${current} was made; serving it.`);
  } else {
    if (shown?.source !== source) await makeRoom(store, dir, shown);
    await store.setFact('demo', { source, settings: null, release: null } satisfies Shown);
    const imported = await importShop(dir, {
      databaseUrl: parts.databaseUrl,
      ...(options.mapping !== undefined && { mapping: resolve(options.mapping) }),
      rejectsFile: join(config.home, 'rejects.csv'),
      reporter,
      signal,
    });
    reporter.say(importTable(imported));
    const training = trainingConfig(options.size, options.seed);
    const { manifest, evaluation } = await train(
      parts.engine(),
      store,
      training,
      { modelsDir: config.modelsDir, holdOut: { ...HOLD_OUT, explore: config.explore, oracle: tasteOracle } },
      reporter,
    );
    if (evaluation) reporter.say(`\n${evaluationTable(evaluation)}\n`);
    await store.setFact('demo', { source, settings, release: manifest.name } satisfies Shown);
  }

  await serve();
  const customer = await tellingCustomer(store);
  const query = queryFor(customer);
  reporter.say(`Ready after ${formatDuration(performance.now() - started)}.\n`);
  reporter.say(`  Shop window      ${address}`);
  reporter.say(`  Apollo Sandbox   ${address}/graphql`);
  reporter.say(`  Report           ${address}/report`);
  reporter.say(`  Health           ${address}/health/ready`);
  reporter.say(`\nA query to paste:\n\n${query}\n`);
  if (options.check) await check(address, query, customer, await keyFor(store));
  else reporter.say('Ctrl-C stops the server.');
}

/**
 * Removes the shop of an earlier demo. Throws if the shop was imported by a user: such a shop is
 * never removed.
 */
async function makeRoom(store: Store, dir: string, shown: Shown | undefined): Promise<void> {
  const { articles, customers } = await store.counts();
  if (articles + customers === 0) return;
  if (shown === undefined) {
    throw new VitrineError(
      'INPUT_INVALID',
      `The database holds a shop that the demo has not made (${String(articles)} articles); expected none, or the shop of an earlier demo. ` +
        `To show ${dir}, set VITRINE_HOME to another folder, or DATABASE_URL to an empty database.`,
    );
  }
  await store.clear();
}

/**
 * Returns a fingerprint that changes when the data changes. It covers the names, sizes and times of
 * the files.
 */
async function fingerprint(dir: string, { mapping, data }: DemoOptions): Promise<string> {
  const facts: unknown[] = [mapping, data === undefined ? DEFAULT_SHOP : dir];
  if (mapping !== undefined) facts.push((await stat(resolve(mapping))).mtimeMs);
  if (data !== undefined) {
    const names = (await readdir(dir).catch(() => [])).sort();
    for (const name of names) {
      const { size: bytes, mtimeMs } = await stat(join(dir, name));
      facts.push(name, bytes, mtimeMs);
    }
  }
  return sha256(JSON.stringify(facts));
}

/**
 * Returns a customer with a history worth showing: among the first hundred customers, the one with
 * the most purchases.
 */
async function tellingCustomer(store: Store): Promise<string> {
  const { rows } = await store.customersPage(100);
  const purchases = await store.latestPurchases(
    rows.map(({ key }) => key),
    50,
  );
  const best = rows.reduce((top, _, i) => (purchases[i].length > purchases[top].length ? i : top), 0);
  return rows[best]?.id ?? 'a new customer';
}

function queryFor(customer: string): string {
  return `{
  recommendations(customerId: ${JSON.stringify(customer)}, first: 5) {
    rank
    score
    source
    article { id name category colour price similar(first: 2) { score article { name } } }
  }
}`;
}

/** A key for the check if the server asks for one. It holds for a few minutes. */
async function keyFor({ access }: Store): Promise<string | undefined> {
  if (!(await access.hasKeys())) return undefined;
  const key = { name: 'demo --check', kind: 'secret', scopes: ['recommend'] } as const;
  const { text } = await openKeys(access).make({ ...key, expiresAt: new Date(Date.now() + 300_000) }, COMMAND_LINE);
  return text;
}

/**
 * Sends a query to the running server, as any client would, and prints the answer.
 * @throws VitrineError if the answer has no recommendations
 */
async function check(address: string, query: string, customer: string, key: string | undefined): Promise<void> {
  let text = '';
  try {
    const response = await fetch(`${address}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key ? { authorization: `Bearer ${key}` } : {}) },
      body: JSON.stringify({ query }),
      signal: AbortSignal.timeout(30_000),
    });
    text = await response.text();
    const answer = JSON.parse(text) as { data?: { recommendations?: unknown[] }; errors?: unknown };
    if (response.status === 200 && answer.errors === undefined && answer.data?.recommendations?.length) {
      process.stdout.write(`${JSON.stringify(answer.data, null, 2)}\n`);
      return;
    }
  } catch (thrown) {
    text = `${asError(thrown).message} ${text}`;
  }
  throw new VitrineError('NOT_FOUND', `The server did not recommend anything to customer ${customer}: ${text}`);
}
