// How well each model finds articles that no customer had bought before the moment, compared with
// chance.

export interface ColdArticles {
  /** Cases whose customer bought such an article. */
  readonly cases: number;
  /** The number of such articles in these cases. */
  readonly answers: number;
  /**
   * The share of these articles that is among the first k of a list, as a mean over cases. `chance`
   * lists the articles in random order.
   */
  readonly models: Readonly<Record<string, ColdRecall>>;
}

export interface ColdRecall {
  readonly 'recall@12': number;
  readonly 'recall@100': number;
}

export class ColdArticleCount {
  private cases = 0;
  private answers = 0;
  private readonly sums = new Map<string, { 'recall@12': number; 'recall@100': number }>();

  /**
   * @param ranked distinct articles of each model, best first
   * @param units [articles] units sold before the moment
   * @param choices the number of articles that might have been listed
   */
  add(
    ranked: Readonly<Record<string, readonly number[]>>,
    bought: ReadonlySet<number>,
    units: ArrayLike<number>,
    choices: number,
  ): void {
    const cold = [...bought].filter((article) => units[article] === 0);
    if (cold.length === 0) return;
    this.cases += 1;
    this.answers += cold.length;
    for (const [model, list] of Object.entries(ranked)) {
      const places = cold.map((article) => list.indexOf(article)).filter((place) => place >= 0);
      const within = (k: number): number => places.filter((place) => place < k).length / cold.length;
      this.sum(model, within(12), within(100));
    }
    this.sum('chance', Math.min(1, 12 / choices), Math.min(1, 100 / choices));
  }

  /** The result; null if no customer bought such an article. */
  report(): ColdArticles | null {
    if (this.cases === 0) return null;
    const means = [...this.sums].map(([model, sums]): [string, ColdRecall] => [
      model,
      { 'recall@12': sums['recall@12'] / this.cases, 'recall@100': sums['recall@100'] / this.cases },
    ]);
    return { cases: this.cases, answers: this.answers, models: Object.fromEntries(means) };
  }

  private sum(model: string, at12: number, at100: number): void {
    const sums = this.sums.get(model) ?? { 'recall@12': 0, 'recall@100': 0 };
    sums['recall@12'] += at12;
    sums['recall@100'] += at100;
    this.sums.set(model, sums);
  }
}
