// What cases prove: how sure each model's means are, which baseline is the best, and by how much both stages are better than it and than
// retrieval alone. Knows no list.
import type { Random } from '../random';
import { BASELINES } from './baselines';
import { percentileInterval, resampledMeans, type Interval } from './bootstrap';
import type { Difference, Evaluation } from './evaluation';
import { byHeadline, HEADLINES, type Cases, type Headline } from './score-sheet';

export const BOOTSTRAP = { resamples: 1_000, confidence: 0.95 } as const;

/** How sure the means of all models are. */
export function intervalsOf(cases: Cases, random: Random): Evaluation['intervals'] {
  const measured = resampled(cases, cases.models, random);
  return Object.fromEntries(
    [...measured].map(([model, values]): [string, Record<Headline, Interval>] => [
      model,
      byHeadline((metric) => percentileInterval(values[metric].resampled, BOOTSTRAP.confidence)),
    ]),
  );
}

/** Both stages against what is the best baseline in these cases by the measure `first`, and against retrieval. */
export function compare(
  cases: Cases,
  first: Headline,
  random: Random,
): Pick<Evaluation, 'bestBaseline' | 'differences'> {
  const found = BASELINES.map((name) => mean(cases.column(name, first)));
  const bestBaseline = BASELINES[found.indexOf(Math.max(...found))];
  const others = [bestBaseline, 'retrieval'];
  const [own, ...compared] = resampled(cases, ['two-stage', ...others], random).values();
  const differences = compared.map((other, o): Difference => ({
    model: 'two-stage',
    against: others[o],
    metrics: byHeadline((metric) => {
      const [a, b] = [own[metric], other[metric]];
      return {
        difference: a.mean - b.mean,
        interval: percentileInterval(
          a.resampled.map((value, r) => value - b.resampled[r]),
          BOOTSTRAP.confidence,
        ),
        ratio: b.mean > 0 ? a.mean / b.mean : null,
      };
    }),
  }));
  return { bestBaseline, differences };
}

interface Measured {
  readonly mean: number;
  /** [resamples] of all models and measures the same ones. */
  readonly resampled: Float64Array;
}

function resampled(
  cases: Cases,
  models: readonly string[],
  random: Random,
): Map<string, Readonly<Record<Headline, Measured>>> {
  const columns = models.flatMap((model) => HEADLINES.map((metric) => cases.column(model, metric)));
  const means = resampledMeans(columns, cases.customers, BOOTSTRAP.resamples, random);
  return new Map(
    models.map((model, m) => [
      model,
      byHeadline((metric) => {
        const at = m * HEADLINES.length + HEADLINES.indexOf(metric);
        return { mean: mean(columns[at]), resampled: means[at] };
      }),
    ]),
  );
}

/** 0 of none. */
function mean(column: readonly number[]): number {
  return column.reduce((sum, value) => sum + value, 0) / Math.max(1, column.length);
}
