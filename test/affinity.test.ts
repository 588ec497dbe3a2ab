// How articles' attributes fit what a customer bought: by hand, and against the plain formula over random shops.
import { Affinity, attributeShares } from '../src/features/affinity';
import { Catalogue } from '../src/features/catalogue';
import { EncoderFit } from '../src/features/encoder';
import { createRandom } from '../src/random';
import { articleRow } from './rows';

const COLOURS = ['red', 'red', 'red', 'blue', 'blue'];
const TAGS = [['a'], ['a', 'b'], ['b'], ['b'], ['c', 'a']];
const rows = COLOURS.map((colourGroupName, i) =>
  articleRow(101 + i, { colourGroupName, attributes: { tags: TAGS[i] } }),
);

function catalogueOf(): Catalogue {
  const fit = new EncoderFit();
  fit.addArticles([...rows, ...rows]);
  const catalogue = new Catalogue(fit.finish([]));
  catalogue.put(rows);
  return catalogue;
}

const catalogue = catalogueOf();
const names = [...catalogue.layout.single, ...catalogue.layout.multi.map(({ name }) => name)];
const colour = names.indexOf('colour_group');
const bought = (...articles: number[]) => articles.map((article, i) => ({ article, at: 1_000 - i }));

function fitOf(past: number[], article: number, units: number[]): { values: Float32Array; means: readonly number[] } {
  const affinity = new Affinity(catalogue, attributeShares(catalogue, [units]));
  const values = new Float32Array(affinity.width);
  const means = affinity.of(bought(...past), 0)(article, values, 0);
  return { values, means };
}

test('a share of a value is that of all units sold that had it', () => {
  const shares = attributeShares(catalogue, [[6, 2, 0, 1, 0]]);
  const found = new Map<number, number>();
  catalogue.forEachValue(0, (attribute, slot) => found.set(attribute, shares[slot]));
  expect(found.get(colour)).toBeCloseTo((8 + 1) / (9 + 1), 6);
});

test('nothing is said of a customer without purchases', () => {
  const { values, means } = fitOf([], 0, [6, 2, 0, 1, 0]);
  expect([...values].every((value) => value === 0)).toBe(true);
  expect(means).toEqual([0, 0]);
});

test('an article of the colour that was bought fits, one of another does not, and rare colours say more', () => {
  const units = [5, 3, 1, 1, 0];
  const fit = (past: number, article: number): number => fitOf([past], article, units).values[colour];
  expect(fit(0, 2)).toBeGreaterThan(0);
  expect(fit(0, 3)).toBeLessThan(0);
  expect(fit(3, 4)).toBeGreaterThan(fit(0, 2));
});

test('of a newcomer the peers speak, and the less the more the customer has bought', () => {
  // The first group buys blue, the second what everybody does.
  const units = [
    [500, 300, 100, 50, 50],
    [0, 0, 0, 400, 400],
    [500, 300, 100, 50, 50],
  ];
  const affinity = new Affinity(catalogue, attributeShares(catalogue, units));
  const blue = (group: number, past: number[]): number => {
    const out = new Float32Array(affinity.width);
    affinity.of(bought(...past), group)(3, out, 0);
    return out[colour];
  };
  expect(blue(0, [])).toBeGreaterThan(0.5);
  expect(blue(1, [])).toBeCloseTo(0, 2);
  expect(blue(7, [])).toBe(0);
  expect(blue(0, Array<number>(50).fill(0))).toBeLessThan(0);
});

test('lately counts the latest most', () => {
  const lately = colour + names.length;
  const units = [2, 2, 2, 2, 2];
  const [before, after] = [fitOf([0, 3], 4, units), fitOf([3, 0], 4, units)];
  expect(before.values[colour]).toBeCloseTo(after.values[colour], 6);
  expect(after.values[lately]).toBeGreaterThan(before.values[lately]);
});

test('is the logarithm of the lift, a third of it, for one customer after the other', () => {
  const random = createRandom(5);
  const units = [4, 3, 2, 1, 1];
  const shares = attributeShares(catalogue, [units]);
  const affinity = new Affinity(catalogue, shares);
  const valuesOf = (article: number): [number, number, number][] => {
    const all: [number, number, number][] = [];
    catalogue.forEachValue(article, (attribute, slot, weight) => all.push([attribute, slot, weight]));
    return all;
  };
  for (let round = 0; round < 50; round++) {
    const past = Array.from({ length: random.int(12) }, () => random.int(rows.length));
    const article = random.int(rows.length);
    const out = new Float32Array(affinity.width);
    const [ever] = affinity.of(bought(...past), 0)(article, out, 0);
    const expected = new Float64Array(names.length);
    for (const [attribute, slot, weight] of valuesOf(article)) {
      const count = past
        .flatMap(valuesOf)
        .filter(([, other]) => other === slot)
        .reduce((sum, [, , part]) => sum + part, 0);
      const lift = (count + 4 * shares[slot]) / ((past.length + 4) * shares[slot]);
      expected[attribute] += (weight * Math.log(lift)) / 3;
    }
    expected.forEach((value, attribute) => {
      expect(out[attribute]).toBeCloseTo(value, 4);
    });
    expect(ever).toBeCloseTo(expected.reduce((sum, value) => sum + value, 0) / names.length, 4);
  }
});
