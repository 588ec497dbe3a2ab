// Turns faults of the database into errors with a code. One table maps SQLSTATEs. The other tables
// map errors that came without an answer of the server. The code says what to do: try again in a
// moment after OVERLOADED, call the operator after DATABASE_UNAVAILABLE.

import { asError, VitrineError, type ErrorCode } from '../../errors';

/**
 * The error to throw for an error of `pg` or Prisma: a VitrineError for known faults, else the same
 * error. Clients see messages of OVERLOADED, so these name no user, host or table. Messages of
 * INPUT_INVALID end with the server's words about the value.
 */
export function databaseError(thrown: unknown): Error {
  if (thrown instanceof VitrineError) return thrown;
  const found = readFault(thrown);
  const fault = faultOf(found);
  if (!fault) return asError(thrown);
  const { code, says } = fault;
  const message = code === 'OVERLOADED' || code === 'SHUTTING_DOWN' ? says : `${says}: ${found.reason}`;
  return new VitrineError(code, message, { cause: thrown });
}

/** The code for a SQLSTATE; undefined if the SQLSTATE is not a known fault. */
export function codeOfSqlState(sqlState: string): ErrorCode | undefined {
  return faultOf({ sqlState, code: '', kind: '', reason: '' })?.code;
}

/** Whether the server did not answer in time. If so, this and other connections may be dead. */
export function isSilence(thrown: unknown): boolean {
  return SILENCE.test(readFault(thrown).reason);
}

/** Whether a sequence that gives keys to new rows is at its end. */
export function isOutOfKeys(thrown: unknown): boolean {
  const error = asError(thrown);
  return 'code' in error && error.code === OUT_OF_KEYS;
}

const OUT_OF_KEYS = '2200H';

export function outOfKeys(thrown: unknown): VitrineError {
  const { message } = asError(thrown);
  const table = message.includes('articles_key_seq') ? 'articles' : 'customers';
  return new VitrineError(
    'DATABASE_UNAVAILABLE',
    `There is no key left for a new row of ${table}: ${table}_key_seq is at its end; nothing was recorded. ` +
      `If the largest key of the table is smaller, since keys were lost, reset the sequence: ` +
      `SELECT setval('${table}_key_seq', (SELECT max(key) FROM ${table})).`,
    { cause: thrown },
  );
}

interface Fault {
  readonly code: ErrorCode;
  /** The message, without a full stop, since the server's own words may follow. */
  readonly says: string;
}

const busy = (why: string): Fault => ({
  code: 'OVERLOADED',
  says: `The database ${why}; send the same request again in a moment.`,
});
const unavailable = (says: string): Fault => ({ code: 'DATABASE_UNAVAILABLE', says });

const UNREACHABLE = unavailable('The database cannot be reached');
const REFUSED = unavailable('The database refuses the user or password of DATABASE_URL');
const STOPPING = unavailable('The database is starting up or shutting down');
const SHORT_OF = unavailable('The database is short of memory or disk space');
const NOT_OURS = unavailable('The tables of the database are not those of this program; run its `import` or `serve`');
const CONFLICT = busy('met another change of the same rows');
const WRONG_VALUE: Fault = { code: 'INPUT_INVALID', says: 'A value does not fit into the database' };

/** Faults by SQLSTATE, or by its first two or three characters. The longest match wins. */
const BY_SQLSTATE: Readonly<Record<string, Fault>> = {
  '08': UNREACHABLE,
  '22003': WRONG_VALUE, // numeric value out of range
  '22007': WRONG_VALUE, // invalid datetime format
  '22008': WRONG_VALUE, // datetime field overflow
  '22021': WRONG_VALUE, // character not in repertoire
  '22P05': WRONG_VALUE, // untranslatable character
  '25006': unavailable('The database is read-only'),
  '25P03': busy('ended a transaction that was idle for too long'),
  '25P04': busy('ended a transaction that took too long'),
  '28': REFUSED,
  '3D000': unavailable('There is no such database; correct DATABASE_URL'),
  '3F000': NOT_OURS, // no such schema
  '40001': CONFLICT, // serialization failure
  '40P01': CONFLICT, // deadlock
  '42501': {
    code: 'DATABASE_FORBIDDEN',
    says: 'The database user lacks a right, which `npx vitrine doctor` knows how to grant',
  },
  '42703': NOT_OURS, // no such column
  '42P01': NOT_OURS, // no such table
  '53': SHORT_OF,
  '53300': busy('has no connection free'),
  '53400': busy('has reached a limit of its configuration'),
  '55P03': busy('waited too long for rows that another change has locked'),
  '57014': busy('took too long'),
  '57P': STOPPING,
  '58': unavailable('The database cannot read or write its files'),
};

