// What somebody means who searches: each word as the words of the catalogue that it may stand for,
// itself among them. One may have slipped, ended it otherwise, or not typed it to its end (a noisy
// channel, Kernighan, Church and Gale, COLING 1990). Goes by letters and by how frequent words are,
// so in any language that has letters. Knows nothing of what words mean.

/**
 * A word of the vocabulary by its place, and how likely it is meant. Shares of one word sum to 1
 * where the catalogue has it, else to less the more must have slipped: it may as well be a word of
 * which the shop has nothing.
 */
export interface Reading {
  readonly place: number;
  readonly share: number;
}

export interface Spelling {
  /** The likeliest first; none where nothing is near. */
  read(word: string): readonly Reading[];
}

/** Readings of a word at most, and how likely each is at least. */
const READINGS = 3;
const LIKELY = 0.1;
/** Words that share most pairs of letters are looked at one by one, so many. */
const CANDIDATES = 256;
/**
 * Letters that a word has at least to be read as another, or another as it: too much is near a
 * shorter one.
 */
const SHORTEST = 3;
/** Slips that are allowed, for each letter of the shorter word. */
const SLIPS_A_LETTER = 0.34;
/**
 * A letter more or less at the end is that much of a slip: endings change, and words are not typed
 * to their end.
 */
const ENDING = 0.3;
/** How much less likely a reading is with each slip, as a power of e. */
const DOUBT = 4;
/**
 * How much less a word that the catalogue does not have counts with each slip of its likeliest
 * reading: divided by 1 and that much.
 */
const STRANGE = 0.5;

/** A word that the catalogue has is itself by that share at least. */
const ITSELF = 0.5;
/**
 * A word that more articles have than that says nothing of any: it is meant only where no other is
 * near.
 */
const COMMON = 0.5;

/** @param vocabulary words and how many of the articles have them */
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
  /** Pairs of letters that each word shares with the one that is read; zeros in between. */
  const shared = new Uint16Array(vocabulary.length);

  /**
   * A frequent word is meant more often than a rare one, but not as much more often as it is said.
   */
  const weightOf = (place: number): number => Math.sqrt(vocabulary[place][1]);

  /** Those that share most pairs of letters with a word. */
  function candidates(word: readonly string[]): number[] {
    const found: number[] = [];
    const pairs = new Set(pairsOf(word));
    for (const pair of pairs) {
      for (const place of holders.get(pair) ?? []) {
        if (shared[place] === 0) found.push(place);
        shared[place] += 1;
      }
    }
    // By how many pairs they share: there are few numbers, and thousands of words.
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
      // Numbers are what they are.
      if (word.length < SHORTEST || /\p{N}/u.test(text)) return own === undefined ? [] : [{ place: own, share: 1 }];
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

/** Shares that sum to `whole`, without those that are hardly likely. */
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
 * Pairs of neighbouring letters, the beginning of the word among them. Its end is not: it may be
 * another.
 */
function pairsOf(word: readonly string[]): string[] {
  return word.map((letter, i) => `${word[i - 1] ?? ''}${letter}`);
}

/**
 * Slips of the pen from one word to another: a letter more, less or another, or two the wrong way
 * round (Damerau–Levenshtein, each pair once); what one has more at its end costs less.
 */
export function slipsBetween(word: readonly string[], other: readonly string[]): number {
  const width = other.length + 1;
  // slips[i · width + j]: from the first i letters of the one to the first j of the other
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
