// The end of a sequence that gives keys to rows, as an error with its remedy.

import { asError, VitrineError } from '../../errors';

/** Whether a sequence is at its end. */
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
      `Where the largest key is smaller, since keys were lost, set it back: ` +
      `SELECT setval('${table}_key_seq', (SELECT max(key) FROM ${table})).`,
    { cause: thrown },
  );
}
