// How well articles' attributes fit a customer's purchases: values worked by hand, and comparisons
// with the plain formula over random shops.
import { Affinity } from '../../src/ranking/affinity';
import { attributeShares } from '../../src/statistics/attribute-shares';
import { Catalogue } from '../../src/features/catalogue';
import { EncoderFit } from '../../src/features/encoder-fit';
import { createRandom } from '../../src/random';
import type { ValueLifts } from '../../src/statistics/habits';
import { articleRow, noLifts } from '../support/rows';
import { DAY } from '../../src/time';

const COLOURS = ['red', 'red', 'red', 'blue', 'blue'];
const TAGS = [['a'], ['a', 'b'], ['b'], ['b'], ['c', 'a']];
const rows = COLOURS.map((colour, i) => articleRow(101 + i, { colour, attributes: { tags: TAGS[i] } }));

function catalogueOf(): Catalogue {
  const fit = new EncoderFit();
  fit.addArticles([...rows, ...rows]);
  const catalogue = new Catalogue(fit.finish([]));
  catalogue.put(rows);
  return catalogue;
}

const catalogue = catalogueOf();
const names = [...catalogue.layout.single, ...catalogue.layout.multi.map(({ name }) => name)];
const colour = names.indexOf('colour');
const NOW = 1_600_000_000;
const bought = (...articles: number[]) => articles.map((article, i) => ({ article, at: NOW - i }));

/** @param month customers who bought each article within the month before the moment */
const momentOf = (...month: number[]) => ({
  now: NOW,
  sales: { week: new Float32Array(rows.length), month: Float32Array.from({ length: 5 }, (_, i) => month.at(i) ?? 0) },
});
const timeless = { ...momentOf(), timeless: true } as const;

function fitOf(
  history: readonly number[] | ReturnType<typeof bought>,
  article: number,
  units: number[],
  moment: Parameters<Affinity['of']>[2] = momentOf(),
): { values: Float32Array; means: readonly number[] } {
  const affinity = new Affinity(catalogue, attributeShares(catalogue, [units]), noLifts(catalogue.layout));
  const values = new Float32Array(affinity.width);
  const purchases = history.map((one, i) => (typeof one === 'number' ? { article: one, at: NOW - i } : one));
  const means = affinity.of(purchases, 0, moment)(article, values, 0);
  return { values, means };
}

test('the share of a value is the share of the sold units that had it', () => {
  const shares = attributeShares(catalogue, [[6, 2, 0, 1, 0]]);
  const found = new Map<number, number>();
  catalogue.forEachValue(0, (attribute, slot) => found.set(attribute, shares[slot]));
  expect(found.get(colour)).toBeCloseTo((8 + 1) / (9 + 1), 6);
});

test('everything is 0 for a customer without purchases', () => {
  const { values, means } = fitOf([], 0, [6, 2, 0, 1, 0]);
  expect([...values].every((value) => value === 0)).toBe(true);
  expect(means).toEqual([0, 0, 0, 0]);
});

test('an article of a bought colour fits, another does not, and rare colours say more', () => {
  const units = [5, 3, 1, 1, 0];
  const fit = (history: number, article: number): number => fitOf([history], article, units).values[colour];
  expect(fit(0, 2)).toBeGreaterThan(0);
  expect(fit(0, 3)).toBeLessThan(0);
  expect(fit(3, 4)).toBeGreaterThan(fit(0, 2));
});

test('the peers speak for a cold customer, and less the more a customer has bought', () => {
  // The first group buys blue, and the second group buys the same mix as all customers.
  const units = [
    [500, 300, 100, 50, 50],
    [0, 0, 0, 400, 400],
    [500, 300, 100, 50, 50],
  ];
  const affinity = new Affinity(catalogue, attributeShares(catalogue, units), noLifts(catalogue.layout));
  const blue = (group: number, history: number[]): number => {
    const out = new Float32Array(affinity.width);
    affinity.of(bought(...history), group, momentOf())(3, out, 0);
    return out[colour];
  };
  expect(blue(0, [])).toBeGreaterThan(0.5);
  expect(blue(1, [])).toBeCloseTo(0, 2);
  expect(blue(7, [])).toBe(0);
  expect(blue(0, Array<number>(50).fill(0))).toBeLessThan(0);
});

test('in the recent fit, an older purchase counts less, and purchases of long ago count nothing', () => {
  const lately = colour + names.length;
  const units = [2, 2, 2, 2, 2];
  const days = (blue: number, red: number) =>
    fitOf(
      [
        { article: 3, at: NOW - blue * DAY },
        { article: 0, at: NOW - red * DAY },
      ],
      4,
      units,
    ).values;
  expect(days(1, 90)[colour]).toBeCloseTo(days(90, 1)[colour], 6);
  expect(days(1, 90)[lately]).toBeGreaterThan(days(1, 1)[lately]);
  expect(days(1, 1)[lately]).toBeGreaterThan(days(90, 1)[lately]);
  expect(days(1, 1)[lately]).toBeCloseTo(days(1, 1)[colour], 2);
  expect(days(3_000, 3_000)[lately]).toBeCloseTo(0, 6);
});

