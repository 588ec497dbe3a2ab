// A database to work with: the shop's own where DATABASE_URL names one, else the embedded Postgres;
// in both cases reachable, recent enough and brought to the present schema. Knows nothing of rows:
// src/data/store/store.ts reads those.

import { Client, escapeIdentifier } from 'pg';
import type { Config } from '../../config';
import { VitrineError } from '../../errors';
import { missingRights, type Need } from './database-rights';
import { holdEmbeddedPostgres, type EmbeddedOptions, type EmbeddedPostgres } from './embedded-postgres';
import { migrate } from './migrate';
import { connectError, forbidden, placeOf, workError } from './open-error';

export interface Database {
  /** Holds a password: not for logs. */
  readonly url: string;
  readonly embedded: boolean;
  /** Of the server: '18.4'. */
  readonly version: string;
  /** The embedded server stops with its last user. Idempotent. */
  close(): Promise<void>;
}

export interface DatabaseOptions extends EmbeddedOptions {
  /**
   * A database of its own within the embedded server, made where it is missing: so tests share one
   * server.
   */
  readonly database?: string;
  /**
   * What the command is going to do, beside applying migrations: rights are looked at before it
   * begins. Default `read`.
   */
  readonly need?: Need;
}

/**
 * Opens the database that the configuration names and applies missing migrations.
 * @throws VitrineError DATABASE_UNAVAILABLE, DATABASE_FORBIDDEN, DATABASE_NEWER or
 * STORAGE_UNAVAILABLE, with the reason and what to do.
 */
export async function openDatabase(
  config: Pick<Config, 'databaseUrl' | 'home'>,
  options: DatabaseOptions = {},
): Promise<Database> {
  if (config.databaseUrl !== undefined) {
    const version = await prepare(config.databaseUrl, options.need);
    return { url: config.databaseUrl, embedded: false, version, close: () => Promise.resolve() };
  }
  const server = await holdEmbeddedPostgres(config.home, options);
  try {
    const name = options.database ?? 'vitrine';
    await makeDatabase(server, name);
    const url = urlOf(server, name);
    return { url, embedded: true, version: await prepare(url, options.need), close: () => server.release() };
  } catch (thrown) {
    await server.release();
    throw thrown;
  }
}

/** Statements that grant what the user lacks for importing and recording orders: for doctor. */
export function missingWriteRights(url: string): Promise<string[]> {
  return withClient(url, (client) => missingRights(client, 'write'));
}

/** Where a URL leads, without user and password: for messages. */
export function describeUrl(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}${port && `:${port}`}${pathname}`;
}

/**
 * Checks that the server answers and is recent enough, applies migrations, returns the server's
 * version.
 */
async function prepare(url: string, need: Need = 'read'): Promise<string> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ number: string; version: string }>(
      `SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS version`,
    );
    const { number = '0', version = 'unknown' } = rows[0] ?? {};
    if (Number(number) < 150_000) {
      throw new VitrineError(
        'DATABASE_UNAVAILABLE',
        `Postgres 15 or later is needed, ${describeUrl(url)} is ${version}; upgrade it, or unset DATABASE_URL`,
      );
    }
    await migrate(client);
    const missing = await missingRights(client, need);
    if (missing.length > 0) {
      throw forbidden(`the user ${client.user} may not ${need} the tables of ${placeOf(client)}`, missing);
    }
    return version.split(' ')[0] ?? version;
  });
}

async function makeDatabase(server: EmbeddedPostgres, name: string): Promise<void> {
  await withClient(urlOf(server, 'postgres'), async (client) => {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (rowCount !== 0) return;
    await client.query(`CREATE DATABASE ${escapeIdentifier(name)}`).catch((thrown: unknown) => {
      // Another process made it just now: a duplicate database, or a duplicate row of the
      // catalogue.
      const code = thrown instanceof Error && 'code' in thrown ? thrown.code : '';
      if (code !== '42P04' && code !== '23505') throw thrown;
    });
  });
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000, application_name: 'vitrine' });
  // A connection that breaks later is seen by the query that needs it.
  client.on('error', () => undefined);
  try {
    await client.connect().catch((thrown: unknown) => {
      throw connectError(thrown, client);
    });
    return await work(client).catch(async (thrown: unknown) => {
      throw await workError(thrown, client);
    });
  } finally {
    await client.end().catch(() => undefined);
  }
}

function urlOf(server: EmbeddedPostgres, database: string): string {
  return `postgresql://${server.user}:${server.password}@${server.host}:${server.port}/${encodeURIComponent(database)}`;
}
