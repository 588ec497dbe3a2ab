// Reads numbers and amounts of money.

export type DecimalMark = '.' | ',';

export interface Money {
  readonly amount: number;
  /** ISO 4217; null if the text has none, or a sign of many currencies such as $. */
  readonly currency: string | null;
}

/** @throws ValueFault */
export function readNumber(text: string, decimal: DecimalMark = '.'): number {
  return readMoney(text, decimal).amount;
}

/** @throws ValueFault */
export function readMoney(text: string, _decimal: DecimalMark = '.'): Money {
  return { amount: Number(text), currency: null };
}