test('without times, the recent fit gives the latest purchase the most weight', () => {
  const lately = colour + names.length;
  const units = [2, 2, 2, 2, 2];
  const [before, after] = [fitOf([0, 3], 4, units, timeless), fitOf([3, 0], 4, units, timeless)];
  expect(before.values[colour]).toBeCloseTo(after.values[colour], 6);
  expect(after.values[lately]).toBeGreaterThan(before.values[lately]);
});

test('the season is how much more of a value sells now than ever, for every customer', () => {
  const season = colour + 3 * names.length;
  const units = [500, 300, 100, 50, 50];
  const blues = momentOf(0, 0, 0, 6_000, 6_000);
  const said = fitOf([], 3, units, blues).values;
  // A tenth of all sales of all time was blue. All sales of the month are blue, apart from the
  // borrowed sales.
  expect(said[season]).toBeCloseTo(Math.log((12_000 + 20) / (12_000 * 0.1 + 20)) / 3, 2);
  expect(fitOf([0, 1], 3, units, blues).values[season]).toBe(said[season]);
  expect(fitOf([], 0, units, blues).values[season]).toBeLessThan(-1);
  expect(fitOf([], 3, units, blues).means[3]).toBeCloseTo(
    [...said.subarray(3 * names.length)].reduce((sum, value) => sum + value, 0) / names.length,
    5,
  );
});

test('the season is about 0 for seldom sold values, for later articles, and in a month with next to no sales', () => {
  const season = colour + 3 * names.length;
  const said = (units: number[], article: number, moment: Parameters<Affinity['of']>[2]) =>
    fitOf([], article, units, moment).values[season];
  // In all time, 100,000 pieces of red and three of blue were sold. Among 4,000 customers of the
  // month, an eighth of a customer is expected to buy blue.
  for (const blue of [0, 1]) {
    expect(Math.abs(said([100_000, 0, 0, 3, 0], 3, momentOf(4_000, 0, 0, blue)))).toBeLessThan(0.02);
  }
  expect(Math.abs(said([500, 300, 100, 50, 50], 3, momentOf(0, 0, 0, 1)))).toBeLessThan(0.02);
  const short = { ...momentOf(), sales: { week: new Float32Array(2), month: Float32Array.of(900, 0) } };
  expect(said([500, 300, 100, 50, 50], 3, short)).toBeLessThan(-0.4);
});

test('each moment has its own season', () => {
  const affinity = new Affinity(catalogue, attributeShares(catalogue, [[1, 1, 1, 1, 1]]), noLifts(catalogue.layout));
  const blue = (moment: Parameters<Affinity['of']>[2]): number => {
    const out = new Float32Array(affinity.width);
    affinity.of([], 0, moment)(3, out, 0);
    return out[colour + 3 * names.length];
  };
  const [reds, blues] = [momentOf(900, 0, 0, 0, 0), momentOf(0, 0, 0, 900, 0)];
  expect([blue(reds), blue(blues), blue(reds)].map(Math.sign)).toEqual([-1, 1, -1]);
});

test('the fit is a third of the log lift, also when one instance serves many customers in turn', () => {
  const random = createRandom(5);
  const units = [4, 3, 2, 1, 1];
  const shares = attributeShares(catalogue, [units]);
  const affinity = new Affinity(catalogue, shares, noLifts(catalogue.layout));
  const valuesOf = (article: number): [number, number, number][] => {
    const all: [number, number, number][] = [];
    catalogue.forEachValue(article, (attribute, slot, weight) => all.push([attribute, slot, weight]));
    return all;
  };
  for (let round = 0; round < 50; round++) {
    const history = Array.from({ length: random.int(12) }, () => random.int(rows.length));
    const article = random.int(rows.length);
    const out = new Float32Array(affinity.width);
    const [ever] = affinity.of(bought(...history), 0, momentOf())(article, out, 0);
    const expected = new Float64Array(names.length);
    for (const [attribute, slot, weight] of valuesOf(article)) {
      const count = history
        .flatMap(valuesOf)
        .filter(([, other]) => other === slot)
        .reduce((sum, [, , part]) => sum + part, 0);
      const lift = (count + 4 * shares[slot]) / ((history.length + 4) * shares[slot]);
      expected[attribute] += (weight * Math.log(lift)) / 3;
    }
    expected.forEach((value, attribute) => {
      expect(out[attribute]).toBeCloseTo(value, 4);
    });
    expect(ever).toBeCloseTo(expected.reduce((sum, value) => sum + value, 0) / names.length, 4);
  }
});

