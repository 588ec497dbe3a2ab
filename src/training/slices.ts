// The cases of an evaluation by how much is known of the customer: new ones, and those with short and long histories. Knows only what
// the score sheet says.
import { byHeadline, type Headline, type ScoreSheet } from './score-sheet';

export interface Slice {
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

/** The slices that hold a case. */
export function slicesOf(sheet: ScoreSheet): Slice[] {
  return SLICES.flatMap(([name, from, to]) => {
    const cases = [...sheet.histories.keys()].filter((i) => sheet.histories[i] >= from && sheet.histories[i] <= to);
    if (cases.length === 0) return [];
    const mean = (column: readonly number[]): number => cases.reduce((sum, i) => sum + column[i], 0) / cases.length;
    const models = sheet.models.map((model): [string, Record<Headline, number>] => [
      model,
      byHeadline((metric) => mean(sheet.column(model, metric))),
    ]);
    return [{ name, cases: cases.length, models: Object.fromEntries(models) }];
  });
}
