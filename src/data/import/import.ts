// Imports a shop's files into the store. It streams them through the converter into temporary
// tables and then merges all of them in one transaction, so that an import succeeds as a whole or
// changes nothing. description.ts says what the columns mean, merge.ts has the SQL.

import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import { asError, VitrineError } from '../../errors';
import type { Reporter } from '../../telemetry/progress';
import { unreadable } from '../tables/source/bytes';
import { readUtf8 } from '../tables/source/decode';
import { lock, withConnection } from './connection';
import { readDescription, type Description } from './description';
import { dropAsked } from './merge/asked-ids';
import { dropStaging, mergeById, unlistOthers, type MergeCounts } from './merge/merge';
import { mergePurchases } from './merge/merge-purchases';
import { openRejects } from './rejects';
import type { Run } from './run';
import { openSections, type OpenSection } from './sections/sections';
import { SECTIONS, type ShopJson } from './shop-json';
import { stageSection, type Staged } from './stage';
import { checkJoins, warningsOf } from './warnings';

/** This file says that the data is synthetic, and with which options it was made. */
export const SYNTHETIC_FILE = 'synthetic.json';

export interface ImportOptions {
  readonly databaseUrl: string;
  /** A mapping file for folders without a shop.json. */
  readonly mapping?: string;
  /** Share of a file's rows that may be rejected, 0 to 1. Default: 0.01. Ten rows always may. */
  readonly maxRejects?: number;
  /** Takes articles that the files lack out of the catalogue. */
  readonly replace?: boolean;
  /** The file that rejected rows are written to. */
  readonly rejectsFile: string;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal;
}

/**
 * The counts of one section: rows = inserted + updated + unchanged + rejected + guests + repeated,
 * if each row is one purchase or article. Rows that `where` leaves out are counted apart.
 */
export interface FileResult extends MergeCounts {
  /** The names of the files. */
  readonly file: string;
  readonly rows: number;
  readonly rejected: number;
  /** Rows that `where` leaves out. */
  readonly filtered: number;
  /** Purchases without a customer. */
  readonly guests: number;
  /** Rows whose id came before, if only the first counts. */
  readonly repeated: number;
  readonly returns: number;
  /** Values that could not be read and count as unknown: "column: reason" → number. */
  readonly unread: Readonly<Record<string, number>>;
  /** Time to read and stage the files. */
  readonly seconds: number;
  readonly rowsPerSecond: number;
}

export interface ImportResult {
  /** null if there is no such file. So are the other two. */
  readonly articles: FileResult | null;
  readonly customers: FileResult | null;
  readonly transactions: FileResult | null;
  /** Customers and articles that occur in purchases only. */
  readonly bareCustomers: number;
  readonly bareArticles: number;
  /** Articles that `replace` took out of the catalogue. */
  readonly unlisted: number;
  readonly rejected: number;
  /** null if nothing was rejected. */
  readonly rejectsFile: string | null;
  /** Sentences on what looks wrong in the files. */
  readonly warnings: readonly string[];
  readonly synthetic: boolean;
  /** The size of the whole database on disk with its indexes; null if unknown. */
  readonly databaseBytes: number | null;
  readonly seconds: number;
}

