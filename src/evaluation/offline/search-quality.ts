// How well a search for two attributes of an article finds articles that have both, written as the
// shop writes them and as people do. No list of questions is kept: they are made of whatever the
// shop says of its articles, drawn by the seed.
import type { Dataset } from '../../dataset/dataset';
import { words } from '../../features/text';
import type { Random } from '../../random';
import { AT, PER_PRODUCT, type Method } from './similar-methods';

/**
 * The same two attributes, written in so many ways; the last beside a word that the shop does not
 * have.
 */
export const WRITINGS = ['as written', 'ending', 'typo', 'prefix', 'stranger'] as const;
export type Writing = (typeof WRITINGS)[number];

/** Of the first twelve the share that has both attributes, of as many as could. */
export type SearchMeasures = Readonly<Record<Writing, number>>;

export interface SearchQuestion {
  readonly texts: Readonly<Record<Writing, string>>;
  readonly fits: (article: number) => boolean;
  /** How many of twelve could fit. */
  readonly most: number;
}

/** Articles that must have both attributes to ask for them. */
const LEAST = 3;

/**
 * A column of the shop: a slot of every article, and what each slot is called; undefined: not
 * known.
 */
export interface NamedColumn {
  readonly slots: Int32Array;
  readonly nameOf: (slot: number) => string | undefined;
}

/**
 * Questions for one value of `noun` (a type) and one of any of the others (a colour, a pattern), of
 * articles drawn at random; only such as have some answers.
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
  // Most draws have answers: a shop where they have not has hardly anything to search.
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
    measured[writing] = shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
  }
  return measured as SearchMeasures;
}

/** How many of the articles that fit a list of twelve could hold, few of one product. */
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

/**
 * Draws a word that the shop does not have, as far as its columns say; an empty one where they say
 * too little.
 */
type Strangers = (random: Random) => string;

/** As words of its language look: the beginning of one that it has with the end of another. */
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

/**
 * A plural as English has it, or none where there is one: in other languages simply another ending.
 */
function otherEnding(word: string): string {
  return word.endsWith('s') ? word.slice(0, -1) : `${word}s`;
}

/**
 * One slip of the pen: two letters the wrong way round, one too few, one too many, or one in place
 * of another.
 */
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

/**
 * As much of a word as somebody has typed who is not done: three fifths, three letters at least.
 */
function begun(word: string): string {
  const letters = Array.from(word);
  return letters.slice(0, Math.max(3, Math.ceil(0.6 * letters.length))).join('');
}
