// Turns errors into answers. Errors that the client caused are passed on with their stable code.
// All other errors are masked, and are logged once under an id. Nothing here throws.

import { randomUUID } from 'node:crypto';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { asError, VitrineError, type ErrorCode } from '../errors';
import type { Logger } from '../telemetry/log';
import { LIMITS } from './limits';

/** The part of an error that a client sees. */
export interface PublicError {
  readonly message: string;
  readonly code: string;
}

export interface ErrorMask {
  /** Used as Apollo Server's `formatError`. */
  readonly format: (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;
  /** Used for errors outside GraphQL operations. */
  readonly toPublic: (error: Error) => PublicError;
}

/**
 * Errors that the operator must fix. The client gets the sentence given here; the log gets the
 * details.
 */
const OPERATORS_ERRORS: Partial<Record<ErrorCode, string>> = {
  DATABASE_UNAVAILABLE: "the shop's database cannot be used at the moment",
  DATABASE_FORBIDDEN: "the shop's database does not allow this to the server",
  DATABASE_NEWER: "the shop's database belongs to a newer version of the server",
  STORAGE_UNAVAILABLE: 'the server cannot use its disk at the moment',
  RELEASE_MISSING: 'there is no trained release to recommend from yet',
  RELEASE_INVALID: 'the trained release cannot be used',
  DEVICE_UNAVAILABLE: 'the models cannot run at the moment',
  CONFIG_INVALID: 'the server is not set up correctly',
  IMPORT_REJECTED: "the shop's data could not be read",
  NOTHING_TO_LEARN: "the shop's data is not enough to learn from",
};

const UNEXPECTED = { code: 'INTERNAL_SERVER_ERROR', message: 'something went wrong here, not in your query' };

export function createErrorMask(log: Logger): ErrorMask {
  // A failed batch puts the same error on many fields. The error is logged once, and all fields
  // show the same id.
  const ids = new WeakMap<Error, string>();

  const logOnce = (error: Error, path?: GraphQLFormattedError['path']): string => {
    const known = ids.get(error);
    if (known !== undefined) return known;
    const errorId = randomUUID();
    ids.set(error, errorId);
    log.error({ err: error, errorId, ...(path ? { path: path.join('.') } : {}) }, 'unexpected error, shown masked');
    return errorId;
  };

  const toPublic = (error: Error, path?: GraphQLFormattedError['path']): PublicError => {
    if (!(error instanceof VitrineError)) {
      return { code: UNEXPECTED.code, message: `${UNEXPECTED.message} (error id ${logOnce(error, path)})` };
    }
    const masked = OPERATORS_ERRORS[error.code];
    if (masked === undefined) return { code: error.code, message: error.message };
    return { code: error.code, message: `${masked} (error id ${logOnce(error, path)})` };
  };

  return {
    toPublic: (error) => toPublic(error),
    format(formatted, error) {
      const cause = causeOf(error);
      const code = formatted.extensions?.['code'];
      // GraphQL's and Apollo's own errors about the request are passed on. Such an error has a
      // code, or an HTTP status from 400 to 499.
      if (cause instanceof GraphQLError && (code !== UNEXPECTED.code || isClientsFault(error))) {
        const extensions = { code: code === UNEXPECTED.code ? 'BAD_REQUEST' : code };
        return { ...placeOf(formatted), message: shortened(formatted.message), extensions };
      }
      const shown = toPublic(cause, formatted.path);
      return { ...placeOf(formatted), message: shown.message, extensions: { code: shown.code } };
    },
  };
}

/** Returns the error that a resolver or a plugin threw, without the GraphQLErrors that wrap it. */
function causeOf(error: unknown): Error {
  return error instanceof GraphQLError && error.originalError ? causeOf(error.originalError) : asError(error);
}

/**
 * Shortens GraphQL's messages: they repeat names and values from the query, which may be very long.
 */
function shortened(message: string): string {
  return message.length > LIMITS.messageLength ? `${message.slice(0, LIMITS.messageLength)}…` : message;
}

function placeOf({ locations, path }: GraphQLFormattedError): Pick<GraphQLFormattedError, 'locations' | 'path'> {
  return { ...(locations ? { locations } : {}), ...(path ? { path } : {}) };
}

/** Whether Apollo gave the error an HTTP status from 400 to 499. */
function isClientsFault(error: unknown): boolean {
  if (!(error instanceof GraphQLError)) return false;
  const http = error.extensions['http'];
  if (typeof http !== 'object' || http === null || !('status' in http)) return false;
  return typeof http.status === 'number' && http.status >= 400 && http.status < 500;
}
