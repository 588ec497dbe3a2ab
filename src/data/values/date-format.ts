// Formats of dates, such as "DD.MM.YYYY HH:mm", compiled to a regular expression.

import { VitrineError } from '../../errors';
import { monthOf } from './calendar';
import { WRITTEN_ZONE } from './zones';

/** The parts of a date in a text. Those that its format lacks are 0. */
export interface DateParts {
  year: number;
  /** From 1. */
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  /** As written; undefined if the text has none. */
  zone: string | undefined;
}

export interface DateFormat {
  readonly hasTime: boolean;
  /** Returns undefined if the text is not of this format. */
  parse(text: string): DateParts | undefined;
}

/** For messages. */
export const FORMAT_HELP =
  'expected iso, epoch-s, epoch-ms, epoch-us, epoch-ns, excel, or a format such as "DD.MM.YYYY HH:mm" ' +
  '(YYYY YY MM M MMM DD D Do ddd HH H hh h mm ss S A Z, other letters in [brackets])';

type Read = (parts: DateParts & { half?: 'a' | 'p' }, text: string) => void;

/** For each token: its regular expression, and what becomes of the text that it finds. */
const TOKENS: Readonly<Record<string, readonly [pattern: string, read: Read]>> = {
  YYYY: ['\\d{4}', (parts, text) => (parts.year = Number(text))],
  // Years of two digits are from 1970 to 2069.
  YY: ['\\d{2}', (parts, text) => (parts.year = Number(text) + (Number(text) < 70 ? 2000 : 1900))],
  MMMM: ['[\\p{L}\\p{M}]+\\.?', (parts, text) => (parts.month = monthOf(text) ?? 0)],
  MMM: ['[\\p{L}\\p{M}]+\\.?', (parts, text) => (parts.month = monthOf(text) ?? 0)],
  MM: ['\\d{2}', (parts, text) => (parts.month = Number(text))],
  M: ['\\d{1,2}', (parts, text) => (parts.month = Number(text))],
  Do: ['\\d{1,2}(?:st|nd|rd|th|er|[ºª°])?', (parts, text) => (parts.day = Number.parseInt(text, 10))],
  DD: ['\\d{2}', (parts, text) => (parts.day = Number(text))],
  D: ['\\d{1,2}', (parts, text) => (parts.day = Number(text))],
  dddd: ['[\\p{L}\\p{M}-]+\\.?', () => undefined],
  ddd: ['[\\p{L}\\p{M}-]+\\.?', () => undefined],
  HH: ['\\d{2}', (parts, text) => (parts.hour = Number(text))],
  H: ['\\d{1,2}', (parts, text) => (parts.hour = Number(text))],
  hh: ['\\d{2}', (parts, text) => (parts.hour = Number(text))],
  h: ['\\d{1,2}', (parts, text) => (parts.hour = Number(text))],
  mm: ['\\d{2}', (parts, text) => (parts.minute = Number(text))],
  m: ['\\d{1,2}', (parts, text) => (parts.minute = Number(text))],
  ss: ['\\d{2}(?:[.,]\\d+)?', (parts, text) => (parts.second = Number.parseInt(text, 10))],
  s: ['\\d{1,2}(?:[.,]\\d+)?', (parts, text) => (parts.second = Number.parseInt(text, 10))],
  A: ['[AaPp]\\.?\\s?[Mm]\\.?', (parts, text) => (parts.half = text[0].toLowerCase() === 'a' ? 'a' : 'p')],
  // The name in brackets that JavaScript adds says the same again.
  Z: [`(?:${WRITTEN_ZONE})(?:\\s*\\([^)]*\\))?`, (parts, text) => (parts.zone = text.replace(/\s*\(.*$/, ''))],
};
const TOKEN = /\[([^\]]*)\]|\.S+|S+|YYYY|YY|MMMM|MMM|MM|M|Do|DD|D|dddd|ddd|HH|H|hh|h|mm|m|ss|s|A|Z|\s+|[^]/g;

/** @throws VitrineError INPUT_INVALID if the format lacks a day or has unknown letters */
export function compileFormat(format: string): DateFormat {
  const reads: Read[] = [];
  const tokens = new Set<string>();
  let pattern = '';
  for (const [part, literal] of format.matchAll(TOKEN)) {
    const token = Object.hasOwn(TOKENS, part) ? TOKENS[part] : undefined;
    if (token) {
      // Blanks before a zone and before AM are optional, whether or not the format has them.
      pattern += part === 'Z' || part === 'A' ? `\\s*(${token[0]})` : `(${token[0]})`;
      reads.push(token[1]);
      tokens.add(part[0] === 'd' ? part : part[0]);
    } else if (/^\.?S+$/.test(part)) {
      // Seconds take their fraction with them.
    } else if (/^\s+$/.test(part)) {
      pattern += '\\s+';
    } else if (literal === undefined && /^\p{L}$/u.test(part) && part !== 'T') {
      throw wrongFormat(format);
    } else {
      pattern += (literal ?? part).replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    }
  }
  if (!['Y', 'M', 'D'].every((needed) => tokens.has(needed))) throw wrongFormat(format);
  const expression = new RegExp(`^${pattern.replaceAll('\\s+\\s*', '\\s*')}$`, 'iu');
  return { hasTime: tokens.has('H') || tokens.has('h'), parse: (text) => readParts(expression.exec(text), reads) };
}

function readParts(found: RegExpExecArray | null, reads: readonly Read[]): DateParts | undefined {
  if (!found) return undefined;
  const parts: DateParts & { half?: 'a' | 'p' } = {
    ...{ year: 0, month: 0, day: 0 },
    ...{ hour: 0, minute: 0, second: 0 },
    zone: undefined,
  };
  for (let i = 0; i < reads.length; i++) reads[i](parts, found[i + 1]);
  if (parts.half !== undefined) {
    // 13 o'clock in the afternoon is a mistake.
    if (parts.hour > 12) return undefined;
    parts.hour = (parts.hour % 12) + (parts.half === 'p' ? 12 : 0);
  }
  return parts;
}

function wrongFormat(format: string): VitrineError {
  return new VitrineError('INPUT_INVALID', `dateFormat: ${FORMAT_HELP}, got '${format}'.`);
}
