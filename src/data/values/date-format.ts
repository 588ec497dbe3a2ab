// Formats of dates, such as "DD.MM.YYYY HH:mm", compiled to a regular expression.

import { VitrineError } from '../../errors';
import { monthOf } from './calendar';
import { WRITTEN_ZONE } from './zones';

/** The parts of a date in a text. Those that its format lacks are 0. */
export interface DateParts {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** As written; undefined if the text has none. */
  readonly zone: string | undefined;
}

export interface DateFormat {
  readonly hasTime: boolean;
  /** Returns undefined if the text is not of this format. */
  parse(text: string): DateParts | undefined;
}

/** For messages. */
const FORMAT_HELP =
  'expected iso, epoch-s, epoch-ms, epoch-us, epoch-ns, excel, "days since 2024-01-01", "MMDD in 2024", or a format such as "DD.MM.YYYY HH:mm" ' +
  '(YYYY YY MM M MMM DD D Do ddd HH H hh h mm ss S A Z, other letters in [brackets])';

type Part = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'half' | 'zone';

interface Token {
  readonly pattern: string;
  /** undefined: the text says nothing new. */
  readonly part?: Part;
  /** Default: the number. */
  readonly read?: (text: string) => number;
}

const TWO = '\\d{2}';
const ONE_OR_TWO = '\\d{1,2}';
const NAME = '[\\p{L}\\p{M}-]+\\.?';
const month = (text: string): number => monthOf(text) ?? 0;
const leading = (text: string): number => Number.parseInt(text, 10);

const TOKENS: Readonly<Record<string, Token>> = {
  YYYY: { pattern: '\\d{4}', part: 'year' },
  // Years of two digits are from 1970 to 2069.
  YY: { pattern: TWO, part: 'year', read: (text) => Number(text) + (Number(text) < 70 ? 2000 : 1900) },
  MMMM: { pattern: NAME, part: 'month', read: month },
  MMM: { pattern: NAME, part: 'month', read: month },
  MM: { pattern: TWO, part: 'month' },
  M: { pattern: ONE_OR_TWO, part: 'month' },
  Do: { pattern: `${ONE_OR_TWO}(?:st|nd|rd|th|er|[ºª°])?`, part: 'day', read: leading },
  DD: { pattern: TWO, part: 'day' },
  D: { pattern: ONE_OR_TWO, part: 'day' },
  dddd: { pattern: NAME },
  ddd: { pattern: NAME },
  HH: { pattern: TWO, part: 'hour' },
  H: { pattern: ONE_OR_TWO, part: 'hour' },
  hh: { pattern: TWO, part: 'hour' },
  h: { pattern: ONE_OR_TWO, part: 'hour' },
  mm: { pattern: TWO, part: 'minute' },
  m: { pattern: ONE_OR_TWO, part: 'minute' },
  ss: { pattern: `${TWO}(?:[.,]\\d+)?`, part: 'second', read: leading },
  s: { pattern: `${ONE_OR_TWO}(?:[.,]\\d+)?`, part: 'second', read: leading },
  A: { pattern: '[AaPp]\\.?\\s?[Mm]\\.?', part: 'half' },
  // The name in brackets that JavaScript adds says the same again.
  Z: { pattern: `(?:${WRITTEN_ZONE})(?:\\s*\\([^)]*\\))?`, part: 'zone' },
};
const TOKEN = /\[([^\]]*)\]|\.S+|S+|YYYY|YY|MMMM|MMM|MM|M|Do|DD|D|dddd|ddd|HH|H|hh|h|mm|m|ss|s|A|Z|\s+|[^]/g;

/**
 * Days of a year that texts do not name have a format such as "MMDD in 2024".
 * @throws VitrineError INPUT_INVALID if the format lacks a day or has unknown letters
 */
export function compileFormat(given: string): DateFormat {
  const [format, year] = given.split(/ in (?=\d{4}$)/);
  const tokens: Token[] = [];
  const parts = new Set<Part | undefined>(year === undefined ? [] : ['year']);
  let pattern = '';
  for (const [piece, literal] of format.matchAll(TOKEN)) {
    const token = Object.hasOwn(TOKENS, piece) ? TOKENS[piece] : undefined;
    if (token) {
      // Blanks before a zone and before AM are optional, whether or not the format has them.
      pattern += piece === 'Z' || piece === 'A' ? `\\s*(${token.pattern})` : `(${token.pattern})`;
      tokens.push(token);
      parts.add(token.part);
    } else if (/^\s+$/.test(piece)) {
      pattern += '\\s+';
    } else if (literal === undefined && /^\p{L}$/u.test(piece) && piece !== 'T') {
      throw wrongFormat(given);
    } else if (!/^\.?S+$/.test(piece)) {
      // Tokens of seconds take their fraction with them.
      pattern += (literal ?? piece).replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    }
  }
  if (!(['year', 'month', 'day'] as const).every((needed) => parts.has(needed))) throw wrongFormat(given);
  // Matching without flags is many times faster, and digits need none.
  const flags = /[^\x00-\x7f]|[a-z]/i.test(pattern.replace(/\\[ds]/g, '')) ? 'iu' : '';
  const expression = new RegExp(`^${pattern.replaceAll('\\s+\\s*', '\\s*')}$`, flags);
  const read = createReader(tokens, year === undefined ? undefined : Number(year));
  return {
    hasTime: parts.has('hour'),
    parse(text) {
      const found = expression.exec(text);
      return found === null ? undefined : read(found);
    },
  };
}

/** The place of each part among the groups of the expression. */
function createReader(
  tokens: readonly Token[],
  only: number | undefined,
): (found: RegExpExecArray) => DateParts | undefined {
  const place = (part: Part): number => tokens.findIndex((token) => token.part === part) + 1;
  const number = (part: Part): ((found: RegExpExecArray) => number) => {
    const at = place(part);
    const read = tokens[at - 1]?.read ?? Number;
    return at === 0 ? () => 0 : (found) => read(found[at]);
  };
  const [year, month, day] = [number('year'), number('month'), number('day')];
  const [hour, minute, second] = [number('hour'), number('minute'), number('second')];
  const [half, zone] = [place('half'), place('zone')];
  return (found) => {
    let hours = hour(found);
    if (half > 0) {
      // 13 o'clock in the afternoon is a mistake.
      if (hours > 12) return undefined;
      hours = (hours % 12) + (/^p/i.test(found[half]) ? 12 : 0);
    }
    return {
      year: only ?? year(found),
      month: month(found),
      day: day(found),
      hour: hours,
      minute: minute(found),
      second: second(found),
      zone: zone === 0 ? undefined : found[zone].replace(/\s*\(.*$/, ''),
    };
  };
}

function wrongFormat(format: string): VitrineError {
  return new VitrineError('INPUT_INVALID', `dateFormat: ${FORMAT_HELP}, got '${format}'.`);
}
