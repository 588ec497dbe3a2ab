// The order of a list: by score, but every so-manieth place is for an article that nobody has bought yet. What never sold scores low,
// since most of it will not sell, and unseen it never will: somebody has to see it first. Of such articles the highest score comes
// first, so each is shown to those whom it fits best. Knows neither models nor sources.
import { topIndices } from './pipeline';

/**
 * Places of the `first` that are shown, best first, as `topIndices` gives them but for each `every`th: there stands the best of what never
 * sold and is not shown yet, where there is any. `every` 0: by score alone.
 */
export function exploring(
  scores: Float32Array,
  first: number,
  every: number,
  neverSold: (place: number) => boolean,
): number[] {
  const best = topIndices(scores, first);
  if (every === 0 || best.length < every) return best;
  const unsold = topIndices(
    scores.map((score, place) => (neverSold(place) ? score : -Infinity)),
    first,
  );
  const shown = new Set<number>();
  const next = (places: number[]): number | undefined => {
    while (places.length > 0 && shown.has(places[0])) places.shift();
    return places.shift();
  };
  const [byScore, byNovelty] = [[...best], unsold];
  while (shown.size < best.length) {
    const isForUnsold = (shown.size + 1) % every === 0;
    const place = (isForUnsold ? next(byNovelty) : undefined) ?? next(byScore);
    if (place === undefined) break;
    shown.add(place);
  }
  return [...shown];
}
