// All errors that Vitrine raises on purpose. Each has a stable code, and a sentence on what the
// caller can do. Codes are part of the API (GraphQL `extensions.code`, the `--json` output), but
// messages are not.

/** The stable codes, and what a caller can do about each. docs/errors.md has the same list. */
export const ERROR_CODES = {
  CONFIG_INVALID: 'Mend the settings that the message lists; .env.example documents each.',
  INPUT_INVALID: 'Mend the input: the message says what was expected and what came.',
  LIMIT_EXCEEDED: 'Ask for less at once: the message names the limit.',
  NOT_FOUND: 'Check the name or id.',
  UNAUTHENTICATED: 'Send a key of this server as `Authorization: Bearer KEY`; `npx vitrine keys make` makes one.',
  FORBIDDEN: 'Use a key with the scope that the message names, or leave the field out.',
  RATE_LIMITED: 'Send less, or wait as long as `Retry-After` says.',
  IMPORT_REJECTED: 'Look into the file of rejected rows that the message names. Mend the rows or raise --max-rejects.',
  DATABASE_UNAVAILABLE: 'Start or repair the database, or correct DATABASE_URL; `npx vitrine doctor` tells more.',
  DATABASE_FORBIDDEN: 'Give the database user the rights that the message names, or set DATABASE_URL to another user.',
  DATABASE_NEWER: 'Install the version of Vitrine that made this database, or use another database.',
  STORAGE_UNAVAILABLE: 'Make room there or allow writing, then run the command again.',
  NOTHING_TO_LEARN: 'Import more data: training needs customers with purchases on several days.',
  TRAINING_DIVERGED: 'Check the data for absurd numbers, or lower the learning rates in src/training/config.ts.',
  RELEASE_MISSING: 'Run `npx vitrine train` to make a release.',
  RELEASE_INVALID: 'Restore the file that the message names, or train again.',
  RELEASE_MOVED: 'Run the command again: it goes on from the release that is current now.',
  DEVICE_UNAVAILABLE: 'Choose another VITRINE_DEVICE; `npx vitrine doctor` lists what works here.',
  OVERLOADED: 'Try again in a moment. A server that is often at its limits needs more processes.',
  SHUTTING_DOWN: 'Retry against another process.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/**
 * An expected error, which the caller may see. Its message says what was expected, what came and
 * what to do.
 */
export class VitrineError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'VitrineError';
  }

  /** Says how the caller can fix errors of this code. */
  get remedy(): string {
    return ERROR_CODES[this.code];
  }
}

/** Makes an Error of anything that was thrown. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
