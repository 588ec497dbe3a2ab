// Values of JSON and of Python as texts of cells. Numbers stay as written.

import { cellText, parseLiteral, type Literal } from '../values/literals';

/** Numbers whose text JavaScript would not give back. */
const CHANGING = /\d{16}|\d\.\d*0(?!\d)|\d[eE][-+]?\d|-0(?![.\d])|\d{8}\.\d{7}|0\.000000/;

/** Returns undefined if the text is not one value. */
export function parseJson(text: string): unknown {
  try {
    return CHANGING.test(text) ? parseLiteral(text) : JSON.parse(text);
  } catch {
    // Python writes NaN, None and single quotes.
    return parseLiteral(text);
  }
}

export function isObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return value instanceof Map || Object.getPrototypeOf(value) === Object.prototype;
}

/** A value of `parseJson` as a cell. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return isPlainList(value) ? JSON.stringify(value) : cellText(value as Literal);
}

/** Whether a list has no numbers as written. */
function isPlainList(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isPlainList);
  if (typeof value !== 'object' || value === null) return true;
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isPlainList);
}
