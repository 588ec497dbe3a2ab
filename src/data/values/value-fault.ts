// The error of a cell that cannot be read. It says what was expected and what came.

/** The message is the reason, such as "expected a number, got 'much'". */
export class ValueFault extends Error {}

/** A value for a message, cut to 60 characters. */
export function shown(value: string): string {
  return value.length > 60 ? `${value.slice(0, 60)}…` : value;
}
