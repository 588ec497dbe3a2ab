// Counts the cases of an evaluation one by one: measures, qualities of the lists, sources,
// calibration and cold articles.

import type { Candidates } from '../../ranking/candidates';
import { CalibrationCount, type CalibrationReport } from '../calibration';
import { ColdArticleCount, type ColdArticles } from '../cold-articles';
import { ListMeasures, type ListQualities } from '../list-measures';
import { measure, type Metrics } from '../metrics';
import { ScoreSheet } from '../score-sheet';
import { SourceCount, type SourceReport } from '../source-report';

/** One customer in one round. Articles are catalogue indices. */
export interface Case {
  /** The customer's index in the data set. */
  readonly customer: number;
  /** The number of purchases in the customer's history. */
  readonly history: number;
  /** The articles bought; not empty. */
  readonly bought: ReadonlySet<number>;
  /** The list of each model, best first. One model is `two-stage`. */
  readonly ranked: Readonly<Record<string, readonly number[]>>;
  /** The candidates of the model `two-stage`. */
  readonly candidates: Candidates;
  /** [candidates] the final score of each. */
  readonly scores: Float32Array;
  /** Articles that must not be listed. */
  readonly hidden: ReadonlySet<number>;
  /** [articles] units sold before the moment. */
  readonly units: Float32Array;
}

export class Tally {
  readonly sheet = new ScoreSheet();
  private readonly lists = new Map<string, ListMeasures>();
  private readonly calibration = new CalibrationCount();
  private readonly sources = new SourceCount();
  private readonly cold = new ColdArticleCount();

  /** @param learntUnits [articles] units sold before the models' cutoff */
  constructor(
    private readonly learntUnits: Float32Array,
    private readonly vectorOf: (article: number) => Float32Array | undefined,
  ) {}

  add({ customer, history, bought, ranked, candidates, scores, hidden, units }: Case): void {
    const measured = Object.entries(ranked).map(([model, list]): [string, Metrics] => [model, measure(list, bought)]);
    this.sheet.add(customer, history, Object.fromEntries(measured));
    for (const [model, list] of Object.entries(ranked)) {
      const qualities = this.lists.get(model) ?? new ListMeasures(this.learntUnits, this.vectorOf);
      this.lists.set(model, qualities);
      qualities.add(list);
    }
    candidates.articles.forEach((article, i) => {
      if (!hidden.has(article)) this.calibration.add(scores[i], bought.has(article));
    });
    this.sources.add(candidates, ranked['two-stage'], bought);
    this.cold.add(ranked, bought, units, units.length - hidden.size);
  }

  report(): {
    readonly models: Readonly<Record<string, Metrics & ListQualities>>;
    readonly coldArticles: ColdArticles | null;
    readonly candidates: SourceReport;
    readonly calibration: CalibrationReport;
  } {
    const models = [...this.lists].map(([model, lists]): [string, Metrics & ListQualities] => [
      model,
      { ...this.sheet.means(model), ...lists.qualities() },
    ]);
    return {
      models: Object.fromEntries(models),
      coldArticles: this.cold.report(),
      candidates: this.sources.report(),
      calibration: this.calibration.report(),
    };
  }
}
