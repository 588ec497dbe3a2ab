// Imports a shop's files into the store. It streams them through the converter into temporary
// tables and then merges all of them in one transaction, so that an import succeeds as a whole or
// changes nothing. csv.ts reads, mapping.ts names the columns, merge.ts has the SQL.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, DatabaseError } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { asError, VitrineError } from '../../errors';
import type { Reporter } from '../../telemetry/progress';
import { CONNECTION } from '../postgres/connections';
import { createConverter, RowError } from './convert';
import { csvLine, type CsvFile, type RowFault } from './csv';
import { databaseError, isOutOfKeys, outOfKeys } from '../postgres/database-errors';
import { openShopFiles, type FileKind, type Mapping, type ShopFiles } from './mapping';
import {
  createStaging,
  dropStaging,
  mergeById,
  mergePurchases,
  stagingTable,
  takeDuplicates,
  takeUncountable,
  takeUnknownArticles,
  type Mapped,
  type MergeCounts,
  type OnTaken,
} from './merge';
import { openRejects, type Rejects } from './rejects';
import { readUtf8 } from './utf8';

/** This file says that the data is synthetic, and with which options it was made. */
export const SYNTHETIC_FILE = 'synthetic.json';

export interface ImportOptions {
  readonly databaseUrl: string;
  /** A mapping file for folders without a shop.json. */
  readonly mapping?: string;
  /** Share of a file's rows that may be rejected, 0 to 1. Default: 0.01. */
  readonly maxRejects?: number;
  /** The file that rejected rows are written to. */
  readonly rejectsFile: string;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal;
}

/** The counts of one file: rows = inserted + updated + unchanged + rejected. */
export interface FileResult extends MergeCounts {
  readonly file: string;
  readonly rows: number;
  readonly rejected: number;
  /** Time to read and stage the file. */
  readonly seconds: number;
  readonly rowsPerSecond: number;
}

export interface ImportResult {
  readonly articles: FileResult;
  /** null if there is no such file. */
  readonly customers: FileResult | null;
  readonly transactions: FileResult;
  /** Customers who occur in purchases only. */
  readonly bareCustomers: number;
  readonly rejected: number;
  /** null if nothing was rejected. */
  readonly rejectsFile: string | null;
  readonly synthetic: boolean;
  /** The size of the whole database on disk with its indexes; null if unknown. */
  readonly databaseBytes: number | null;
  readonly seconds: number;
}

/**
 * Imports the folder's articles, transactions and, if present, customers. Existing rows are updated
 * if they differ, and nothing is deleted. Columns that the mapping does not name are not touched.
 * Importing the same files again changes nothing.
 * @throws VitrineError INPUT_INVALID (files or mapping), IMPORT_REJECTED (too many bad rows),
 *   DATABASE_UNAVAILABLE (also while another import runs), STORAGE_UNAVAILABLE (a file cannot be
 *   read, or rejects cannot be written). In all these cases nothing has changed.
 */
export async function importShop(dir: string, options: ImportOptions): Promise<ImportResult> {
  const { databaseUrl, maxRejects = 0.01, reporter, signal } = options;
  if (!(maxRejects >= 0 && maxRejects <= 1)) {
    throw new VitrineError('INPUT_INVALID', `Expected the share of rejects to be from 0 to 1, got ${maxRejects}.`);
  }
  const started = performance.now();
  const files = await openShopFiles(dir, options.mapping);
  try {
    const synthetic = await readSynthetic(dir);
    const rejects = await openRejects(options.rejectsFile, maxRejects);
    try {
      return await withConnection(databaseUrl, signal, async (client) => {
        await lock(client, reporter, signal);
        const result = await load({ client, rejects, reporter, signal }, files, synthetic);
        return { ...result, seconds: secondsSince(started) };
      });
    } finally {
      await rejects.close();
    }
  } finally {
    for (const file of [files.articles, files.customers, files.transactions]) await file?.close();
  }
}

/** Shared by all steps of one import. */
interface Run {
  readonly client: Client;
  readonly rejects: Rejects;
  readonly reporter: Reporter;
  readonly signal: AbortSignal | undefined;
}

