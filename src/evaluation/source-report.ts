// What each source of candidates is worth: what it finds of what was bought, what nobody else
// finds, how much of it is shown in the end. Means are over cases. Knows not how the sources find.
import { bitOf, type Candidates } from '../ranking/candidates';
import { SOURCES, type SourceName } from '../ranking/sources/sources';

export interface SourceShare {
  readonly source: SourceName;
  /** Share of the bought articles that the source found, within its own limit. */
  readonly recall: number;
  /** Share of the bought articles that it alone found: what would be lost without it. */
  readonly alone: number;
  /** Mean number of candidates that it found. */
  readonly candidates: number;
  /**
   * Share of the first twelve places of the final ranking that hold something it found; several may
   * have found the same.
   */
  readonly shown: number;
}

export interface SourceReport {
  readonly sources: readonly SourceShare[];
  /**
   * All sources together: share of the bought articles among the candidates, and mean number of
   * candidates.
   */
  readonly recall: number;
  readonly candidates: number;
}

const SHOWN = 12;

export class SourceCount {
  private cases = 0;
  private recall = 0;
  private candidates = 0;
  private shown = 0;
  private readonly shares = SOURCES.map(({ name: source }) => ({
    source,
    recall: 0,
    alone: 0,
    candidates: 0,
    shown: 0,
  }));

  /**
   * One case.
   * @param ranked the final ranking, best first
   * @param bought not empty
   */
  add(candidates: Candidates, ranked: readonly number[], bought: ReadonlySet<number>): void {
    const first = new Set(ranked.slice(0, SHOWN));
    const hit = 1 / bought.size;
    this.cases += 1;
    this.candidates += candidates.articles.length;
    this.shown += first.size;
    candidates.articles.forEach((article, place) => {
      const found = candidates.found[place];
      const isHit = bought.has(article);
      if (isHit) this.recall += hit;
      for (const share of this.shares) {
        const bit = bitOf(share.source);
        if ((found & bit) === 0) continue;
        share.candidates += 1;
        if (isHit) share.recall += hit;
        if (isHit && found === bit) share.alone += hit;
        if (first.has(article)) share.shown += 1;
      }
    });
  }

  report(): SourceReport {
    const cases = Math.max(1, this.cases);
    return {
      sources: this.shares.map(({ source, recall, alone, candidates, shown }) => ({
        source,
        recall: recall / cases,
        alone: alone / cases,
        candidates: candidates / cases,
        shown: shown / Math.max(1, this.shown),
      })),
      recall: this.recall / cases,
      candidates: this.candidates / cases,
    };
  }
}
