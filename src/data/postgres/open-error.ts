// The reasons why a database cannot be opened, with the statement or setting that fixes it.

import { escapeIdentifier, type Client } from 'pg';
import { asError, VitrineError, type ErrorCode } from '../../errors';
import { codeOfSqlState } from './database-errors';
import { missingRights } from './database-rights';

/** The error for a refused connection. */
export function connectError(thrown: unknown, client: Client): VitrineError {
  const user = escapeIdentifier(client.user ?? '');
  const database = escapeIdentifier(client.database ?? '');
  const remedies: Readonly<Record<string, string>> = {
    '28P01': `correct the password in DATABASE_URL, or run ALTER ROLE ${user} PASSWORD '…';`,
    '28000':
      `let the user in: CREATE ROLE ${user} LOGIN PASSWORD '…'; or ALTER ROLE ${user} LOGIN; ` +
      'or a line in the pg_hba.conf of the server',
    '3D000': `correct DATABASE_URL, or run CREATE DATABASE ${database} OWNER ${user};`,
    '42501': `let its owner run GRANT CONNECT ON DATABASE ${database} TO ${user};`,
  };
  const state = stateOf(thrown) ?? '';
  const remedy = remedies[state];
  return new VitrineError(
    codeOf(state),
    `no database at ${placeOf(client)}: ${reasonOf(thrown)}${remedy === undefined ? '' : `; ${remedy}`}`,
    { cause: thrown },
  );
}

/** The error for a fault during the checks and migrations of a connected database. */
export async function workError(thrown: unknown, client: Client): Promise<VitrineError> {
  const state = stateOf(thrown) ?? '';
  if (state === '' && thrown instanceof VitrineError) return thrown;
  const reason = `the database at ${placeOf(client)} cannot be used: ${reasonOf(thrown)}`;
  if (state === READ_ONLY) {
    const remedy = 'it is read-only: set DATABASE_URL to the primary server, or unset default_transaction_read_only';
    return new VitrineError('DATABASE_UNAVAILABLE', `${reason}; ${remedy}`, { cause: thrown });
  }
  if (codeOf(state) !== 'DATABASE_FORBIDDEN') return new VitrineError(codeOf(state), reason, { cause: thrown });
  return forbidden(reason, await statementsFor(client), { cause: thrown });
}

export function forbidden(reason: string, statements: readonly string[], options?: ErrorOptions): VitrineError {
  const remedy = statements.length === 0 ? '' : `; let its owner run\n${statements.join('\n')}`;
  return new VitrineError('DATABASE_FORBIDDEN', `${reason}${remedy}`, options);
}

export function placeOf({ host, port, database }: Client): string {
  return `${host}:${port}/${database}`;
}

const READ_ONLY = '25006';

/**
 * Returns statements that grant the missing rights. Rights to change tables are included only if no
 * right to read is missing.
 */
async function statementsFor(client: Client): Promise<string[]> {
  try {
    const read = await missingRights(client, 'read');
    return read.length > 0 ? read : await missingRights(client, 'change');
  } catch {
    return [];
  }
}

function codeOf(state: string): ErrorCode {
  // "No schema has been selected to create in": a schema without USAGE is not in the search path.
  if (state === '3F000') return 'DATABASE_FORBIDDEN';
  return codeOfSqlState(state) ?? 'DATABASE_UNAVAILABLE';
}

/** The SQLSTATE of the error or of its cause; undefined if there is none. */
function stateOf(thrown: unknown): string | undefined {
  if (thrown instanceof VitrineError) return stateOf(thrown.cause);
  if (!(thrown instanceof Error) || !('severity' in thrown) || !('code' in thrown)) return undefined;
  return String(thrown.code);
}

/** A host with several addresses refuses with an AggregateError, whose own message is empty. */
function reasonOf(thrown: unknown): string {
  if (thrown instanceof AggregateError) return thrown.errors.map((error) => asError(error).message).join('; ');
  return asError(thrown).message;
}
