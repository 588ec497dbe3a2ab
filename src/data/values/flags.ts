// Reads yes and no.

import { shown, ValueFault } from './value-fault';

const YES = '1 1.0 yes y true t on x ja j oui o si sí sim s wahr vrai vero verdadero verdadeiro waar ✓ ✔';
const NO = '0 0.0 no n false f off nein non nee não nao falsch faux falso onwaar ✗ ✘';
const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ...YES.split(' ').map((word) => [word, true] as const),
  ...NO.split(' ').map((word) => [word, false] as const),
]);

/** Returns undefined if the text is neither yes nor no. */
export function flagOf(text: string): boolean | undefined {
  return FLAGS.get(text.trim().toLowerCase());
}

/** @throws ValueFault */
export function readFlag(text: string): boolean {
  const flag = flagOf(text);
  if (flag === undefined) {
    throw new ValueFault(`expected yes or no (1 or 0, true or false), got '${shown(text)}'`);
  }
  return flag;
}
