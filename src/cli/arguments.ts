// Parsers for the arguments of commands. A parser turns a text into a value, or throws an error
// that says what was expected.
import { InvalidArgumentError, Option } from 'commander';
import { VitrineError } from '../errors';
import { SIZES } from '../training/config';
import { type Protocol } from '../dataset/protocols';
import { HOLD_OUT, type HoldOut } from '../training/train';
import { DAY } from '../time';

export function json(): Option {
  return new Option('--json', 'print the answer as JSON');
}

export function size(): Option {
  return new Option('--size <size>', 'how large the models are and how long they learn')
    .choices(SIZES)
    .default('small');
}

export function example(command: string): string {
  return `\nExample:\n  $ npx ${command}`;
}

export function count(text: string): number {
  const value = whole(text);
  if (value > 0) return value;
  throw new InvalidArgumentError('Expected a whole number above 0.');
}

export function upTo100(text: string): number {
  const value = count(text);
  if (value <= 100) return value;
  throw new InvalidArgumentError('Expected at most 100.');
}

export function whole(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number.');
}

export function port(text: string): number {
  const value = whole(text);
  if (value <= 65_535) return value;
  throw new InvalidArgumentError('Expected a port from 0 to 65535.');
}

export function percent(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 100) return value;
  throw new InvalidArgumentError('Expected a number from 0 to 100.');
}

/** Parses numbers from 0 to 1, separated by commas. */
export function shares(text: string): number[] {
  const values = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (values.every((value) => value >= 0 && value <= 1)) return values;
  throw new InvalidArgumentError('Expected numbers from 0 to 1, separated by commas.');
}

/** Parses ids, separated by commas. */
export function ids(text: string): string[] {
  const all = text.split(',').map((id) => id.trim());
  if (all.every((id) => id !== '')) return all;
  throw new InvalidArgumentError('Expected ids, separated by commas.');
}

/** Parses a span of time such as 90d, 12h or 30m into ms. */
export function span(text: string): number {
  const [, number, unit] = /^(\d{1,6})([dhm])$/.exec(text) ?? [];
  const ms = { d: 86_400_000, h: 3_600_000, m: 60_000 }[unit as 'd' | 'h' | 'm'];
  if (number !== undefined && Number(number) > 0) return Number(number) * ms;
  throw new InvalidArgumentError('Expected a span of time such as 90d, 12h or 30m.');
}

/** Parses a day into Unix seconds. */
export function day(text: string): number {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  // Date.parse accepts 31 February and returns a day in March.
  if (Number.isFinite(at) && new Date(at).toISOString().startsWith(text)) return at / 1000;
  throw new InvalidArgumentError('Expected a date as YYYY-MM-DD.');
}

/**
 * The options of `evaluate` that describe its protocol. An option that was not given is missing
 * here.
 */
export interface ProtocolOptions {
  readonly protocol: Protocol['kind'];
  readonly cut?: number;
  readonly days?: number;
  readonly weeks?: number;
  readonly end?: number;
  readonly validation?: true;
}

const OPTIONS_OF = {
  temporal: ['cut', 'days'],
  'leave-one-out': ['validation'],
  rolling: ['weeks', 'end'],
} as const satisfies Record<Protocol['kind'], (keyof ProtocolOptions)[]>;
export const PROTOCOLS = Object.keys(OPTIONS_OF);

/**
 * @throws VitrineError INPUT_INVALID if an option belongs to another protocol or a required option
 * is missing
 */
export function heldOut(options: ProtocolOptions): Pick<HoldOut, 'protocol' | 'days'> {
  const { protocol, cut, days = HOLD_OUT.days, weeks = 12, end, validation } = options;
  for (const [owner, names] of Object.entries(OPTIONS_OF)) {
    const foreign = owner === protocol ? undefined : names.find((name) => options[name] !== undefined);
    if (foreign !== undefined) {
      const why = `--${foreign} belongs to --protocol ${owner}, and this is ${protocol}. Leave one of them out.`;
      throw new VitrineError('INPUT_INVALID', why);
    }
  }
  switch (protocol) {
    case 'leave-one-out':
      return { protocol: { kind: protocol, target: validation ? 'validation' : 'test' }, days };
    case 'temporal':
      return { ...(cut !== undefined && { protocol: { kind: protocol, cut, days } }), days };
    case 'rolling':
      if (end === undefined) {
        throw new VitrineError(
          'INPUT_INVALID',
          '--protocol rolling needs --end: give the last day of the last week, as YYYY-MM-DD.',
        );
      }
      return { protocol: { kind: protocol, weeks, end: end + DAY }, days };
    default:
      return protocol satisfies never;
  }
}
