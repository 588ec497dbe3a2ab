// The stage "arrange": makes a slate of each customer's scored candidates. Serving and evaluation
// run it alike.
import { withoutHidden } from '../filter';
import { exploring } from './exploration';

export interface ToArrange {
  /** [n] candidates, catalogue indices. */
  readonly articles: Int32Array;
  /** [n] higher is better. */
  readonly scores: Float32Array;
  /** Articles that must not be shown. */
  readonly hidden: ReadonlySet<number>;
  /** The length of the slate at most. */
  readonly first: number;
  readonly neverSold: (article: number) => boolean;
}

/**
 * Slates as places among the candidates, best first.
 * @param explore every `explore`th place is for an article that was never sold; 0: none
 */
export function arrange(lists: readonly ToArrange[], explore: number): number[][] {
  return lists.map(({ articles, scores, hidden, first, neverSold }) =>
    exploring(withoutHidden(scores, articles, hidden), first, explore, (place) => neverSold(articles[place])),
  );
}
