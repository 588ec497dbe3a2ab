// What the score sheet proves: how sure each model's means are, which baseline is the best, and by how much both stages are better than
// it and than retrieval alone. Knows no list.
import type { Random } from '../random';
import { BASELINES } from './baselines';
import { percentileInterval, resampledMeans, type Interval } from './bootstrap';
import type { Difference, Evaluation } from './evaluation';
import { byHeadline, HEADLINES, type Headline, type ScoreSheet } from './score-sheet';

const RESAMPLES = 1_000;
const CONFIDENCE = 0.95;

/** @param first the measure that says which baseline is the best */
export function compare(
  sheet: ScoreSheet,
  first: Headline,
  random: Random,
): Pick<Evaluation, 'intervals' | 'bestBaseline' | 'differences' | 'bootstrap'> {
  const { models } = sheet;
  const columns = models.flatMap((model) => HEADLINES.map((metric) => sheet.column(model, metric)));
  const resampled = resampledMeans(columns, sheet.customers, RESAMPLES, random);
  const resampledOf = (model: string, metric: Headline): Float64Array =>
    resampled[models.indexOf(model) * HEADLINES.length + HEADLINES.indexOf(metric)];

  const difference = (model: string, against: string): Difference => ({
    model,
    against,
    metrics: byHeadline((metric) => {
      const [mean, other] = [sheet.means(model)[metric], sheet.means(against)[metric]];
      const others = resampledOf(against, metric);
      const differences = resampledOf(model, metric).map((value, r) => value - others[r]);
      return {
        difference: mean - other,
        interval: percentileInterval(differences, CONFIDENCE),
        ratio: other > 0 ? mean / other : null,
      };
    }),
  });
  const bestBaseline = BASELINES.reduce((best, name) =>
    sheet.means(name)[first] > sheet.means(best)[first] ? name : best,
  );
  return {
    intervals: Object.fromEntries(
      models.map((model): [string, Record<Headline, Interval>] => [
        model,
        byHeadline((metric) => percentileInterval(resampledOf(model, metric), CONFIDENCE)),
      ]),
    ),
    bestBaseline,
    differences: [difference('two-stage', bestBaseline), difference('two-stage', 'retrieval')],
    bootstrap: { resamples: RESAMPLES, confidence: CONFIDENCE },
  };
}
