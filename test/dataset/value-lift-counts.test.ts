// Values of an attribute that go together: results worked out by hand, and a plain count of pairs
// in random shops.

import { Catalogue } from '../../src/features/catalogue';
import { EncoderFit } from '../../src/features/encoder-fit';
import { squaresOf } from '../../src/statistics/habits';
import { valueLifts } from '../../src/dataset/value-lift-counts';
import { createRandom } from '../../src/random';
import { articleRow } from '../support/rows';

/** A catalogue of articles in these colours, with these tags. */
function catalogueOf(colours: readonly string[], tags: readonly (readonly string[])[] = []): Catalogue {
  const rows = colours.map((colour, i) =>
    articleRow(i + 1, { colour, attributes: tags.length > 0 ? { tags: [...tags[i]] } : {} }),
  );
  const fit = new EncoderFit();
  fit.addArticles([...rows, ...rows]);
  const catalogue = new Catalogue(fit.finish([]));
  catalogue.put(rows);
  return catalogue;
}

function liftsOf(
  catalogue: Catalogue,
  histories: readonly (readonly number[])[],
  known = histories.map((h) => h.length),
  latest = 100,
) {
  const offsets = Int32Array.from([0, ...histories].keys(), (c) => histories.slice(0, c).flat().length);
  const shop = { customers: histories.length, offsets, article: Int32Array.from(histories.flat()), catalogue };
  return valueLifts(
    shop,
    Int32Array.from(known, (length, c) => offsets[c] + length),
    latest,
  );
}

/** The lift between the values that two articles have of the first attribute. */
function between(catalogue: Catalogue, { blocks, excess }: ReturnType<typeof valueLifts>, one: number, other: number) {
  const [first, size] = blocks;
  const [u, v] = [one, other].map((article) => catalogue.singles[article * catalogue.layout.single.length] - first);
  return excess[u * size + v];
}

const COLOURS = ['navy', 'blue', 'red', 'pink'];

test('colours that the same customers buy have high lifts, in either order', () => {
  const catalogue = catalogueOf(COLOURS);
  const lifts = liftsOf(catalogue, [
    ...Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? [0, 1] : [1, 0])),
    ...Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? [2, 3] : [3, 2])),
  ]);
  // 40 of 160 pairs are navy with blue. By chance there would be 10.
  expect(between(catalogue, lifts, 0, 1)).toBeCloseTo((40 + 20) / (10 + 20) - 1, 6);
  expect(between(catalogue, lifts, 1, 0)).toBe(between(catalogue, lifts, 0, 1));
  expect(between(catalogue, lifts, 0, 2)).toBeCloseTo(20 / (10 + 20) - 1, 6);
});

test('repeat purchases and later purchases do not count', () => {
  const catalogue = catalogueOf(COLOURS);
  const again = liftsOf(catalogue, [[0, 0, 0], [1], []]);
  expect([...again.excess].every((value) => value === 0)).toBe(true);
  const later = liftsOf(catalogue, [[0, 1]], [1]);
  expect([...later.excess].every((value) => value === 0)).toBe(true);
  const older = liftsOf(catalogue, [[0, 2, 3]], [3], 2);
  expect(between(catalogue, older, 2, 3)).toBeGreaterThan(0);
  expect(between(catalogue, older, 0, 2)).toBe(0);
});

test('buying an article many times counts like buying it once', () => {
  const catalogue = catalogueOf(COLOURS);
  const others = Array.from({ length: 50 }, () => [2, 3]);
  const once = liftsOf(catalogue, [[0, 1], ...others]);
  const often = liftsOf(catalogue, [[...Array<number>(60).fill(0), 1], ...others]);
  expect(often).toEqual(once);
});

test('a lift is the number of pairs divided by that of chance, for single- and multi-valued attributes', () => {
  const random = createRandom(3);
  const words = ['a', 'b', 'c', 'd'];
  const colours = Array.from({ length: 12 }, () => COLOURS[random.int(4)]);
  const tags = colours.map((_, i) => (i % 4 === 0 ? ['a'] : [words[random.int(2)], words[2 + random.int(2)]]));
  const catalogue = catalogueOf(colours, tags);
  const histories = Array.from({ length: 60 }, () => Array.from({ length: random.int(9) }, () => random.int(12)));
  const { blocks, excess } = liftsOf(catalogue, histories);

  const attributes = blocks.length / 2;
  expect(attributes).toBe(2);
  const squares = squaresOf(blocks);
  const pairs = new Float64Array(squares[attributes]);
  const asking = new Map<number, number>();
  let total = 0;
  for (const history of histories) {
    const articles = history.filter((one, i) => history.indexOf(one) === i);
    for (const one of articles) {
      for (const other of articles) {
        if (one === other) continue;
        const weight = 1 / (articles.length - 1);
        total += weight;
        catalogue.forEachValue(one, (a, u, part) => {
          asking.set(u, (asking.get(u) ?? 0) + weight * part);
          catalogue.forEachValue(other, (b, v, beside) => {
            const [first, size] = blocks.subarray(2 * a, 2 * a + 2);
            if (a === b) pairs[squares[a] + (u - first) * size + (v - first)] += weight * part * beside;
          });
        });
      }
    }
  }
  for (let a = 0; a < attributes; a++) {
    const [first, size] = blocks.subarray(2 * a, 2 * a + 2);
    for (let u = 0; u < size; u++) {
      for (let v = 0; v < size; v++) {
        const at = squares[a] + u * size + v;
        const chance = ((asking.get(first + u) ?? 0) * (asking.get(first + v) ?? 0)) / total;
        expect(excess[at]).toBeCloseTo((pairs[at] + 20) / (chance + 20) - 1, 5);
      }
    }
  }
});

test('only the most frequent values of an attribute count, and none if it has no values', () => {
  const many = catalogueOf(Array.from({ length: 700 }, (_, i) => `colour ${String(i % 350)}`));
  const lifts = liftsOf(many, [[0, 1, 699]]);
  // Slot 0 is for unknown values. There are none here.
  expect([...lifts.blocks]).toEqual([1, 256]);
  expect(lifts.excess).toHaveLength(256 ** 2);
  // Pairs of rare values are not counted as pairs of other values.
  const rare = [0, 1].map((i) => [...many.singles.subarray(0, 700).keys()].filter((a) => many.singles[a] > 256)[i]);
  expect(rare.every((article) => article >= 0)).toBe(true);
  expect(liftsOf(many, [rare]).excess.every((value) => value === 0)).toBe(true);

  const nothing = liftsOf(catalogueOf(['', '']), [[0, 1]]);
  expect([...nothing.blocks]).toEqual([]);
  expect(nothing.excess).toHaveLength(0);
});
