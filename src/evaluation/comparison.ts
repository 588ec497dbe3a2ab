// What cases prove: how sure each model's means are, which baseline is the best, and by how much
// both stages are better than it and than retrieval alone. Knows no list.
import type { Random } from '../random';
import { BASELINES, type BaselineName } from './baselines';
import { percentileInterval, resampledMeans, type Interval } from './bootstrap';
import type { Difference, Evaluation } from './evaluation';
import { byHeadline, HEADLINES, type Cases, type Headline } from './score-sheet';

export const BOOTSTRAP = { resamples: 1_000, confidence: 0.95 } as const;

/** What models have in some cases, and in resamples of their customers. */
export type Resampled = ReadonlyMap<string, Readonly<Record<Headline, Measured>>>;

interface Measured {
  readonly mean: number;
  /** [resamples] of all models and measures the same ones. */
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
        return { mean: meanOf(columns[at]), resampled: means[at] };
      }),
    ]),
  );
}

/** How sure the means are. */
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
  const means = BASELINES.map((name) => meanOf(cases.column(name, metric)));
  return BASELINES[means.indexOf(Math.max(...means))];
}

/** Both stages against a baseline, then against retrieval; of these three models. */
export function compare(measured: Resampled, baseline: BaselineName): Evaluation['differences'] {
  const of = (model: string): Readonly<Record<Headline, Measured>> => {
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

/** 0 of none. */
export function meanOf(column: readonly number[]): number {
  return column.reduce((sum, value) => sum + value, 0) / Math.max(1, column.length);
}
