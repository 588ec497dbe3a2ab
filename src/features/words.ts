// Cuts texts into words, in any script. Scripts that are written without spaces have no words to
// find, so they are cut into pairs of characters, as search engines do (CJK bigrams).

/**
 * Words and numbers in lower case. `size_42` is one word. A run of a script without spaces gives
 * its overlapping pairs of characters, or the character if it stands alone.
 */
export function words(text: string): string[] {
  const found = text.normalize('NFC').toLowerCase().match(WORD) ?? [];
  return found.flatMap((word) => (HAS_UNSPACED.test(word) ? (word.match(RUNS) ?? []).flatMap(pairsOf) : word));
}

/** Whether a word is of a script that is written without spaces. */
export function isUnspaced(word: string): boolean {
  return HAS_UNSPACED.test(word);
}

const WORD = /[\p{L}\p{M}\p{N}_]+/gu;
const UNSPACED = ['Han', 'Hiragana', 'Katakana', 'Thai', 'Lao', 'Khmer', 'Myanmar']
  .map((script) => `\\p{Script_Extensions=${script}}`)
  .join('');
const HAS_UNSPACED = new RegExp(`[${UNSPACED}]`, 'u');
/** Runs of these scripts, and what stands between them. */
const RUNS = new RegExp(`[${UNSPACED}]+|[^${UNSPACED}]+`, 'gu');
/** A character with the vowel signs and tone marks that belong to it. */
const CHARACTER = /\P{M}\p{M}*|\p{M}+/gu;

function pairsOf(run: string): string[] {
  if (!HAS_UNSPACED.test(run)) return [run];
  const characters = run.match(CHARACTER) ?? [];
  if (characters.length === 1) return [run];
  return characters.slice(1).map((character, i) => characters[i] + character);
}
