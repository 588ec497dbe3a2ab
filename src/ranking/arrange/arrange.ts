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
  /** Maximum length of the slate. */
  readonly first: number;
  readonly neverSold: (article: number) => boolean;
}

/**
 * Returns slates as indices into the candidates, best first.
 * @param explore every `explore`th position is for an article that was never sold, 0 for no such
 * positions
 */
export function arrange(lists: readonly ToArrange[], explore: number): number[][] {
  return lists.map(({ articles, scores, hidden, first, neverSold }) =>
    exploring(withoutHidden(scores, articles, hidden), first, explore, (place) => neverSold(articles[place])),
  );
}
