// The worth of each source of candidates: how many bought articles it finds, how many it alone
// finds, and how many of its candidates are shown in the end. All figures are means over cases.

import { bitOf, type Candidates } from '../ranking/candidates';
import { SOURCES, type SourceName } from '../ranking/sources/sources';

export interface SourceShare {
  readonly source: SourceName;
  /** The share of the bought articles that the source found. */
  readonly recall: number;
  /** The share of the bought articles that only this source found. */
  readonly alone: number;
  /** The number of candidates that it found. */
  readonly candidates: number;
  /**
   * The share of the first twelve articles in the final ranking that this source found. Several
   * sources may have found the same article.
   */
  readonly shown: number;
}

export interface SourceReport {
  readonly sources: readonly SourceShare[];
  /** The share of the bought articles that any source found. */
  readonly recall: number;
  /** The number of candidates from all sources together. */
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
