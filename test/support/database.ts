// A real Postgres for tests. All test files share one embedded server. Every caller gets its own
// empty and migrated database, which is dropped when the caller closes it.

import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { Client } from 'pg';
import { holdEmbeddedPostgres, type EmbeddedPostgres } from '../../src/data/postgres/embedded-postgres';
import { openDatabase } from '../../src/data/postgres/postgres';
import { TEST_HOME } from './run/home';
import { hasEnded, nameOfRun } from './run/run';

export interface TestDatabase {
  readonly url: string;
  /** Runs plain SQL, as another program would send it. */
  sql<Row extends object = Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Drops the database and ends its connections. */
  close(): Promise<void>;
}

/**
 * Creates a database, empty or a copy of a template. `label` becomes part of the database's name,
 * to make it readable. If the server is not running yet, starting it takes about a second.
 */
export async function createTestDatabase(label = 'test', template = 'template1'): Promise<TestDatabase> {
  mkdirSync(TEST_HOME, { recursive: true });
  const name = `${label.replaceAll(/\W/g, '_')}_${process.pid}_${randomBytes(4).toString('hex')}`;
  const server = await holdEmbeddedPostgres(TEST_HOME);
  const admin = (sql: string) => ask(urlOf(server, 'postgres'), sql);
  await admin(`CREATE DATABASE "${name}" TEMPLATE "${template}"`);
  const url = urlOf(server, name);
  await openDatabase({ databaseUrl: url, home: TEST_HOME });
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return {
    url,
    async sql<Row extends object>(text: string, values?: unknown[]) {
      return (await client.query<Row>(text, values)).rows;
    },
    async close() {
      await client.end();
      await admin(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
      await server.release();
    },
  };
}

/**
 * Makes a template database for this run, filled by `fill`, and drops the templates of runs that
 * have ended.
 */
export async function makeTemplate(label: string, fill: (url: string) => Promise<void>): Promise<void> {
  const name = templateName(label);
  const server = await holdEmbeddedPostgres(TEST_HOME);
  const admin = (sql: string) => ask(urlOf(server, 'postgres'), sql);
  try {
    for (const { datname } of await admin(`SELECT datname FROM pg_database WHERE datname LIKE 'template of run %'`)) {
      const [, , , run] = String(datname).split(' ');
      if (!hasEnded(run) && datname !== name) continue;
      await admin(`ALTER DATABASE "${String(datname)}" IS_TEMPLATE false`);
      await admin(`DROP DATABASE "${String(datname)}" WITH (FORCE)`);
    }
    await admin(`CREATE DATABASE "${name}"`);
    const url = urlOf(server, name);
    await openDatabase({ databaseUrl: url, home: TEST_HOME });
    await fill(url);
    // Postgres does not copy a database with open connections.
    await admin(`ALTER DATABASE "${name}" IS_TEMPLATE true ALLOW_CONNECTIONS false`);
  } finally {
    await server.release();
  }
}

export function templateName(label: string): string {
  return `template of run ${nameOfRun()} ${label}`;
}

function urlOf({ user, password, host, port }: EmbeddedPostgres, database: string): string {
  return `postgresql://${user}:${password}@${host}:${String(port)}/${encodeURIComponent(database)}`;
}

/** Runs a statement on a new connection and returns its rows. */
export async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
