// Opens the database: the shop's own if DATABASE_URL names one, else the embedded Postgres. It
// checks the server's version and the user's rights, and applies missing migrations.

import { Client, escapeIdentifier } from 'pg';
import type { Config } from '../../config';
import { VitrineError } from '../../errors';
import { missingRights, type Need } from './database-rights';
import { holdEmbeddedPostgres, type EmbeddedOptions, type EmbeddedPostgres } from './embedded-postgres';
import { migrate } from './migrate';
import { connectError, forbidden, placeOf, workError } from './open-error';

export interface Database {
  /** The URL contains a password and must not be logged. */
  readonly url: string;
  readonly embedded: boolean;
  /** The server's version, for example '18.4'. */
  readonly version: string;
  /** Idempotent. The embedded server stops when its last holder closes it. */
  close(): Promise<void>;
}

export interface DatabaseOptions extends EmbeddedOptions {
  /** The rights that the command will need. They are checked first. Default: `read`. */
  readonly need?: Need;
}

/**
 * Opens the database that the configuration names and applies missing migrations.
 * @throws VitrineError DATABASE_UNAVAILABLE, DATABASE_FORBIDDEN, DATABASE_NEWER or
 *   STORAGE_UNAVAILABLE, with the reason and the remedy
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
    await makeDatabase(server, DATABASE);
    const url = urlOf(server, DATABASE);
    return { url, embedded: true, version: await prepare(url, options.need), close: () => server.release() };
  } catch (thrown) {
    await server.release();
    throw thrown;
  }
}

/** Returns statements that grant the missing rights to import and to record orders. */
export function missingWriteRights(url: string): Promise<string[]> {
  return withClient(url, (client) => missingRights(client, 'write'));
}

/** The URL without user and password, for messages. */
export function describeUrl(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}${port && `:${port}`}${pathname}`;
}

/** The name of the database within the embedded server. */
const DATABASE = 'vitrine';

/** Checks the server's version, migrates and checks rights. Returns the server's version. */
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
      // Another process has just made the database. Postgres then reports a duplicate database, or
      // a duplicate row in its catalogue.
      const code = thrown instanceof Error && 'code' in thrown ? thrown.code : '';
      if (code !== '42P04' && code !== '23505') throw thrown;
    });
  });
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000, application_name: 'vitrine' });
  // The next query reports a broken connection.
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
