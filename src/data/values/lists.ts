// Reads cells that hold several values.

import { cellText, parseLiteral, type Literal } from './literals';
import { shown, ValueFault } from './value-fault';

/** The separator of lists in brackets, as JSON, Python and Postgres write them. */
export const BRACKETS = 'list';

/**
 * Returns the values of a cell in their order, trimmed, without empty ones and repetitions. An
 * object in a list gives its name, or else "key:value" for each key.
 * @param separator the text between values; "list" for lists in brackets
 * @throws ValueFault if brackets do not fit
 */
export function readList(text: string, separator: string): string[] {
  const parts = separator === BRACKETS ? bracketed(text.trim()) : text.split(separator);
  return [...new Set(parts.map((part) => part.trim()).filter((part) => part !== ''))];
}

/** Whether the text is a list or object in brackets. */
export function isBracketed(text: string): boolean {
  const trimmed = text.trim();
  return /^[[({]/.test(trimmed) && (literalList(trimmed) ?? postgresList(trimmed)) !== undefined;
}

function bracketed(text: string): string[] {
  if (!/^[[{(]/.test(text)) return [text];
  const values = literalList(text) ?? postgresList(text);
  if (values === undefined) {
    throw new ValueFault(`expected a list such as ["a", "b"], ['a', 'b'] or {a,b}, got '${shown(text)}'`);
  }
  return values;
}

function literalList(text: string): string[] | undefined {
  const value = parseLiteral(text);
  return value === undefined ? undefined : flatten(value);
}

function flatten(value: Literal): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => nameOf(item) ?? flatten(item));
  if (!(value instanceof Map)) return [cellText(value)];
  return Array.from(value as ReadonlyMap<string, Literal>).flatMap(([key, item]) =>
    flatten(item)
      .filter((text) => text.trim() !== '')
      .map((text) => `${key}:${text}`),
  );
}

/** The name of an object such as {"id": 9, "name": "Mugs"}. */
function nameOf(item: Literal): string[] | undefined {
  if (!(item instanceof Map)) return undefined;
  const object = item as ReadonlyMap<string, Literal>;
  const name = NAMES.map((key) => object.get(key)).find((value) => typeof value === 'string' && value.trim() !== '');
  return typeof name === 'string' ? [name] : undefined;
}

const NAMES = ['name', 'title', 'label'];

/** {a,b,"c d",NULL}, also nested. Returns undefined if it is none. */
function postgresList(text: string): string[] | undefined {
  const values: string[] = [];
  let depth = 0;
  let expected: 'value' | 'comma' = 'value';
  const piece = /\s*(?:([{},])|"((?:[^"\\]|\\.)*)"\s*|([^{},"\\]+))/gsy;
  do {
    const found = piece.exec(text);
    if (!found) return undefined;
    const [, mark, quoted, bare] = found;
    if (mark === ',' || mark === '}') {
      // {} is empty, and nothing else may end with a comma.
      if (expected === 'value' && !(mark === '}' && text[found.index - 1] === '{')) return undefined;
      if (mark === '}') depth--;
      expected = mark === ',' ? 'value' : 'comma';
      continue;
    }
    if (expected === 'comma') return undefined;
    if (mark === '{') {
      depth++;
      continue;
    }
    expected = 'comma';
    if (quoted !== undefined) values.push(quoted.replace(/\\(.)/gs, '$1'));
    else if (bare.trim().toUpperCase() !== 'NULL') values.push(bare);
  } while (depth > 0);
  return piece.lastIndex === text.length && text.startsWith('{') ? values : undefined;
}