async function load(run: Run, files: ShopFiles, synthetic: unknown): Promise<Omit<ImportResult, 'seconds'>> {
  const { rejects, reporter } = run;
  const { mapping, articles, customers, transactions } = files;
  const staged: StagedFiles = {
    articles: await stageFile(run, 'articles', mapping.articles, articles),
    customers:
      customers && mapping.customers ? await stageFile(run, 'customers', mapping.customers, customers) : undefined,
    transactions: await stageFile(run, 'transactions', mapping.transactions, transactions),
  };
  if (!customers) reporter.say('No customers file: customers are known by their purchases alone.');
  const { counts, databaseBytes } = await merge(run, staged, { mapping, synthetic });

  const result = (file: Staged, merged: MergeCounts): FileResult => ({
    file: file.file,
    rows: file.rows,
    inserted: merged.inserted,
    updated: merged.updated,
    unchanged: merged.unchanged,
    rejected: rejects.count(file.file),
    seconds: file.seconds,
    rowsPerSecond: Math.round(file.rows / Math.max(file.seconds, 1e-3)),
  });
  const results = {
    articles: result(staged.articles, counts.articles),
    customers: staged.customers && counts.customers ? result(staged.customers, counts.customers) : null,
    transactions: result(staged.transactions, counts.transactions),
  };
  const rejected = results.articles.rejected + (results.customers?.rejected ?? 0) + results.transactions.rejected;
  return {
    ...results,
    bareCustomers: counts.transactions.bareCustomers,
    rejected,
    rejectsFile: rejected > 0 ? rejects.path : null,
    synthetic: synthetic !== undefined,
    databaseBytes,
  };
}

/** Merges the staged files in one transaction, and stores the facts about them. */
async function merge({ client, rejects, reporter, signal }: Run, staged: StagedFiles, facts: Record<string, unknown>) {
  const steps = ['rows that cannot be kept', 'articles', 'customers', 'purchases', 'keys and indexes', 'statistics'];
  const progress = reporter.progress('Merging', steps.length, 'steps');
  const begin = (step: number): void => {
    signal?.throwIfAborted();
    progress.tick(step, steps[step]);
  };
  await client.query('BEGIN');
  begin(0);
  // Rows are checked before any is inserted, so that a refused import takes no keys.
  const { file, rows } = staged.transactions;
  const onTaken: OnTaken = async (faults, unwritten) => {
    await rejects.add(file, faults);
    rejects.addUnwritten(file, unwritten);
  };
  await takeUnknownArticles(client, onTaken);
  await takeUncountable(client, onTaken);
  await rejects.check(file, rows);
  // The rejects are closed before the merge, so that nothing is imported if the rejects cannot be
  // written.
  await rejects.close();
  begin(1);
  const articles = await mergeById(client, 'articles', staged.articles);
  begin(2);
  const customers = staged.customers && (await mergeById(client, 'customers', staged.customers));
  begin(3);
  const transactions = await mergePurchases(client, staged.transactions, () => {
    begin(4);
  });
  for (const [name, value] of Object.entries(facts)) await keepFact(client, name, value);
  await client.query('COMMIT');
  // The import is committed. A later failure or an abort undoes nothing.
  progress.tick(5, steps[5]);
  const databaseBytes = await tidy(client).catch((thrown: unknown) => {
    reporter.say(
      `Everything is imported, but the database was not tidied up: ${asError(thrown).message}. Postgres will do that itself in time.`,
    );
    return null;
  });
  progress.done();
  return { counts: { articles, customers, transactions }, databaseBytes };
}

/** Cleans up after an import. Returns the size of the database on disk. */
async function tidy(client: Client): Promise<number> {
  // VACUUM also writes the visibility map, without which no query can read from an index alone.
  await client.query('VACUUM (ANALYZE) articles, customers, purchases');
  for (const kind of ['articles', 'customers', 'transactions'] as const) await dropStaging(client, kind);
  const { rows } = await client.query<{ bytes: string }>('SELECT pg_database_size(current_database()) AS bytes');
  return Number(rows[0].bytes);
}

/** A file in its temporary table. */
interface Staged extends Mapped {
  readonly file: string;
  /** All rows of the file, including rejected ones. */
  readonly rows: number;
  readonly seconds: number;
}

interface StagedFiles {
  readonly articles: Staged;
  /** undefined if there is no such file. */
  readonly customers: Staged | undefined;
  readonly transactions: Staged;
}

