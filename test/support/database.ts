// A real Postgres for tests: every caller gets a database of its own, empty and migrated, on one
// embedded server that all test files share. Dropped when closed.

import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { PROJECT_ROOT } from '../../src/config';
import { openDatabase } from '../../src/data/postgres/postgres';
import { sha256 } from '../../src/bytes';

/**
 * VITRINE_HOME of tests. The embedded server's files stay there, so that it starts in a moment.
 * Each clone has its own: another one may be of another version. Absolute.
 */
export const TEST_HOME = join(tmpdir(), `vitrine-test-${process.getuid?.() ?? 0}-${sha256(PROJECT_ROOT, 8)}`);

export interface TestDatabase {
  readonly url: string;
  /** Plain SQL, as somebody else's program would send it. */
  sql<Row extends object = Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Drops the database, connections to it included. */
  close(): Promise<void>;
}

/**
 * A new database; `label` makes its name readable. Starts the server if it does not run (about a
 * second).
 */
export async function createTestDatabase(label = 'test'): Promise<TestDatabase> {
  mkdirSync(TEST_HOME, { recursive: true });
  const name = `${label.replaceAll(/\W/g, '_')}_${process.pid}_${randomBytes(4).toString('hex')}`;
  const database = await openDatabase({ databaseUrl: undefined, home: TEST_HOME }, { database: name });
  const client = new Client({ connectionString: database.url });
  client.on('error', () => undefined);
  await client.connect();
  return {
    url: database.url,
    async sql<Row extends object>(text: string, values?: unknown[]) {
      return (await client.query<Row>(text, values)).rows;
    },
    async close() {
      await client.end();
      const url = new URL(database.url);
      url.pathname = '/postgres';
      const admin = new Client({ connectionString: url.toString() });
      await admin.connect();
      await admin.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
      await admin.end();
      await database.close();
    },
  };
}

/** The rows of one statement, on a connection of its own. */
export async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
