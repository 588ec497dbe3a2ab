// The log of the process. Knows nothing of the work that is told of.
import pino, { type Logger } from 'pino';
import type { LogLevel } from '../config';

export type { Logger };

/**
 * The log of the process, JSON lines on standard error: standard output belongs to the command's
 * answer.
 */
export function createLog(config: { readonly logLevel: LogLevel }): Logger {
  const destination = pino.destination({ dest: 2, sync: true, maxLength: 2 ** 20 });
  // Where the disk is full, lines are lost, and the service is not.
  destination.on('error', () => undefined);
  return pino({ name: 'vitrine', level: config.logLevel }, destination);
}
