// The candidates of one customer: which articles, and which sources found each. Knows no source and
// no model.

/**
 * Names of the sources of candidates, from what says most of this customer to what is the same for
 * everybody. Of an article that several found the first is the one that people are shown.
 */
export const SOURCES = [
  'OWN_PURCHASES',
  'VARIANTS',
  'CO_PURCHASE',
  'TWO_TOWER',
  'TRENDING_PEERS',
  'NEW_ARRIVALS',
  'TRENDING',
] as const;
export type SourceName = (typeof SOURCES)[number];

/** Distinct articles with what is known of how they were found. */
export interface Candidates {
  /** [n] catalogue indices */
  readonly articles: Int32Array;
  /** [n] the sources that found each: bit i stands for SOURCES[i]; never 0. */
  readonly found: Uint16Array;
  /** [n] cosine of the query vector and the article's. */
  readonly cosines: Float32Array;
  /**
   * [n] how near it is to the latest purchases in what customers buy together; 0: not near to any.
   */
  readonly together: Float32Array;
}

/** Whether a source was among those that found a candidate. */
export function foundBy(found: number, source: SourceName): boolean {
  return (found & bitOf(source)) !== 0;
}

/** The mask of one source alone. */
export function bitOf(source: SourceName): number {
  return BITS[source];
}

const BITS = Object.fromEntries(SOURCES.map((source, i) => [source, 1 << i])) as Record<SourceName, number>;

/**
 * The source to name for a candidate: of those that found it the one that says most of the
 * customer.
 */
export function sourceOf(found: number): SourceName {
  return SOURCES[31 - Math.clz32(found & -found)];
}

/** All sources that found a candidate. */
export function sourcesOf(found: number): SourceName[] {
  return SOURCES.filter((source) => foundBy(found, source));
}

/** Some of the candidates, by place. */
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

function picked<Numbers extends Int32Array | Uint16Array | Float32Array>(
  from: Numbers,
  out: Numbers,
  places: readonly number[],
): Numbers {
  for (let i = 0; i < places.length; i++) out[i] = from[places[i]];
  return out;
}