/** Faults by Prisma's own code, for errors without a SQLSTATE. */
const BY_PRISMA: Readonly<Record<string, Fault>> = {
  P1000: REFUSED,
  P1001: UNREACHABLE,
  P1002: UNREACHABLE,
  P1003: unavailable('There is no such database; correct DATABASE_URL'),
  P1008: UNREACHABLE,
  P1011: UNREACHABLE, // TLS
  P1017: UNREACHABLE,
  P2024: busy('has no connection free'),
  P2028: busy('took too long'), // a transaction could not begin, or took longer than allowed
  P2034: CONFLICT,
  P2037: busy('has no connection free'),
};

/** Faults of connections, by the kind that Prisma's driver gives to errors of a raw statement. */
const BY_KIND: Readonly<Record<string, Fault>> = {
  DatabaseNotReachable: UNREACHABLE,
  ConnectionClosed: UNREACHABLE,
  SocketTimeout: UNREACHABLE,
  TlsConnectionError: UNREACHABLE,
};

const SILENCE = /^(Query read timeout|Connection terminated due to connection timeout|timeout expired)$/;

/** Faults by the messages of `pg` and Node about connections. */
const BY_MESSAGE: readonly (readonly [RegExp, Fault])[] = [
  [/^timeout exceeded when trying to connect$/, busy('has no connection free')],
  [/pool after calling end|^Client was closed/, { code: 'SHUTTING_DOWN', says: 'The database has been closed here.' }],
  [SILENCE, UNREACHABLE],
  [/^Connection terminated|connection error and is not queryable$|^This socket has been ended/, UNREACHABLE],
  [/^SASL|support SSL connections$|establishing an SSL connection$/, UNREACHABLE],
];

/** Node's error codes of sockets, but not those of files. */
const OF_SOCKETS =
  /^(ECONN\w+|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_\w+|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|EADDRNOTAVAIL|EPROTO)$/;
const OF_TLS = /^(ERR_TLS|ERR_SSL|CERT|CRL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME|INVALID_CA)_?\w*$/;

interface Found {
  /** '' if the error has no SQLSTATE. */
  readonly sqlState: string;
  /** Prisma's or Node's code; '' if there is none. */
  readonly code: string;
  /** The kind of a fault by Prisma's driver; '' if there is none. */
  readonly kind: string;
  readonly reason: string;
}

function faultOf({ sqlState, code, kind, reason }: Found): Fault | undefined {
  const byState = BY_SQLSTATE[sqlState] ?? BY_SQLSTATE[sqlState.slice(0, 3)] ?? BY_SQLSTATE[sqlState.slice(0, 2)];
  if (byState) return byState;
  const byPrisma = BY_PRISMA[code] ?? BY_KIND[kind];
  if (byPrisma) return byPrisma;
  if (OF_SOCKETS.test(code) || OF_TLS.test(code)) return UNREACHABLE;
  return BY_MESSAGE.find(([says]) => says.test(reason))?.[1];
}

function readFault(thrown: unknown): Found {
  const error = asError(thrown);
  const code = textOf(error, 'code');
  // If several addresses of a host were tried, each address has its own error, and the
  // AggregateError has no message.
  if (error instanceof AggregateError && error.message === '') {
    return {
      sqlState: '',
      code,
      kind: '',
      reason: error.errors.map((one) => asError(one).message).join('; '),
    };
  }
  // Prisma keeps the driver's error within its own.
  const driver = inner(inner(inner(error, 'meta'), 'driverAdapterError'), 'cause');
  const original = textOf(driver, 'originalMessage');
  // Prisma's messages begin with the call; their last line is the reason.
  const reason = original || (error.message.trim().split('\n').at(-1) ?? error.message);
  const sqlState = textOf(driver, 'originalCode') || (/^[0-9A-Z]{5}$/.test(code) && 'severity' in error ? code : '');
  return { sqlState, code, kind: textOf(driver, 'kind'), reason };
}

function inner(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && key in value
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

function textOf(value: unknown, key: string): string {
  const text = inner(value, key);
  return typeof text === 'string' ? text : '';
}
