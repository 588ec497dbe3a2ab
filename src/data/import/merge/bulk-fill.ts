// Fills an empty table of purchases without its keys and indexes, which takes a fraction of the
// time.

import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseError, type Client } from 'pg';

/**
 * Runs `fill` without the keys and indexes of the empty table of purchases, and makes them again
 * afterwards, within the transaction of the caller. Returns null if the table is not empty, or the
 * tables cannot be locked.
 */
export async function fillEmpty<T>(client: Client, fill: () => Promise<T>): Promise<T | null> {
  // The check is repeated under the lock, since an order may have been recorded in between.
  const may =
    (await noPurchases(client)) && (await ownsAll(client)) && (await lockAll(client)) && (await noPurchases(client));
  return may ? withoutIndexes(client, 'purchases', fill) : null;
}

async function noPurchases(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ empty: boolean }>('SELECT NOT EXISTS (SELECT FROM purchases) AS empty');
  return rows[0].empty;
}

/**
 * Tables that are locked to drop the keys of purchases. These keys refer to the other two tables.
 */
const LOCKED = ['customers', 'articles', 'purchases'];
const LOCK_TRIES = 100;
const LOCK_PAUSE_MS = 20;
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Whether keys and indexes may be dropped. Rights to the rows are enough to import, but not to drop
 * keys and indexes.
 */
async function ownsAll(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ owns: boolean }>(
    `SELECT bool_and(pg_has_role(relowner, 'USAGE')) AS owns FROM pg_class WHERE oid = ANY ($1::text[]::regclass[])`,
    [LOCKED],
  );
  return rows[0].owns;
}

/**
 * Locks the tables for this transaction alone, and returns whether that succeeded. All locks are
 * taken at once or none, so there can be no deadlock with a transaction that holds one of them.
 * Long reads are not waited for.
 */
async function lockAll(client: Client): Promise<boolean> {
  await client.query('SAVEPOINT unlocked');
  for (let tries = 0; tries < LOCK_TRIES; tries++) {
    if (tries > 0) await sleep(LOCK_PAUSE_MS);
    try {
      await client.query(`LOCK TABLE ${LOCKED.join(', ')} IN ACCESS EXCLUSIVE MODE NOWAIT`);
      return true;
    } catch (thrown) {
      if (!(thrown instanceof DatabaseError) || thrown.code !== LOCK_NOT_AVAILABLE) throw thrown;
      await client.query('ROLLBACK TO SAVEPOINT unlocked');
    }
  }
  return false;
}

/**
 * Fills an empty table without its indexes and constraints, and makes the same ones again when it
 * is full. This takes a fraction of the time of updating the indexes for each row. All of it
 * happens within the import's transaction.
 */
async function withoutIndexes<T>(client: Client, table: string, fill: () => Promise<T>): Promise<T> {
  const { rows: constraints } = await client.query<{ name: string; definition: string }>(
    // Primary keys come before foreign keys.
    `SELECT conname AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint
     WHERE conrelid = $1::regclass AND contype IN ('p', 'u', 'f') ORDER BY contype = 'f', conname`,
    [table],
  );
  const { rows: indexes } = await client.query<{ name: string; definition: string }>(
    `SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index
     WHERE indrelid = $1::regclass AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid) ORDER BY name`,
    [table],
  );
  for (const { name } of constraints) await client.query(`ALTER TABLE ${table} DROP CONSTRAINT "${name}"`);
  for (const { name } of indexes) await client.query(`DROP INDEX ${name}`);
  const result = await fill();
  await client.query(`SET LOCAL maintenance_work_mem = '512MB'`);
  for (const { name, definition } of constraints) {
    await client.query(`ALTER TABLE ${table} ADD CONSTRAINT "${name}" ${definition}`);
  }
  for (const { definition } of indexes) await client.query(definition);
  return result;
}
