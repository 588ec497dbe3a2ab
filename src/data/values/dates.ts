// Reads dates and times of a given format.

import { ValueFault } from './value-fault';

/** Seconds since 1970, whole: fractions are dropped. @throws ValueFault */
export type DateReader = (text: string) => number;

/**
 * Makes a reader of a format: 'iso', 'epoch-s', 'epoch-ms', 'epoch-us', 'epoch-ns', 'excel' (days), or
 * tokens such as "DD.MM.YYYY HH:mm". `zone` is that of times that name none.
 * @throws VitrineError INPUT_INVALID if there is no such format or zone
 */
export function createDateReader(format: string, zone = 'UTC'): DateReader {
  return () => {
    throw new ValueFault(`${format} ${zone}`);
  };
}
