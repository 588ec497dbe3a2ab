// The candidates of one customer: which articles, and which sources found each.
import { SOURCES, type SourceName } from './sources/sources';

/** Distinct articles, with the sources that found them and the numbers computed on the way. */
export interface Candidates {
  /** [n] catalogue indices */
  readonly articles: Int32Array;
  /** [n] the sources that found each article: bit i stands for SOURCES[i]. Never 0. */
  readonly found: Uint16Array;
  /** [n] cosine of the query vector and the article's. */
  readonly cosines: Float32Array;
  /** [n] how often the article is bought with the latest purchases, as a score, 0 if never. */
  readonly together: Float32Array;
}

const BITS = Object.fromEntries(SOURCES.map(({ name }, i) => [name, 1 << i])) as Record<SourceName, number>;

/**
 * The names of the sources in each mask. They are prepared because every list that is shown looks
 * them up.
 */
const NAMES_BY_MASK = Array.from({ length: 1 << SOURCES.length }, (_, mask): readonly SourceName[] =>
  SOURCES.filter((_source, i) => (mask & (1 << i)) !== 0).map(({ name }) => name),
);

/** The mask that contains only this source. */
export function bitOf(source: SourceName): number {
  return BITS[source];
}

export function foundBy(found: number, source: SourceName): boolean {
  return (found & bitOf(source)) !== 0;
}

/** The source to show for a candidate: the first of SOURCES that found the candidate. */
export function sourceOf(found: number): (typeof SOURCES)[number] {
  return SOURCES[31 - Math.clz32(found & -found)];
}

/** All sources that found a candidate. */
export function sourcesOf(found: number): readonly SourceName[] {
  return NAMES_BY_MASK[found];
}

/**
 * Number of candidates that each source found. A candidate of several sources counts for each of
 * them.
 */
export function countBySource({ found }: Candidates): Map<SourceName, number> {
  return new Map(SOURCES.map(({ name }) => [name, found.filter((mask) => foundBy(mask, name)).length]));
}

/** Selects some of the candidates, by index. */
export function pickCandidates(
  { articles, found, cosines, together }: Candidates,
  places: readonly number[],
): Candidates {
  return {
    articles: picked(articles, new Int32Array(places.length), places),
    found: picked(found, new Uint16Array(places.length), places),
    cosines: picked(cosines, new Float32Array(places.length), places),
    together: picked(together, new Float32Array(places.length), places),
  };
}

/** The width of a batch of candidate lists, at least 1 so that no batch is empty. */
export function widest(candidates: readonly Candidates[]): number {
  return Math.max(1, ...candidates.map((list) => list.articles.length));
}

function picked<Numbers extends Int32Array | Uint16Array | Float32Array>(
  from: Numbers,
  out: Numbers,
  places: readonly number[],
): Numbers {
  for (let i = 0; i < places.length; i++) out[i] = from[places[i]];
  return out;
}
