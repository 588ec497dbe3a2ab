// Reads a word of a search as the words of the catalogue that it may stand for. People mistype
// words, give them other endings, or do not type them to the end (a noisy channel; Kernighan,
// Church and Gale, COLING 1990). Only letters and frequencies are compared, so this works for any
// alphabet.

import { isUnspaced } from './words';

export interface Reading {
  /** The word's index in the vocabulary. */
  readonly place: number;
  /**
   * The chance that this word is meant. The shares sum to 1 for a word of the catalogue. For other
   * words the sum gets smaller with each slip, since the shop may have nothing of the kind.
   */
  readonly share: number;
}

export interface Spelling {
  /** Returns readings, the likeliest first; none if no word is near. */
  read(word: string): readonly Reading[];
}

/** Maximum number of readings of a word. */
const READINGS = 3;
/** Minimum share of a reading. */
const LIKELY = 0.1;
/** Only the words that share the most pairs of letters are compared letter by letter. */
const CANDIDATES = 256;
/** Shorter words are only read as themselves, since too many words are near. */
const SHORTEST = 3;
/** Maximum number of slips for each letter of the shorter word. */
const SLIPS_A_LETTER = 0.34;
/** An extra or missing letter at the end counts as this fraction of a slip. */
const ENDING = 0.3;
/** Each slip makes a reading less likely by the factor e to this power. */
const DOUBT = 4;
/** The shares of a word outside the catalogue sum to 1 / (1 + STRANGE · slips of the likeliest). */
const STRANGE = 0.5;
/** Minimum share that a word of the catalogue keeps for itself. */
const ITSELF = 0.5;
/** A word in more than this share of the articles is a reading only if no other word is near. */
const COMMON = 0.5;

/** @param vocabulary words, with the number of articles that have them */
export function openSpelling(
  vocabulary: readonly (readonly [word: string, count: number])[],
  articles: number,
): Spelling {
  const letters = vocabulary.map(([word]) => Array.from(word));
  const holders = new Map<string, number[]>();
  letters.forEach((word, place) => {
    if (word.length < SHORTEST) return;
    for (const pair of new Set(pairsOf(word))) {
      const list = holders.get(pair);
      if (list) list.push(place);
      else holders.set(pair, [place]);
    }
  });
  const places = new Map(vocabulary.map(([word], place) => [word, place]));
  /** [vocabulary] pairs of letters shared with the word being read; all 0 between two reads. */
  const shared = new Uint16Array(vocabulary.length);

  /** Frequent words are meant more often, but not in proportion. */
  const weightOf = (place: number): number => Math.sqrt(vocabulary[place][1]);

  /** The words that share the most pairs of letters. */
  function candidates(word: readonly string[]): number[] {
    const found: number[] = [];
    const pairs = new Set(pairsOf(word));
    for (const pair of pairs) {
      for (const place of holders.get(pair) ?? []) {
        if (shared[place] === 0) found.push(place);
        shared[place] += 1;
      }
    }
    // A counting sort: there are thousands of words, but few different counts of shared pairs.
    const sharing = Array.from({ length: pairs.size + 1 }, () => [] as number[]);
    for (const place of found) {
      sharing[shared[place]].push(place);
      shared[place] = 0;
    }
    const best: number[] = [];
    for (let count = pairs.size; count > 0 && best.length < CANDIDATES; count--) {
      best.push(...sharing[count].sort((a, b) => a - b).slice(0, CANDIDATES - best.length));
    }
    return best;
  }

  return {
    read(text) {
      const own = places.get(text);
      const word = Array.from(text);
      if (isUnspaced(text) && (word.length === 1 || own === undefined)) return readingsWithin(text, vocabulary);
      // Pairs of characters and numbers are read only as themselves.
      if (word.length < SHORTEST || /\p{N}/u.test(text) || isUnspaced(text))
        return own === undefined ? [] : [{ place: own, share: 1 }];
      const near = candidates(word)
        .filter((place) => place !== own)
        .map((place) => ({ place, slips: slipsBetween(word, letters[place]) }))
        .filter(({ place, slips }) => slips <= SLIPS_A_LETTER * Math.min(word.length, letters[place].length))
        .map(({ place, slips }) => ({ place, slips, weight: weightOf(place) * Math.exp(-DOUBT * slips) }))
        .sort((a, b) => b.weight - a.weight || a.place - b.place);
      const telling = near.filter(({ place }) => vocabulary[place][1] <= COMMON * articles);
      if (own === undefined) {
        const meant = (telling.length > 0 ? telling : near).slice(0, READINGS);
        return shares(meant, 1 / (1 + STRANGE * (meant.at(0)?.slips ?? 0)));
      }
      const others = telling.slice(0, READINGS - 1);
      const itself = { place: own, weight: Math.max(weightOf(own), (sum(others) * ITSELF) / (1 - ITSELF)) };
      return shares([itself, ...others]);
    },
  };
}

/** A character of a script without spaces stands within pairs, which are the words there. */
function readingsWithin(text: string, vocabulary: readonly (readonly [word: string, count: number])[]): Reading[] {
  const holding = vocabulary
    .map(([word, count], place) => ({
      place,
      weight: Math.sqrt(count),
      holds: isUnspaced(word) && word.includes(text),
    }))
    .filter(({ holds }) => holds)
    .sort((a, b) => b.weight - a.weight || a.place - b.place);
  return shares(holding.slice(0, READINGS));
}

/** Drops unlikely readings. The shares of the remaining readings sum to `whole`. */
function shares(weighted: readonly { readonly place: number; readonly weight: number }[], whole = 1): Reading[] {
  const all = sum(weighted);
  const kept = weighted.filter(({ weight }) => weight >= LIKELY * all);
  const total = sum(kept);
  return kept.map(({ place, weight }) => ({ place, share: (whole * weight) / total }));
}

function sum(weighted: readonly { readonly weight: number }[]): number {
  return weighted.reduce((total, { weight }) => total + weight, 0);
}

/**
 * Pairs of neighbouring letters, and the first letter. The last letter alone is left out, since
 * endings vary.
 */
function pairsOf(word: readonly string[]): string[] {
  return word.map((letter, i) => `${word[i - 1] ?? ''}${letter}`);
}

/**
 * The number of slips from one word to another: a letter added, missing or wrong, or two swapped
 * (Damerau–Levenshtein; each pair is swapped at most once). Extra letters at the end of either word
 * cost less.
 */
export function slipsBetween(word: readonly string[], other: readonly string[]): number {
  const width = other.length + 1;
  // slips[i · width + j] is the number of slips from the first i letters of `word` to the first j
  // letters of `other`.
  const slips = new Float32Array((word.length + 1) * width);
  for (let i = 0; i <= word.length; i++) {
    for (let j = 0; j <= other.length; j++) {
      const at = i * width + j;
      if (i === 0 || j === 0) {
        slips[at] = i + j;
        continue;
      }
      const same = word[i - 1] === other[j - 1] ? 0 : 1;
      let least = Math.min(
        slips[at - width - 1] + same,
        slips[at - width] + (j === other.length ? ENDING : 1),
        slips[at - 1] + (i === word.length ? ENDING : 1),
      );
      if (i > 1 && j > 1 && word[i - 1] === other[j - 2] && word[i - 2] === other[j - 1]) {
        least = Math.min(least, slips[at - 2 * width - 2] + 1);
      }
      slips[at] = least;
    }
  }
  return slips[slips.length - 1];
}
