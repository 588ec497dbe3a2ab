// Applies prisma/migrations in their order, so that a database has the schema that the program
// expects. Applied migrations are recorded in Prisma's own table, so `prisma migrate deploy` works
// on the same database.

import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from 'pg';
import { PROJECT_ROOT } from '../../config';
import { asError, VitrineError } from '../../errors';
import { sha256 } from '../../bytes';

export const MIGRATIONS_FOLDER = join(PROJECT_ROOT, 'prisma', 'migrations');

/**
 * Applies all missing migrations or none, and returns their names. Concurrent callers wait.
 * @throws VitrineError DATABASE_NEWER if the database has migrations that this program does not
 *   know; DATABASE_UNAVAILABLE if an applied migration differs from its file, or if a migration has
 *   failed
 */
export async function migrate(client: Client, folder: string = MIGRATIONS_FOLDER): Promise<string[]> {
  const migrations = readMigrations(folder);
  // Usually no migration is missing. One query finds that out, without a lock or the right to
  // change tables.
  if (missing(migrations, await readBooks(client)).length === 0) return [];
  await client.query('BEGIN');
  try {
    // Prisma takes the same lock. It is held until the end of the transaction.
    await client.query('SELECT pg_advisory_xact_lock($1)', [PRISMA_LOCK]);
    await client.query(CREATE_BOOKS);
    const pending = missing(migrations, await readBooks(client));
    for (const migration of pending) await apply(client, migration);
    await client.query('COMMIT');
    return pending.map((migration) => migration.name);
  } catch (thrown) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw thrown;
  }
}

const PRISMA_LOCK = 72_707_369;

/** The same table as that of Prisma's migration engine. */
const CREATE_BOOKS = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id"                    VARCHAR(36) PRIMARY KEY NOT NULL,
    "checksum"              VARCHAR(64) NOT NULL,
    "finished_at"           TIMESTAMPTZ,
    "migration_name"        VARCHAR(255) NOT NULL,
    "logs"                  TEXT,
    "rolled_back_at"        TIMESTAMPTZ,
    "started_at"            TIMESTAMPTZ NOT NULL DEFAULT now(),
    "applied_steps_count"   INTEGER NOT NULL DEFAULT 0
)`;

interface Migration {
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file's bytes in hexadecimal. */
  readonly checksum: string;
}

interface Applied {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished: boolean;
}

function readMigrations(folder: string): Migration[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => ({ name: entry.name, file: join(folder, entry.name, 'migration.sql') }))
    .filter(({ file }) => existsSync(file))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, file }) => {
      const bytes = readFileSync(file);
      return { name, sql: bytes.toString('utf8'), checksum: sha256(bytes) };
    });
}

async function readBooks(client: Client): Promise<Applied[]> {
  const { rows: found } = await client.query<{ there: boolean }>(
    `SELECT to_regclass('"_prisma_migrations"') IS NOT NULL AS there`,
  );
  if (!found[0]?.there) return [];
  const { rows } = await client.query<Applied>(
    `SELECT "migration_name", "checksum", "finished_at" IS NOT NULL AS finished
       FROM "_prisma_migrations" WHERE "rolled_back_at" IS NULL`,
  );
  return rows;
}

function missing(migrations: readonly Migration[], books: readonly Applied[]): Migration[] {
  refuseUnknown(migrations, books);
  const applied = new Map(books.map((row) => [row.migration_name, row]));
  return migrations.filter((migration) => {
    const row = applied.get(migration.name);
    if (!row) return true;
    if (!row.finished) {
      throw new VitrineError(
        'DATABASE_UNAVAILABLE',
        `migration ${migration.name} has failed half-way in this database; see its log in "_prisma_migrations", ` +
          `undo what it did, then \`npx prisma migrate resolve --rolled-back ${migration.name}\``,
      );
    }
    if (row.checksum !== migration.checksum) {
      throw new VitrineError(
        'DATABASE_UNAVAILABLE',
        `migration ${migration.name} was applied to this database with other contents than its file has now ` +
          `(expected checksum ${row.checksum.slice(0, 12)}…, got ${migration.checksum.slice(0, 12)}…); ` +
          'install Vitrine again, or restore the file and put the change into a new migration',
      );
    }
    return false;
  });
}

/**
 * Throws if the database has migrations that this program does not know. Failed ones count as well,
 * since another version of the program has begun to apply them.
 */
function refuseUnknown(migrations: readonly Migration[], books: readonly Applied[]): void {
  const known = new Set(migrations.map(({ name }) => name));
  const names = books.map((row) => row.migration_name).sort();
  const last = names.filter((name) => !known.has(name)).at(-1);
  if (last === undefined) return;
  if (names.some((name) => known.has(name))) {
    throw new VitrineError(
      'DATABASE_NEWER',
      `this database was brought to migration ${last}, which this version of Vitrine does not know; the last that it ` +
        `knows is ${migrations.at(-1)?.name}`,
    );
  }
  throw new VitrineError(
    'DATABASE_UNAVAILABLE',
    `this database belongs to another program, whose migrations (${last}) are in its "_prisma_migrations"; ` +
      'give Vitrine a database of its own',
  );
}

async function apply(client: Client, { name, sql, checksum }: Migration): Promise<void> {
  const started = new Date();
  try {
    await client.query(sql);
  } catch (thrown) {
    throw new VitrineError('DATABASE_UNAVAILABLE', `migration ${name} failed: ${asError(thrown).message}`, {
      cause: thrown,
    });
  }
  await client.query(
    `INSERT INTO "_prisma_migrations" ("id", "checksum", "finished_at", "migration_name", "started_at", "applied_steps_count")
     VALUES ($1, $2, clock_timestamp(), $3, $4, 1)`,
    [randomUUID(), checksum, name, started],
  );
}
