// The shop to measure: the shop of the environment or a synthetic one. A synthetic shop has its own
// database and folders, which are removed when the benchmark ends.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, escapeIdentifier } from 'pg';
import { loadConfig, PROJECT_ROOT } from '../../src/config';
import { openDatabase } from '../../src/data/postgres/postgres';
import type { SyntheticOptions } from '../../src/demo/synthetic/options';
import { endProcess, type Closing } from './cleanup';

export interface BenchShop {
  /** Contains a password, so it must not be printed. */
  readonly databaseUrl: string;
  /** The version of Postgres, such as '18.4'. */
  readonly postgres: string;
  readonly home: string;
  readonly modelsDir: string;
}

/** Opens the shop that `vitrine serve` would serve in this environment. */
export async function shopOfEnvironment(closing: Closing): Promise<BenchShop> {
  const { databaseUrl, home, modelsDir } = loadConfig();
  const database = await openDatabase({ databaseUrl, home });
  closing(() => database.close());
  return { databaseUrl: database.url, postgres: database.version, home, modelsDir };
}

/**
 * Makes an empty folder and an empty database. The database is on the server of the environment, or
 * on an embedded Postgres if `embedded` is true or the environment names no server.
 */
export async function emptyShop(closing: Closing, { embedded = false } = {}): Promise<BenchShop> {
  const home = await mkdtemp(join(tmpdir(), 'vitrine-bench-'));
  closing(() => rm(home, { recursive: true, force: true }));
  const { databaseUrl } = loadConfig();
  const url = embedded || databaseUrl === undefined ? undefined : await newDatabase(databaseUrl, closing);
  const database = await openDatabase({ databaseUrl: url, home });
  closing(() => database.close());
  return { databaseUrl: database.url, postgres: database.version, home, modelsDir: join(home, 'models') };
}

/**
 * Fills an empty shop with a synthetic one and trains a small release. `how` holds further
 * arguments for `train`.
 */
export async function fillShop(
  shop: BenchShop,
  options: Pick<SyntheticOptions, 'customers' | 'articles' | 'transactions' | 'days'>,
  closing: Closing,
  how: readonly string[] = [],
): Promise<void> {
  const files = join(shop.home, 'files');
  await vitrine(shop, ['generate', files, ...sizes(options)], closing);
  await vitrine(shop, ['import', files], closing);
  await rm(files, { recursive: true, force: true });
  await vitrine(shop, ['train', '--size', 'tiny', '--no-evaluate', ...how], closing);
}

/** Returns the arguments of `generate` for these sizes. */
export function sizes(
  options: Partial<Pick<SyntheticOptions, 'customers' | 'articles' | 'transactions' | 'days'>>,
): string[] {
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
}

/** Returns the environment variables for a process that works on a shop. */
export function environmentOf({ databaseUrl, home, modelsDir }: BenchShop, application?: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    DATABASE_URL: application === undefined ? databaseUrl : withName(databaseUrl, application),
    VITRINE_HOME: home,
    MODELS_DIR: modelsDir,
    HOST: '127.0.0.1',
    LOG_LEVEL: 'warn',
  };
}

/** Adds an application name to the URL. Postgres lists the connections under this name. */
export function withName(databaseUrl: string, application: string): string {
  const url = new URL(databaseUrl);
  url.searchParams.set('application_name', application);
  return url.toString();
}

/** Path of the program in this build. */
export const PROGRAM = join(PROJECT_ROOT, 'dist', 'src', 'main.js');

/**
 * Runs a command of the program on a shop and returns its standard output. Calls `watch` with the
 * id of the command's process.
 */
export async function vitrine(
  shop: BenchShop,
  command: readonly string[],
  closing: Closing,
  watch?: (pid: number) => void,
): Promise<string> {
  const child = spawn(process.execPath, [PROGRAM, ...command], {
    env: environmentOf(shop),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  closing(() => endProcess(child));
  if (child.pid !== undefined) watch?.(child.pid);
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => {
      if (status === 0) resolve(Buffer.concat(output).toString());
      else reject(new Error(`vitrine ${command.join(' ')} ended with ${String(status)}`));
    });
  });
}

/** Opens a connection for the benchmark's own queries. */
export async function connectTo(databaseUrl: string, closing: Closing): Promise<Client> {
  const client = new Client({ connectionString: withName(databaseUrl, 'vitrine bench') });
  client.on('error', () => undefined);
  await client.connect();
  closing(() => client.end());
  return client;
}

async function newDatabase(serverUrl: string, closing: Closing): Promise<string> {
  const name = `bench_${process.pid}_${Date.now().toString(36)}`;
  const admin = async (statement: string): Promise<void> => {
    const client = new Client({ connectionString: serverUrl });
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  };
  await admin(`CREATE DATABASE ${escapeIdentifier(name)}`);
  closing(() => admin(`DROP DATABASE IF EXISTS ${escapeIdentifier(name)} WITH (FORCE)`));
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.toString();
}
