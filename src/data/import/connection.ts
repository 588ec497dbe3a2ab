// The connection of an import. Its temporary tables and its lock end with it.

import { setTimeout as sleep } from 'node:timers/promises';
import { Client, DatabaseError } from 'pg';
import { VitrineError } from '../../errors';
import type { Reporter } from '../../telemetry/progress';
import { CONNECTION } from '../postgres/connections';
import { databaseError, isOutOfKeys, outOfKeys } from '../postgres/database-errors';

/** Lets one import run at a time. The lock of a killed import ends with its connection. */
export async function lock(client: Client, reporter: Reporter, signal: AbortSignal | undefined): Promise<void> {
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
export async function withConnection<T>(
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
    // Enough to sort and hash some million purchases without files; the import is alone in its
    // work.
    await client.query(`SET work_mem = '256MB'`);
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