test('an attribute of one value fits as if it could have many, to the last bit', () => {
  const random = createRandom(6);
  const units = [5, 4, 3, 2, 1];
  const shares = attributeShares(catalogue, [units, units.toReversed()]);
  const affinity = new Affinity(catalogue, shares, noLifts(catalogue.layout));
  const { slots } = catalogue.layout;
  for (let round = 0; round < 100; round++) {
    const history = Array.from({ length: random.int(20) }, (_, i) => ({
      article: random.int(rows.length),
      at: NOW - (7 * i + random.int(7)) * DAY,
    }));
    const moment = round % 2 === 0 ? momentOf() : timeless;
    const [article, group] = [random.int(rows.length), random.int(2)];
    // An unknown group has the mix of all customers.
    const mix = group === 0 ? shares.subarray(slots, 2 * slots) : shares;
    const [ever, lately] = [new Float32Array(slots), new Float32Array(slots)];
    let recent = 0;
    let before = 1;
    for (const one of history) {
      const weight = round % 2 === 0 ? Math.exp(-(NOW - one.at) / (60 * DAY)) : before;
      recent += weight;
      catalogue.forEachValue(one.article, (_attribute, slot, part) => {
        ever[slot] += part;
        lately[slot] += part * weight;
      });
      before *= 0.8;
    }
    const lifted = (counted: Float32Array): Float32Array =>
      counted.map((count, slot) => (count > 0 ? (1 / 3) * Math.log1p(count / (4 * mix[slot])) : 0));
    const peers = mix.map((share, slot) => (group === 0 ? (1 / 3) * Math.log(share / shares[slot]) : 0));
    const expected = [
      { said: lifted(ever), base: (1 / 3) * Math.log(4 / (history.length + 4)) },
      { said: lifted(lately), base: (1 / 3) * Math.log(4 / (recent + 4)) },
    ].map(({ said, base }) => {
      const values = new Float32Array(names.length).fill(base);
      let sum = 0;
      catalogue.forEachValue(article, (attribute, slot, part) => {
        values[attribute] += part * (peers[slot] + said[slot]);
        sum += part * (peers[slot] + said[slot]);
      });
      return { values, mean: base + sum / names.length };
    });
    const out = new Float32Array(affinity.width);
    const means = affinity.of(history, group, moment)(article, out, 0);
    expect([...out.subarray(0, 2 * names.length)]).toEqual(expected.flatMap(({ values }) => [...values]));
    expect(means.slice(0, 2)).toEqual(expected.map(({ mean }) => mean));
  }
});

describe('the fit of values that go together with the purchases', () => {
  /**
   * Draws squares of lifts for the values of every attribute. The square of the tags covers only
   * the first two tags.
   */
  function drawnLifts(): ValueLifts {
    const random = createRandom(7);
    const slotsOf = (attribute: number): number[] => {
      const slots = new Set<number>();
      rows.forEach((_row, article) => {
        catalogue.forEachValue(article, (one, slot) => one === attribute && slots.add(slot));
      });
      return [...slots].sort((a, b) => a - b);
    };
    const blocks = names.flatMap((_name, a) => [slotsOf(a)[0], Math.min(2, slotsOf(a).length)]);
    const size = blocks.reduce((sum, length, i) => sum + (i % 2 === 1 ? length ** 2 : 0), 0);
    return {
      blocks: Int32Array.from(blocks),
      excess: Float32Array.from({ length: size }, () => 2 * random.next() - 0.9),
    };
  }

  test('is a third of the logarithm of the mean lift by the bought values, with two neutral purchases added', () => {
    const lifts = drawnLifts();
    const affinity = new Affinity(catalogue, attributeShares(catalogue, [[1, 1, 1, 1, 1]]), lifts);
    const liftOf = (attribute: number, from: number, to: number): number => {
      let square = 0;
      for (let a = 0; a < attribute; a++) square += lifts.blocks[2 * a + 1] ** 2;
      const [first, size] = lifts.blocks.subarray(2 * attribute, 2 * attribute + 2);
      const [row, column] = [from - first, to - first];
      const known = row >= 0 && row < size && column >= 0 && column < size;
      return known ? 1 + lifts.excess[square + row * size + column] : 1;
    };
    const random = createRandom(8);
    for (let round = 0; round < 50; round++) {
      const history = Array.from({ length: random.int(12) }, () => random.int(rows.length));
      const article = random.int(rows.length);
      const out = new Float32Array(affinity.width);
      const [, , mean] = affinity.of(bought(...history), 0, momentOf())(article, out, 0);
      const expected = new Float64Array(names.length);
      catalogue.forEachValue(article, (attribute, to, part) => {
        let sum = 2;
        for (const one of history) {
          catalogue.forEachValue(one, (other, from, weight) => {
            if (other === attribute) sum += weight * liftOf(attribute, from, to);
          });
        }
        expected[attribute] += (part * Math.log(sum / (history.length + 2))) / 3;
      });
      expected.forEach((value, attribute) => {
        expect(out[2 * names.length + attribute]).toBeCloseTo(value, 5);
      });
      expect(mean).toBeCloseTo(expected.reduce((sum, value) => sum + value, 0) / names.length, 5);
    }
  });
});