/**
 * Imports the folder's articles, customers and transactions, or those of them that there are.
 * Existing rows are updated if they differ, and nothing is deleted. Columns that shop.json does not
 * name are not touched. Importing the same files again changes nothing.
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
  const entries = await readdir(dir).catch((thrown: unknown) => {
    throw unreadable(dir, thrown);
  });
  const description = await readDescription(dir, options.mapping);
  const sections = await openSections(dir, entries, description);
  try {
    const synthetic = await readSynthetic(dir);
    const rejects = await openRejects(options.rejectsFile, maxRejects);
    try {
      return await withConnection(databaseUrl, signal, async (client) => {
        await lock(client, reporter, signal);
        const run = { client, rejects, reporter, signal };
        const result = await load(run, sections, { description, synthetic, replace: options.replace === true });
        return { ...result, seconds: secondsSince(started) };
      });
    } finally {
      await rejects.close();
    }
  } finally {
    for (const { files } of sections) for (const { table } of files) await table.close();
  }
}

interface Wanted {
  readonly description: Description;
  readonly synthetic: unknown;
  readonly replace: boolean;
}

type StagedSections = Readonly<Partial<Record<OpenSection['section'], Staged>>>;

async function load(
  run: Run,
  sections: readonly OpenSection[],
  { description, synthetic, replace }: Wanted,
): Promise<Omit<ImportResult, 'seconds'>> {
  const { rejects, reporter } = run;
  const staged: Partial<Record<OpenSection['section'], Staged>> = {};
  for (const section of sections) staged[section.section] = await stageSection(run, section);
  if (!staged.customers) reporter.say('No customers file: customers are known by their purchases alone.');
  // All files are read before any is refused, so that one run tells all faults.
  await rejects.check(Object.values(staged).flatMap(({ files }) => files));
  const warnings = [...(await warningsOf(run.client, staged)), ...(await checkJoins(run.client, staged))];
  for (const warning of warnings) reporter.say(warning);
  const merged = await merge(run, staged, { json: description.json, synthetic, replace });

  const result = (section: OpenSection['section']): FileResult | null => {
    const [file, counts] = [staged[section], merged[section]];
    if (!file || !counts) return null;
    const { tallies } = file;
    return {
      file: file.name,
      rows: file.rows,
      inserted: counts.inserted,
      updated: counts.updated,
      unchanged: counts.unchanged,
      rejected: file.files.reduce((sum, one) => sum + rejects.count(one.file), 0),
      filtered: file.filtered,
      guests: tallies.guests,
      repeated: tallies.repeated,
      returns: tallies.returns,
      unread: Object.fromEntries(tallies.unread),
      seconds: file.seconds,
      rowsPerSecond: Math.round(file.rows / Math.max(file.seconds, 1e-3)),
    };
  };
  const results = {
    articles: result('articles'),
    customers: result('customers'),
    transactions: result('transactions'),
  };
  const rejected = Object.values(results).reduce((sum, one) => sum + (one?.rejected ?? 0), 0);
  return {
    ...results,
    bareCustomers: merged.transactions?.bareCustomers ?? 0,
    bareArticles: merged.transactions?.bareArticles ?? 0,
    unlisted: merged.unlisted,
    rejected,
    rejectsFile: rejected > 0 ? rejects.path : null,
    warnings,
    synthetic: synthetic !== undefined,
    databaseBytes: merged.databaseBytes,
  };
}

/** Merges the staged files in one transaction, and stores the facts about them. */
async function merge(
  { client, rejects, reporter, signal }: Run,
  staged: StagedSections,
  { json, synthetic, replace }: { json: ShopJson; synthetic: unknown; replace: boolean },
) {
  const steps = ['articles', 'customers', 'purchases', 'keys and indexes', 'statistics'];
  const progress = reporter.progress('Merging', steps.length, 'steps');
  const begin = (step: number): void => {
    signal?.throwIfAborted();
    progress.tick(step, steps[step]);
  };
  // The rejects are closed before the merge, so that nothing is imported if the rejects cannot be
  // written.
  await rejects.close();
  await client.query('BEGIN');
  begin(0);
  const articles = staged.articles && (await mergeById(client, 'articles', staged.articles));
  const unlisted = staged.articles && replace ? await unlistOthers(client) : 0;
  begin(1);
  const customers = staged.customers && (await mergeById(client, 'customers', staged.customers));
  begin(2);
  const transactions =
    staged.transactions &&
    (await mergePurchases(client, staged.transactions, () => {
      begin(3);
    }));
  await keepFact(client, 'mapping', json);
  await keepFact(client, 'synthetic', synthetic);
  await client.query('COMMIT');
  // The import is committed. A later failure or an abort undoes nothing.
  progress.tick(4, steps[4]);
  const databaseBytes = await tidy(client).catch((thrown: unknown) => {
    reporter.say(
      `Everything is imported, but the database was not tidied up: ${asError(thrown).message}. Postgres will do that itself in time.`,
    );
    return null;
  });
  progress.done();
  return { articles, customers, transactions, unlisted, databaseBytes };
}

/** Cleans up after an import. Returns the size of the database on disk. */
async function tidy(client: Client): Promise<number> {
  // VACUUM also writes the visibility map, without which no query can read from an index alone.
  await client.query('VACUUM (ANALYZE) articles, customers, purchases');
  for (const section of SECTIONS) await dropStaging(client, section);
  await dropAsked(client);
  const { rows } = await client.query<{ bytes: string }>('SELECT pg_database_size(current_database()) AS bytes');
  return Number(rows[0].bytes);
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
