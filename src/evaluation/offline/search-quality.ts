// Measures searches for two attributes of an article: how many of the articles found have both? The
// words are written as the shop writes them, and with the mistakes that people make.

import type { Dataset } from '../../dataset/dataset';
import { words } from '../../features/words';
import type { Random } from '../../random';
import { meanOrZero } from '../comparison';
import { AT, PER_PRODUCT, type Method } from './similar-methods';

/** Ways to write the same two attributes. `stranger` adds a word that the shop does not have. */
export const WRITINGS = ['as written', 'ending', 'typo', 'prefix', 'stranger'] as const;
export type Writing = (typeof WRITINGS)[number];

/**
 * The number of articles among the first twelve that have both attributes, divided by the largest
 * number possible.
 */
export type SearchMeasures = Readonly<Record<Writing, number>>;

export interface SearchQuestion {
  readonly texts: Readonly<Record<Writing, string>>;
  readonly fits: (article: number) => boolean;
  /** Maximum number of fitting articles in a list of twelve. */
  readonly most: number;
}

/** A question needs at least this many articles that fit. */
const LEAST = 3;

export interface NamedColumn {
  /** [articles] */
  readonly slots: Int32Array;
  /** undefined if the value is unknown. */
  readonly nameOf: (slot: number) => string | undefined;
}

/**
 * Questions for two attributes of a random article: its `noun` (the type) and one of the others
 * (colour or pattern).
 */
export function searchQuestions(
  shop: Dataset,
  noun: NamedColumn,
  others: readonly NamedColumn[],
  count: number,
  random: Random,
): SearchQuestion[] {
  const questions: SearchQuestion[] = [];
  const { size } = shop.catalogue;
  const strangers = strangersOf([noun, ...others]);
  // Most draws give a question. If they do not, the shop has hardly anything to search for.
  for (let tries = 0; tries < 10 * count && questions.length < count && others.length > 0; tries++) {
    const article = random.int(size);
    const other = others[random.int(others.length)];
    const [first, second] = [other, noun].map(({ slots, nameOf }) => nameOf(slots[article]));
    if (first === undefined || second === undefined) continue;
    const fits = (one: number): boolean =>
      noun.slots[one] === noun.slots[article] && other.slots[one] === other.slots[article];
    const most = answersOf(shop, fits);
    if (most < LEAST) continue;
    const texts = writingsOf(words(first), words(second), strangers, random);
    questions.push({ texts, fits, most });
  }
  return questions;
}

export async function measureSearch(
  questions: readonly SearchQuestion[],
  search: NonNullable<Method['search']>,
): Promise<SearchMeasures> {
  const measured: Partial<Record<Writing, number>> = {};
  for (const writing of WRITINGS) {
    const lists = await search(questions.map(({ texts }) => texts[writing]));
    const shares = lists.map((list, q) => list.filter(questions[q].fits).length / questions[q].most);
    measured[writing] = meanOrZero(shares);
  }
  return measured as SearchMeasures;
}

/** How many fitting articles a list of twelve can hold, with the limit for each product. */
function answersOf({ catalogue }: Dataset, fits: (article: number) => boolean): number {
  const ofProduct = new Map<number, number>();
  let answers = 0;
  for (let article = 0; article < catalogue.size && answers < AT; article++) {
    if (!fits(article)) continue;
    const product = catalogue.productOf(article);
    const count = product === null ? 1 : (ofProduct.get(product) ?? 0) + 1;
    if (product !== null) ofProduct.set(product, count);
    if (count <= PER_PRODUCT) answers += 1;
  }
  return answers;
}

function writingsOf(
  first: readonly string[],
  second: readonly string[],
  strangers: Strangers,
  random: Random,
): Record<Writing, string> {
  const all = [...first, ...second];
  const last = all.length - 1;
  const withWord = (place: number, word: string): string => all.with(place, word).join(' ');
  const long = all.flatMap((word, place) => (Array.from(word).length >= 4 ? [place] : []));
  const mistaken = long.length > 0 ? long[random.int(long.length)] : last;
  return {
    'as written': all.join(' '),
    ending: withWord(last, otherEnding(all[last])),
    typo: withWord(mistaken, mistyped(all[mistaken], random)),
    prefix: withWord(last, begun(all[last])),
    stranger: [strangers(random), ...all].join(' '),
  };
}

/** Draws a word that is in none of the columns, or '' if they have too few words. */
type Strangers = (random: Random) => string;

/**
 * The words look like the shop's language: the first half of one word and the last half of another.
 */
function strangersOf(columns: readonly NamedColumn[]): Strangers {
  const known = new Set(
    columns.flatMap(({ slots, nameOf }) => [...new Set(slots)].flatMap((slot) => words(nameOf(slot) ?? ''))),
  );
  const halves = [...known].filter((word) => Array.from(word).length >= 5).sort();
  return (random) => {
    for (let tries = 0; tries < 10 && halves.length > 1; tries++) {
      const [one, other] = [0, 1].map(() => Array.from(halves[random.int(halves.length)]));
      const word = [...one.slice(0, one.length >> 1), ...other.slice(other.length >> 1)].join('');
      if (!known.has(word)) return word;
    }
    return '';
  };
}

/** Adds or removes an English plural ending. */
function otherEnding(word: string): string {
  return word.endsWith('s') ? word.slice(0, -1) : `${word}s`;
}

/** One typing error: two letters swapped, one missing, one too many, or a wrong one. */
function mistyped(word: string, random: Random): string {
  const letters = Array.from(word);
  const place = random.int(letters.length - 1);
  const letter = letters[random.int(letters.length)];
  const slips = [
    letters.with(place, letters[place + 1]).with(place + 1, letters[place]),
    letters.toSpliced(place, 1),
    letters.toSpliced(place, 0, letter),
    letters.with(place, letter),
  ];
  const changed = slips.map((slip) => slip.join('')).filter((slip) => slip !== word);
  return changed[random.int(changed.length)] ?? word;
}

/** The first three fifths of a word, at least three letters, as if it were not typed to its end. */
function begun(word: string): string {
  const letters = Array.from(word);
  return letters.slice(0, Math.max(3, Math.ceil(0.6 * letters.length))).join('');
}
