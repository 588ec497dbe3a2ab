// The cases of an evaluation by how much is known of the customer: new ones, and those with short and long histories. Knows only what
// the score sheet says.
import type { Random } from '../random';
import { compare } from './comparison';
import type { Evaluation } from './evaluation';
import { byHeadline, type Headline, type ScoreSheet } from './score-sheet';

/** The best baseline and the differences are those of these cases. */
export interface Slice extends Pick<Evaluation, 'bestBaseline' | 'differences'> {
  readonly name: string;
  readonly cases: number;
  readonly models: Readonly<Record<string, Readonly<Record<Headline, number>>>>;
}

/** Known purchases of the customer, from the first to the last number, both included. */
const SLICES: readonly (readonly [name: string, from: number, to: number])[] = [
  ['cold customers', 0, 0],
  ['warm customers', 1, Infinity],
  ['1–2 purchases', 1, 2],
  ['3–9 purchases', 3, 9],
  ['10–29 purchases', 10, 29],
  ['30 purchases or more', 30, Infinity],
];

/**
 * The slices that hold a case.
 * @param first the measure that says which baseline is the best
 */
export function slicesOf(sheet: ScoreSheet, first: Headline, random: Random): Slice[] {
  return SLICES.flatMap(([name, from, to]) => {
    const places = [...sheet.histories.keys()].filter((i) => sheet.histories[i] >= from && sheet.histories[i] <= to);
    if (places.length === 0) return [];
    const part = sheet.part(places);
    const models = part.models.map((model): [string, Record<Headline, number>] => [
      model,
      byHeadline((metric) => part.column(model, metric).reduce((sum, value) => sum + value, 0) / places.length),
    ]);
    return [{ name, cases: places.length, models: Object.fromEntries(models), ...compare(part, first, random) }];
  });
}
