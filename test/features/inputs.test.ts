// The inputs of the models: shapes, ids and the weights of histories.

import type { ArticleRow } from '../../src/data/store/store';
import { Catalogue } from '../../src/features/catalogue';
import { HISTORY_LENGTH, type Encoder } from '../../src/features/encoder';
import { EncoderFit } from '../../src/features/encoder-fit';
import { articleInputs, customerInputs, historyInputs } from '../../src/features/inputs';
import { articleRow, customerRow } from '../support/rows';

/**
 * Articles that differ in colour, type and tags. The last article came after the encoder was
 * fitted.
 */
const ARTICLES: ArticleRow[] = Array.from({ length: 40 }, (_, i) =>
  articleRow(i + 1, {
    colour: `colour ${i % 5}`,
    category: [`type ${i % 3}`],
    attributes: { tag: [`tag ${i % 7}`, `tag ${i % 4}`].slice(0, 1 + (i % 2)) },
  }),
);
const NEW = ARTICLES.length - 1;

const encoder = fitted();
const catalogue = new Catalogue(encoder);
catalogue.put(ARTICLES);

describe('inputs of the article tower', () => {
  test('are the slot, the single-valued ids, and the multi-valued ids with weights', () => {
    const batch = articleInputs(catalogue, [3, 0, 3, NEW]);
    expect(shapesOf(batch)).toEqual({
      article_id: [4],
      article_single: [4, 2],
      'article_attributes.tag': [4, 2],
      'weights.article_attributes.tag': [4, 2],
    });
    expect([...batch.article_id.data]).toEqual([4, 1, 4, 0]);
    const { single, multi } = encoder.articles([3, 0, 3, NEW].map((i) => ARTICLES[i]));
    expect(batch.article_single.data).toEqual(single);
    expect(batch['article_attributes.tag'].data).toEqual(multi[0].ids);
    expect(batch['weights.article_attributes.tag'].data).toEqual(multi[0].weights);
  });

  test('are empty, not absent, without articles', () => {
    expect(shapesOf(articleInputs(catalogue, []))).toMatchObject({ article_id: [0], article_single: [0, 2] });
  });
});

describe('inputs of the query tower', () => {
  test('are the customer’s own columns as encoded', () => {
    const encoded = encoder.customers([customerRow(1, { age: 20 }), null, customerRow(2, { age: 59 })]);
    const batch = customerInputs(encoder.customerLayout, encoded);
    expect(shapesOf(batch)).toEqual({ customer_single: [3, 1] });
    expect([...batch.customer_single.data]).toEqual([1, 0, 16]);
  });

  test('have the shapes that the models declare, also for empty histories', () => {
    expect(shapesOf(historyInputs(catalogue, [[0], [], [1, 2, 3]]))).toEqual({
      last_id: [3],
      history_id: [3, HISTORY_LENGTH],
      history_id_weights: [3, HISTORY_LENGTH],
      history_single: [3, 2, HISTORY_LENGTH],
      'weights.history_single': [3, 2, HISTORY_LENGTH],
      'history_attributes.tag': [3, HISTORY_LENGTH * 2],
      'weights.history_attributes.tag': [3, HISTORY_LENGTH * 2],
    });
  });

  test('hold the history newest first, and the newest purchase by itself', () => {
    const batch = historyInputs(catalogue, [[5, 2, NEW, 5]]);
    expect([...batch.last_id.data]).toEqual([6]);
    expect([...batch.history_id.data].slice(0, 5)).toEqual([6, 3, 0, 6, 0]);
    const { single } = encoder.articles([5, 2, NEW, 5].map((i) => ARTICLES[i]));
    // [single, HISTORY_LENGTH]: first all types of the history, then all colours.
    for (const feature of [0, 1]) {
      const from = feature * HISTORY_LENGTH;
      expect([...batch.history_single.data].slice(from, from + 5)).toEqual([
        ...[0, 1, 2, 3].map((h) => single[h * 2 + feature]),
        0,
      ]);
    }
  });

  test.each([1, 2, 7, HISTORY_LENGTH])('have weights for a history of %i that fall with age and sum to 1', (length) => {
    const batch = historyInputs(catalogue, [Array.from({ length }, (_, i) => i)]);
    const weights = [...batch.history_id_weights.data];
    expect(sum(weights)).toBeCloseTo(1, 5);
    for (let h = 1; h < length; h++) {
      expect(weights[h]).toBeLessThan(weights[h - 1]);
      expect(weights[h]).toBeGreaterThan(0);
    }
    expect(weights.slice(length).every((weight) => weight === 0)).toBe(true);
    // All columns have the same weights. The values of a multi-valued column share their purchase's
    // weight.
    expect([...batch['weights.history_single'].data]).toEqual([...weights, ...weights]);
    const tags = batch['weights.history_attributes.tag'].data;
    weights.forEach((weight, h) => expect(tags[h * 2] + tags[h * 2 + 1]).toBeCloseTo(weight, 6));
  });

  test('are all zeros for an empty history', () => {
    const batch = historyInputs(catalogue, [[], [1]]);
    const alone = historyInputs(catalogue, [[]]);
    for (const { data } of Object.values(alone)) expect([...data].every((value) => value === 0)).toBe(true);
    expect(sum(batch.history_id_weights.data.subarray(0, HISTORY_LENGTH))).toBe(0);
  });

  test('read no more than HISTORY_LENGTH purchases', () => {
    const long = Array.from({ length: HISTORY_LENGTH + 10 }, (_, i) => i);
    expect(historyInputs(catalogue, [long])).toEqual(historyInputs(catalogue, [long.slice(0, HISTORY_LENGTH)]));
  });

  test('are the same for many customers as for each alone', () => {
    const histories = [[4, 5, 6], [], [NEW], Array.from({ length: 30 }, (_, i) => i)];
    const together = historyInputs(catalogue, histories);
    histories.forEach((history, r) => {
      for (const [name, { data }] of Object.entries(historyInputs(catalogue, [history]))) {
        expect(together[name].data.subarray(r * data.length, (r + 1) * data.length)).toEqual(data);
      }
    });
  });

  test('keep columns apart if one has a name like the weights of the other', () => {
    const rows = [1, 2, 3, 4].map((key) => {
      const attributes = { tag: ['soap', 'hand'].slice(key % 2), tag_weights: ['heavy', 'light'].slice(key >> 2) };
      return articleRow(key, { attributes });
    });
    const fit = new EncoderFit();
    fit.addArticles(rows);
    const other = new Catalogue(fit.finish([]));
    other.put(rows);
    // Four inputs are for the two columns, and one is for the article's own slot.
    expect(Object.keys(articleInputs(other, [0, 1]))).toHaveLength(5);
  });
});

function fitted(): Encoder {
  const fit = new EncoderFit();
  fit.addArticles(ARTICLES);
  fit.addCustomers(Array.from({ length: 40 }, (_, i) => customerRow(i, { age: 20 + i })));
  return fit.finish(ARTICLES.slice(0, NEW).map(({ id }) => id));
}

function shapesOf(batch: Readonly<Record<string, { shape: readonly number[]; data: ArrayLike<number> }>>) {
  return Object.fromEntries(
    Object.entries(batch).map(([name, { data, shape }]) => {
      expect(data).toHaveLength(shape.reduce((product, size) => product * size, 1));
      return [name, shape];
    }),
  );
}

function sum(values: ArrayLike<number>): number {
  return Array.from(values).reduce((total, value) => total + value, 0);
}
