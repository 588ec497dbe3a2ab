// Compares the models of an evaluation: how certain their means are, and by how much both stages
// together beat the best baseline and retrieval alone. The comparison covers all cases, and slices
// of them.

import { sum } from '../numbers';
import type { Random } from '../random';
import { BASELINES, type BaselineName } from './baselines';
import { percentileInterval, resampledMeans, type Interval } from './bootstrap';
import type { Difference, Evaluation, Slice } from './evaluation';
import { byHeadline, HEADLINES, type Cases, type Headline, type ScoreSheet } from './score-sheet';

export const BOOTSTRAP = { resamples: 1_000, confidence: 0.95 } as const;

/** The means of each model, over some cases, and over resamples of the customers of these cases. */
export type Resampled = ReadonlyMap<string, Readonly<Record<Headline, Mean>>>;

interface Mean {
  readonly mean: number;
  /** [resamples] the mean of each resample. All models and measures share the same resamples. */
  readonly resampled: Float64Array;
}

export function resample(cases: Cases, models: readonly string[], random: Random): Resampled {
  const columns = models.flatMap((model) => HEADLINES.map((metric) => cases.column(model, metric)));
  const means = resampledMeans(columns, cases.customers, BOOTSTRAP.resamples, random);
  return new Map(
    models.map((model, m) => [
      model,
      byHeadline((metric) => {
        const at = m * HEADLINES.length + HEADLINES.indexOf(metric);
        return { mean: meanOrZero(columns[at]), resampled: means[at] };
      }),
    ]),
  );
}

export function intervalsOf(measured: Resampled): Record<string, Record<Headline, Interval>> {
  return Object.fromEntries(
    [...measured].map(([model, values]) => [
      model,
      byHeadline((metric) => percentileInterval(values[metric].resampled, BOOTSTRAP.confidence)),
    ]),
  );
}

/** The baseline with the highest mean of a measure. */
export function bestBaselineOf(cases: Cases, metric: Headline): BaselineName {
  const means = BASELINES.map((name) => meanOrZero(cases.column(name, metric)));
  return BASELINES[means.indexOf(Math.max(...means))];
}

/** Compares both stages together with a baseline, then with retrieval alone. */
export function compare(measured: Resampled, baseline: BaselineName): Evaluation['differences'] {
  const of = (model: string): Readonly<Record<Headline, Mean>> => {
    const values = measured.get(model);
    if (values) return values;
    throw new RangeError(`Expected one of the models ${[...measured.keys()].join(', ')}, got "${model}".`);
  };
  const own = of('two-stage');
  return [baseline, 'retrieval'].map((against): Difference => {
    const other = of(against);
    const metrics = byHeadline((metric) => {
      const [a, b] = [own[metric], other[metric]];
      const differences = a.resampled.map((value, r) => value - b.resampled[r]);
      return {
        difference: a.mean - b.mean,
        interval: percentileInterval(differences, BOOTSTRAP.confidence),
        ratio: b.mean > 0 ? a.mean / b.mean : null,
      };
    });
    return { model: 'two-stage', against, metrics };
  });
}

/** Each slice has the cases whose history has `from` to `to` purchases, both included. */
const SLICES: readonly (readonly [name: string, from: number, to: number])[] = [
  ['cold customers', 0, 0],
  ['warm customers', 1, Infinity],
  ['1–2 purchases', 1, 2],
  ['3–9 purchases', 3, 9],
  ['10–29 purchases', 10, 29],
  ['30 purchases or more', 30, Infinity],
];

/** With fewer customers the bootstrap gives intervals that are too narrow. */
const ENOUGH_CUSTOMERS = 30;

/**
 * The slices of the cases by the length of the history. Empty slices are left out.
 * @param first the measure that decides which baseline is the best
 */
export function slicesOf(sheet: ScoreSheet, first: Headline, random: Random): Slice[] {
  return SLICES.flatMap(([name, from, to]) => {
    const places = [...sheet.histories.keys()].filter((i) => sheet.histories[i] >= from && sheet.histories[i] <= to);
    if (places.length === 0) return [];
    const part = sheet.part(places);
    const bestBaseline = bestBaselineOf(part, first);
    const differences =
      new Set(part.customers).size < ENOUGH_CUSTOMERS
        ? []
        : compare(resample(part, ['two-stage', bestBaseline, 'retrieval'], random), bestBaseline);
    const models = part.models.map((model): [string, Record<Headline, number>] => [
      model,
      byHeadline((metric) => meanOrZero(part.column(model, metric))),
    ]);
    return [{ name, cases: places.length, models: Object.fromEntries(models), bestBaseline, differences }];
  });
}

/** The mean of the values; 0 for an empty list. */
export function meanOrZero(values: readonly number[]): number {
  return sum(values) / Math.max(1, values.length);
}
