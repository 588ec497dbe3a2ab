// The log of the process.

import pino, { type Logger } from 'pino';
import type { LogLevel } from '../config';

export type { Logger };

/** Logs JSON lines to standard error, since standard output has the answer of the command. */
export function createLog(config: { readonly logLevel: LogLevel }): Logger {
  const destination = pino.destination({ dest: 2, sync: true, maxLength: 2 ** 20 });
  // On a full disk lines are lost, but the service continues.
  destination.on('error', () => undefined);
  return pino({ name: 'vitrine', level: config.logLevel }, destination);
}