/** Copies a file into its temporary table. */
async function stageFile<K extends FileKind>(
  { client, rejects, reporter, signal }: Run,
  kind: K,
  section: NonNullable<Mapping[K]>,
  file: CsvFile,
): Promise<Staged> {
  const started = performance.now();
  const converter = createConverter(kind, section, file.header);
  const progress = reporter.progress(`Importing ${file.name}`, file.bytes, 'bytes');
  let rows = 0;

  async function* copyRows(): AsyncGenerator<string> {
    for await (const batch of file.batches((bytes) => progress.tick(bytes, `${rows} rows`))) {
      const faults: RowFault[] = [...batch.faults];
      let text = '';
      for (let i = 0; i < batch.rows.length; i++) {
        try {
          text += `${batch.lines[i]}\t${converter.convert(batch.rows[i])}\n`;
        } catch (thrown) {
          if (!(thrown instanceof RowError)) throw thrown;
          faults.push({ line: batch.lines[i], reason: thrown.message, raw: csvLine(batch.rows[i]) });
        }
      }
      rows += batch.rows.length + batch.faults.length;
      await rejects.add(file.name, faults);
      // A file that is mostly wrong need not be read to its end.
      const rejected = rejects.count(file.name);
      if (rejected > 10_000 && rejected > rows / 2) await rejects.check(file.name, rows);
      yield text;
    }
  }

  await createStaging(client, kind, converter.columns);
  const columns = ['line', ...converter.columns].join(', ');
  const sink = client.query(copyFrom(`COPY ${stagingTable(kind)} (${columns}) FROM STDIN`));
  await pipeline(Readable.from(copyRows(), { objectMode: true, highWaterMark: 2 }), sink, { signal });
  if (kind !== 'transactions') {
    await takeDuplicates(client, kind, async (faults, unwritten) => {
      await rejects.add(file.name, faults);
      rejects.addUnwritten(file.name, unwritten);
    });
  }
  await rejects.check(file.name, rows);
  progress.done(`${rows} rows, ${rejects.count(file.name)} rejected`);
  const { columns: mapped, attributes } = converter;
  return { file: file.name, columns: mapped, attributes, rows, seconds: secondsSince(started) };
}

/** Lets one import run at a time. The lock of a killed import ends with its connection. */
async function lock(client: Client, reporter: Reporter, signal: AbortSignal | undefined): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const { rows } = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1) AS mine', [IMPORT_LOCK]);
    if (rows[0]?.mine) return;
    if (attempt === 0) reporter.say('Another import runs on this database: waiting for it to end.');
    if (attempt * LOCK_PAUSE_MS >= LOCK_WAIT_MS) {
      throw new VitrineError(
        'DATABASE_UNAVAILABLE',
        `Another import has been running on this database for at least ${LOCK_WAIT_MS / 1_000} s; run this one when it has ended.`,
      );
    }
    await sleep(LOCK_PAUSE_MS, undefined, signal ? { signal } : {});
  }
}

const IMPORT_LOCK = 7_641_302;
const LOCK_WAIT_MS = 5_000;
const LOCK_PAUSE_MS = 250;

/** Opens a connection for one import. Its temporary tables and its lock end with it. */
async function withConnection<T>(
  url: string,
  signal: AbortSignal | undefined,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({ ...CONNECTION, connectionString: url, application_name: 'vitrine import' });
  // The next statement reports a broken connection.
  client.on('error', () => undefined);
  try {
    await client.connect();
    // With this setting, the server notices within a second that this process has ended, even
    // during a long statement.
    await client.query(`SET client_connection_check_interval = '1s'`).catch(() => undefined);
    await client.query(`SET work_mem = '64MB'`);
  } catch (thrown) {
    await client.end().catch(() => undefined);
    throw databaseError(thrown);
  }
  // Closing the connection ends a running statement and rolls back its transaction.
  const stop = (): void => void client.end().catch(() => undefined);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    signal?.throwIfAborted();
    return await work(client);
  } catch (thrown) {
    signal?.throwIfAborted();
    throw explained(thrown);
  } finally {
    signal?.removeEventListener('abort', stop);
    await client.end().catch(() => undefined);
  }
}

/**
 * Explains errors that come from the data, from the shop's own constraints, or from a lack of keys.
 */
function explained(thrown: unknown): Error {
  if (!(thrown instanceof DatabaseError)) return databaseError(thrown);
  if (isOutOfKeys(thrown)) return outOfKeys(thrown);
  // SQLSTATE 22… are data exceptions, 23… are violated constraints.
  if (!/^2[23]/.test(thrown.code ?? '')) return databaseError(thrown);
  const [detail, where] = [thrown.detail, thrown.where].map((part) => (part === undefined ? '' : ` (${part})`));
  const message = `The database refuses a row: ${thrown.message}${detail}${where}; nothing was imported.`;
  return new VitrineError('INPUT_INVALID', message, { cause: thrown });
}

/**
 * Stores a fact, or deletes it if `value` is undefined. Real data imported after synthetic data has
 * no oracle.
 */
async function keepFact(client: Client, name: string, value: unknown): Promise<void> {
  if (value === undefined) await client.query('DELETE FROM facts WHERE name = $1', [name]);
  else {
    await client.query(
      'INSERT INTO facts (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
      [name, JSON.stringify(value)],
    );
  }
}

/** The options of a synthetic shop; undefined for real data. */
async function readSynthetic(dir: string): Promise<unknown> {
  const path = join(dir, SYNTHETIC_FILE);
  if (!existsSync(path)) return undefined;
  const text = await readUtf8(path);
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw new VitrineError(
      'INPUT_INVALID',
      `${path} is not JSON (${asError(thrown).message}): generate the shop again.`,
    );
  }
}

function secondsSince(started: number): number {
  return Math.round(performance.now() - started) / 1_000;
}
