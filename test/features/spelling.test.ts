// Spelling: slips worked out by hand, and readings of words in a search.

import { openSpelling, slipsBetween } from '../../src/features/spelling';

const spelling = (vocabulary: Readonly<Record<string, number>>, articles = 10_000) => {
  const words = Object.entries(vocabulary);
  const opened = openSpelling(words, articles);
  return (word: string) => opened.read(word).map(({ place, share }) => [words[place][0], share] as const);
};
const CATALOGUE = {
  sweater: 900,
  sweatshirt: 400,
  jeans: 300,
  dress: 800,
  blue: 2_000,
  black: 2_500,
  bra: 200,
  skirt: 250,
};
const first = (word: string, vocabulary: Readonly<Record<string, number>> = CATALOGUE) =>
  spelling(vocabulary)(word)[0]?.[0];

test.each([
  ['blue', 'blue', 0],
  ['bleu', 'blue', 1],
  ['blu', 'blue', 0.3],
  ['blues', 'blue', 0.3],
  ['lue', 'blue', 1],
  ['bluue', 'blue', 1],
  ['blxe', 'blue', 1],
  ['dresses', 'dress', 0.6],
  ['', 'bra', 3],
  // One slip inside, and one letter missing at the end.
  ['jaen', 'jeans', 1.3],
])('“%s” and “%s” are %p slips apart, in both directions', (word, other, slips) => {
  expect(slipsBetween(Array.from(word), Array.from(other))).toBeCloseTo(slips, 5);
  expect(slipsBetween(Array.from(other), Array.from(word))).toBeCloseTo(slips, 5);
});

describe('a word that is not in the catalogue', () => {
  test.each([
    ['a plural', 'sweaters', 'sweater'],
    ['a word in the singular', 'jean', 'jeans'],
    ['two letters the wrong way round', 'swaeter', 'sweater'],
    ['a letter too few', 'drss', 'dress'],
    ['a letter too many', 'blaack', 'black'],
    ['another letter', 'skort', 'skirt'],
    ['the first letter slipped', 'wseater', 'sweater'],
    ['the beginning of one', 'sweatsh', 'sweatshirt'],
  ])('is read as the word that is meant: %s', (_what, word, meant) => {
    expect(first(word)).toBe(meant);
  });

  test('is read in any script', () => {
    const other = { платье: 50, юбка: 40, größe: 30, φόρεμα: 20 };
    expect(first('платья', other)).toBe('платье');
    expect(first('юбки', other)).toBe('юбка');
    expect(first('größen', other)).toBe('größe');
    expect(first('φορεμα', other)).toBe('φόρεμα');
  });

  test('has no reading if no word is near', () => {
    expect(spelling(CATALOGUE)('refrigerator')).toEqual([]);
    expect(spelling({})('dress')).toEqual([]);
  });

  test('is read as a very common word only if no other is near', () => {
    expect(spelling({ all: 9_000, ball: 20 })('balls').map(([word]) => word)).toEqual(['ball']);
    expect(first('dresses', { dress: 9_900, blue: 200 })).toBe('dress');
  });

  test('may have several readings, the likeliest first', () => {
    const readings = spelling({ shirt: 500, short: 300, shorts: 400, dress: 900 })('shrt');
    expect(readings.map(([word]) => word)).toEqual(['shirt', 'short', 'shorts']);
    expect(readings[0][1]).toBeGreaterThan(readings[1][1]);
  });

  test('counts less with each slip, for any number of readings', () => {
    const sumOf = (word: string): number =>
      spelling({ shirt: 500, short: 300, shorts: 400, jumper: 50 })(word).reduce((sum, [, share]) => sum + share, 0);
    expect(sumOf('shirt')).toBeCloseTo(1, 6);
    expect(sumOf('shrt')).toBeCloseTo(1 / 1.5, 6);
    expect(sumOf('jumpers')).toBeCloseTo(1 / 1.15, 6);
    expect(sumOf('summer')).toBeCloseTo(1 / 2, 6);
  });
});

describe('a word that is in the catalogue', () => {
  test('is only itself if no word is near', () => {
    for (const word of Object.keys(CATALOGUE)) expect(spelling(CATALOGUE)(word)).toEqual([[word, 1]]);
  });

  test('is itself first, even if a more frequent word is near', () => {
    const read = spelling({
      the: 9_000,
      all: 4_000,
      top: 3_000,
      pink: 2_000,
      cap: 1_500,
      toe: 30,
      ball: 20,
      tap: 12,
      pin: 15,
      cape: 54,
    });
    for (const word of ['toe', 'ball', 'tap', 'pin', 'cape', 'the', 'top']) {
      const [[first, share]] = read(word);
      expect([first, share >= 0.5]).toEqual([word, true]);
    }
  });

  test('may also be another word if it is very rare', () => {
    const readings = spelling({ sweater: 4_000, sweaters: 3 })('sweaters');
    expect(readings.map(([word]) => word)).toEqual(['sweaters', 'sweater']);
    expect(readings[1][1]).toBeCloseTo(0.5, 5);
  });

  test('is only itself if it is short or has a digit', () => {
    const read = spelling({ '100': 5, '1000': 5_000, xl: 3, xxl: 5_000 });
    expect(read('100')).toEqual([['100', 1]]);
    expect(read('xl')).toEqual([['xl', 1]]);
    expect(read('10')).toEqual([]);
    expect(read('x')).toEqual([]);
  });
});
