// Cuts text into JSON values: one on each line, or the elements of a list, which may go over many
// lines. The list may be the only member of an object: {"products": [...]}.

import { lineEnds } from './source/decode';
import { RAW_LIMIT, type RowFault } from './rows';

export interface JsonCut {
  readonly texts: string[];
  /** The line on which each text begins. */
  readonly lines: number[];
  readonly faults: RowFault[];
  /** The number of characters that were cut off. */
  length: number;
  /** The number of line ends within them. */
  lineEnds: number;
}

export type JsonCutter = (text: string, line: number, end: boolean) => JsonCut;

/** Longer values are a fault: an object or a line that is never closed. */
const RECORD_LIMIT = 1 << 24;

/**
 * The text before the first element of a list within an object. Counts, links to the next page and
 * the like may stand before the list.
 */
const LIST_WITHIN = new RegExp(
  '^\\s*\\{(?:\\s*"(?:count|total\\w*|pages?|page_?\\w+|next\\w*|prev\\w*|limit|offset|start|size|status|success|ok|' +
    'has_?more|object|type|url|version|message|code|generated\\w*|_\\w+)"\\s*:\\s*' +
    '(?:"(?:[^"\\\\]|\\\\.)*"|-?\\d[\\d.eE+-]*|true|false|null)\\s*,)*\\s*"(?:[^"\\\\]|\\\\.)*"\\s*:\\s*\\[(?=\\s*\\{)',
  'i',
);

/** @param start the beginning of the file; `end`: it is all of it */
export function chooseCutter(start: string, end: boolean): JsonCutter {
  if (/^\s*\[/.test(start)) return createElementCutter(/^\s*\[/);
  if (!LIST_WITHIN.test(start)) return cutLines;
  // Lines of JSON may begin with a list as well. Then the first line is complete, and others
  // follow.
  const [first, ...others] = start.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '');
  const alone = end && others.length === 0;
  return isJson(first) && !alone ? cutLines : createElementCutter(LIST_WITHIN);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** One value on each line. Empty lines are left out. */
function cutLines(text: string, line: number, end: boolean): JsonCut {
  const cut: JsonCut = { texts: [], lines: [], faults: [], length: 0, lineEnds: 0 };
  const ends = /\r\n|\n|\r/g;
  for (let at = 0; at < text.length; at = cut.length) {
    ends.lastIndex = at;
    const found = ends.exec(text);
    // The other half of CRLF may be in the next piece of text.
    const open = found === null || (found[0] === '\r' && ends.lastIndex === text.length);
    if (!end && open && text.length - at < RECORD_LIMIT) break;
    const value = text.slice(at, found?.index ?? text.length);
    if (found === null && !end) cut.faults.push(tooLong(value, line + cut.lineEnds));
    else if (value.trim() !== '') {
      cut.texts.push(value);
      cut.lines.push(line + cut.lineEnds);
    }
    cut.length = found === null ? text.length : ends.lastIndex;
    if (found) cut.lineEnds++;
  }
  return cut;
}

function tooLong(value: string, line: number): RowFault {
  return { line, reason: `a value of more than ${RECORD_LIMIT} characters`, raw: value.slice(0, RAW_LIMIT) };
}

/** @param opening the text before the first element */
function createElementCutter(opening: RegExp): JsonCutter {
  let state: 'before' | 'within' | 'after' = 'before';
  return (text, line, end) => {
    const cut: JsonCut = { texts: [], lines: [], faults: [], length: 0, lineEnds: 0 };
    const pass = (to: number): void => {
      cut.lineEnds += lineEnds(text.slice(cut.length, to));
      cut.length = to;
    };
    if (state === 'before') {
      pass(opening.exec(text)?.[0].length ?? 0);
      state = 'within';
    }
    while (state === 'within') {
      // The half of a line end may be in the next piece of text.
      const from = skip(text, cut.length);
      if (from >= text.length) break;
      pass(from);
      if (text[from] === ']') {
        state = 'after';
        break;
      }
      const to = endOfValue(text, from);
      if (to === undefined && !end && text.length - from < RECORD_LIMIT) break;
      if (to === undefined) {
        const reason = 'the list ends within a value: the file is damaged or cut off';
        cut.faults.push({ line: line + cut.lineEnds, reason, raw: text.slice(from, from + RAW_LIMIT) });
        pass(text.length);
        state = 'after';
        break;
      }
      cut.texts.push(text.slice(from, to));
      cut.lines.push(line + cut.lineEnds);
      pass(to);
    }
    if (state === 'after') pass(text.length);
    return cut;
  };
}

/** Skips blanks and commas. */
function skip(text: string, from: number): number {
  let at = from;
  while (at < text.length && /[\s,]/.test(text[at])) at++;
  return at;
}

/** The offset after the value that begins at `from`; undefined if it does not end in the text. */
function endOfValue(text: string, from: number): number | undefined {
  const mark = /["'{}[\],]/g;
  mark.lastIndex = from;
  let depth = 0;
  for (let found = mark.exec(text); found; found = mark.exec(text)) {
    const [character] = found;
    if (character === '"') {
      const close = /(?:[^"\\]|\\[^])*"/y;
      close.lastIndex = mark.lastIndex;
      if (!close.test(text)) return undefined;
      mark.lastIndex = close.lastIndex;
    } else if (/[{[]/.test(character)) depth++;
    else if (/[}\]]/.test(character)) {
      if (depth === 0) return found.index;
      if (--depth === 0) return mark.lastIndex;
    } else if (character === ',' && depth === 0) return found.index;
  }
  return undefined;
}
