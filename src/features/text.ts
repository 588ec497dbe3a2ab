// The tokens of texts for the built-in encoder: which words are read, and how much each weighs.

import { z } from 'zod';
import type { Batch } from '../engine/batch';
import { VitrineError } from '../errors';
import { openSpelling, type Spelling } from './spelling';
import { words } from './words';
import { sha256 } from '../bytes';

/** Maximum number of tokens that are read of a text; few catalogues have longer texts. */
export const MAX_TOKENS = 64;
/**
 * Words in more than this share of the articles tell none of them apart: those of a shop's notes on
 * shipping, for instance. They are not read.
 */
const EVERYWHERE = 0.8;
/** Words outside the vocabulary share these slots by their hash. */
const HASH_SLOTS = 512;
const MAX_VOCABULARY = 30_000;

const tokeniserState = z.object({
  version: z.literal(2),
  articles: z.number(),
  /** [word, number of articles with it], most frequent first. */
  vocabulary: z.array(z.tuple([z.string(), z.number()])),
});
export type TokeniserState = z.infer<typeof tokeniserState>;

/** Words of articles are taken as they are. Words of searches may be mistyped. */
export type TextKind = 'article' | 'search';

export interface Tokeniser {
  readonly fingerprint: string;
  /**
   * Number of rows of the token table: one for no word, HASH_SLOTS for unknown words, then the
   * vocabulary.
   */
  readonly slots: number;
  /**
   * `text_ids` and `text_weights`, each [n, MAX_TOKENS]. A text has each word once, weighted by
   * inverse document frequency; the weights have Euclidean norm 1. The weights are all 0 for a text
   * without words. A word of a search becomes the few words that it may stand for. Of a text with
   * too many words, the first ones are read, and the rarest of the others.
   */
  inputs(texts: readonly string[], kind?: TextKind): Batch;
  toJSON(): TokeniserState;
}

interface Token {
  /** A row of the token table. */
  readonly id: number;
  readonly idf: number;
  /** Whether nearly every article has the word. */
  readonly everywhere: boolean;
}

/** Fits a tokeniser. Its vocabulary holds the words that occur in at least two articles. */
export function fitTokeniser(texts: readonly string[]): Tokeniser {
  const counts = new Map<string, number>();
  for (const text of texts) for (const word of new Set(words(text))) counts.set(word, (counts.get(word) ?? 0) + 1);
  const vocabulary = [...counts]
    .filter(([, count]) => count >= 2)
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, MAX_VOCABULARY);
  return openTokeniser({ version: 2, articles: texts.length, vocabulary });
}

/** @throws VitrineError RELEASE_INVALID if the saved state is not a tokeniser. */
export function openTokeniser(saved: unknown): Tokeniser {
  const parsed = tokeniserState.safeParse(saved);
  if (!parsed.success) {
    throw new VitrineError(
      'RELEASE_INVALID',
      `tokeniser.json is not a tokeniser of this version; train again. ${z.prettifyError(parsed.error)}`,
    );
  }
  const state = parsed.data;
  const known = new Map(
    state.vocabulary.map(([word, count], i): [string, Token] => [
      word,
      {
        id: 1 + HASH_SLOTS + i,
        idf: Math.log(1 + state.articles / count),
        everywhere: count > EVERYWHERE * state.articles,
      },
    ]),
  );
  const tokens = [...known.values()];
  const rare = Math.log(1 + Math.max(1, state.articles));
  const tokenOf = (word: string): Token =>
    known.get(word) ?? { id: 1 + (hash(word) % HASH_SLOTS), idf: rare, everywhere: false };
  // The spelling is made by the first search, since training does not need it.
  let spelling: Spelling | undefined;
  const readingsOf = (word: string): Token[] => {
    const readings = (spelling ??= openSpelling(state.vocabulary, state.articles)).read(word);
    // All readings of a word share one mean frequency. Otherwise a rare reading would weigh more
    // than the likely one.
    const whole = readings.reduce((sum, { share }) => sum + share, 0);
    const idf = readings.reduce((mean, { place, share }) => mean + (share / whole) * tokens[place].idf, 0);
    return readings.map(({ place, share }) => ({ ...tokens[place], idf: share * idf }));
  };
  /** Words without a reading are dropped, unless no word of the search has one. */
  const searched = (distinct: readonly string[]): Token[] => {
    const read = together(telling(distinct.flatMap(readingsOf)));
    return read.length > 0 ? read : telling(distinct.map(tokenOf));
  };
  const written = (distinct: readonly string[]): Token[] => shortened(telling(distinct.map(tokenOf)), 1 + HASH_SLOTS);
  return {
    fingerprint: sha256(JSON.stringify(state), 16),
    slots: 1 + HASH_SLOTS + state.vocabulary.length,
    inputs(texts, kind = 'article') {
      const ids = new Int32Array(texts.length * MAX_TOKENS);
      const weights = new Float32Array(texts.length * MAX_TOKENS);
      texts.forEach((text, r) => {
        const distinct = [...new Set(words(text))];
        const read = kind === 'search' ? searched(distinct.slice(0, MAX_TOKENS)) : written(distinct);
        const norm = Math.hypot(...read.map((token) => token.idf));
        read.forEach((token, t) => {
          ids[r * MAX_TOKENS + t] = token.id;
          weights[r * MAX_TOKENS + t] = token.idf / norm;
        });
      });
      const shape = [texts.length, MAX_TOKENS];
      return { text_ids: { data: ids, shape }, text_weights: { data: weights, shape } };
    },
    toJSON: () => state,
  };
}

/** The tokens that tell articles apart, or all if none does. */
function telling(read: Token[]): Token[] {
  const some = read.filter(({ everywhere }) => !everywhere);
  return some.length > 0 ? some : read;
}

/**
 * Cuts a text that is too long. Names and categories stand first, so half of the places are for the
 * first words. The others are for the rarest words of the vocabulary, which begins at slot `known`.
 */
function shortened(read: Token[], known: number): Token[] {
  if (read.length <= MAX_TOKENS) return read;
  const first = MAX_TOKENS / 2;
  const isKnown = ({ id }: Token): number => Number(id >= known);
  const others = read.slice(first).sort((a, b) => isKnown(b) - isKnown(a) || b.idf - a.idf);
  return [...read.slice(0, first), ...others.slice(0, MAX_TOKENS - first)];
}

/**
 * Adds up the weights of words that are read as the same token. Keeps the heaviest tokens if there
 * are too many.
 */
function together(read: readonly Token[]): Token[] {
  const byId = new Map<number, Token>();
  for (const token of read) byId.set(token.id, { ...token, idf: (byId.get(token.id)?.idf ?? 0) + token.idf });
  const tokens = [...byId.values()];
  return tokens.length <= MAX_TOKENS ? tokens : tokens.sort((a, b) => b.idf - a.idf).slice(0, MAX_TOKENS);
}

/** FNV-1a, 32 bits. */
function hash(word: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < word.length; i++) value = Math.imul(value ^ word.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
