// The cases of an evaluation by how much is known of the customer: new ones, and those with short
// and long histories. Knows only what the score sheet says and how cases are compared.
import type { Random } from '../random';
import { bestBaselineOf, compare, meanOf, resample } from './comparison';
import type { Slice } from './evaluation';
import { byHeadline, type Headline, type ScoreSheet } from './score-sheet';

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
 * Fewer customers than this are too few to draw again: an interval of theirs would look surer than
 * it is.
 */
const TELLING_CUSTOMERS = 30;

/**
 * The slices that hold a case.
 * @param first the measure that says which baseline is the best
 */
export function slicesOf(sheet: ScoreSheet, first: Headline, random: Random): Slice[] {
  return SLICES.flatMap(([name, from, to]) => {
    const places = [...sheet.histories.keys()].filter((i) => sheet.histories[i] >= from && sheet.histories[i] <= to);
    if (places.length === 0) return [];
    const part = sheet.part(places);
    const bestBaseline = bestBaselineOf(part, first);
    const differences =
      new Set(part.customers).size < TELLING_CUSTOMERS
        ? []
        : compare(resample(part, ['two-stage', bestBaseline, 'retrieval'], random), bestBaseline);
    const models = part.models.map((model): [string, Record<Headline, number>] => [
      model,
      byHeadline((metric) => meanOf(part.column(model, metric))),
    ]);
    return [{ name, cases: places.length, models: Object.fromEntries(models), bestBaseline, differences }];
  });
}
