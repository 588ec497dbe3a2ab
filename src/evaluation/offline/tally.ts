// Everything that is counted of the cases of an evaluation, case by case: measures, what the lists
// are like, sources, calibration, cold articles. Knows neither where lists come from nor what they
// are compared for.
import type { Candidates } from '../../ranking/candidates';
import { Reliability, type CalibrationReport } from '../reliability';
import { ColdArticleCount, type ColdArticles } from '../cold-articles';
import { ListMeasures, type ListQualities } from '../list-measures';
import { measure, type Metrics } from '../metrics';
import { ScoreSheet } from '../score-sheet';
import { SourceCount, type SourceReport } from '../source-report';

/** One customer in one round. */
export interface Case {
  /** By index in the shop. */
  readonly customer: number;
  /** Purchases that were known of the customer. */
  readonly history: number;
  /** What was bought; not empty. */
  readonly bought: ReadonlySet<number>;
  /** Each model's list, best first, `two-stage` among them. */
  readonly ranked: Readonly<Record<string, readonly number[]>>;
  /** What the two-stage chose from, and the score of each [candidates]. */
  readonly candidates: Candidates;
  readonly scores: Float32Array;
  /** Articles that must not be listed. */
  readonly hidden: ReadonlySet<number>;
  /** [articles] units sold before. */
  readonly units: Float32Array;
}

export class Tally {
  readonly sheet = new ScoreSheet();
  private readonly lists = new Map<string, ListMeasures>();
  private readonly calibration = new Reliability();
  private readonly sources = new SourceCount();
  private readonly cold = new ColdArticleCount();

  /** @param learntUnits [articles] units sold of what the models have learnt from */
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
