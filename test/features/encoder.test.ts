// The encoder: how it learns the columns of a shop, and how it encodes values that are new to it.

import type { ArticleRow, CustomerRow } from '../../src/data/store/store';
import { noteAttributes, withAttributes } from '../../src/features/columns';
import { openEncoder, VOCABULARIES, type EncodedRows, type Encoder, type Layout } from '../../src/features/encoder';
import { EncoderFit } from '../../src/features/encoder-fit';
import { createRandom } from '../../src/random';
import { articleRow, customerRow, randomArticle, randomCustomer } from '../support/rows';
import { sum } from '../../src/numbers';

function encoderOf(articles: readonly ArticleRow[], customers: readonly CustomerRow[] = [], ids?: string[]): Encoder {
  const fit = new EncoderFit();
  fit.addArticles(articles);
  fit.addCustomers(customers);
  return fit.finish(ids ?? articles.map(({ id }) => id));
}

/** Articles of these colours, with keys from 1. */
const coloured = (...colours: (string | null)[]): ArticleRow[] =>
  colours.map((colour, i) => articleRow(i + 1, { colour }));
const tagged = (...tags: string[][]): ArticleRow[] => tags.map((tag, i) => articleRow(i + 1, { attributes: { tag } }));
const aged = (...ages: (number | null)[]): CustomerRow[] => ages.map((age, i) => customerRow(i + 1, { age }));

describe('a categorical column', () => {
  test('has an id for each value, the most frequent first, and id 0 for no value', () => {
    const encoder = encoderOf(coloured('blue', 'red', 'red', 'red', 'blue', 'green', 'green', null));
    expect(encoder.articleLayout).toEqual({ single: ['colour'], multi: [], slots: 4 });
    // Blue and green are equally frequent, so their names decide.
    expect([...encoder.articles(coloured('red', 'blue', 'green', null)).single]).toEqual([1, 2, 3, 0]);
  });

  test('gives the unknown id to values that were never seen, or only once', () => {
    const encoder = encoderOf(coloured('red', 'red', 'once'));
    expect([...encoder.articles(coloured('red', 'once', 'new', '')).single]).toEqual([1, 0, 0, 0]);
  });

  test('is dropped if no value comes twice', () => {
    expect(encoderOf(coloured(null, null, '')).articleLayout).toEqual({ single: [], multi: [], slots: 1 });
    expect(encoderOf(coloured('red', 'blue')).articleLayout.single).toEqual([]);
  });

  test('has a block of ids with an unknown id of its own', () => {
    const rows = [1, 2, 3].map((key) =>
      articleRow(key, { brand: key < 3 ? 'acme' : null, colour: key > 1 ? 'red' : null }),
    );
    const encoder = encoderOf(rows);
    expect(encoder.articleLayout).toEqual({ single: ['brand', 'colour'], multi: [], slots: 4 });
    expect([...encoder.articles([rows[1], articleRow(9)]).single]).toEqual([1, 3, 0, 2]);
  });
});

describe('a numeric column', () => {
  const ages = Array.from({ length: 64 }, (_, i) => 16 + i);
  const encoder = encoderOf([], aged(...ages));
  const bucketsOf = (...values: (number | null)[]) => [...encoder.customers(aged(...values)).single];

  test('falls into sixteen buckets of equal size, in order', () => {
    expect(encoder.customerLayout).toEqual({ single: ['age'], multi: [], slots: 17 });
    const buckets = bucketsOf(...ages);
    expect(buckets).toEqual([...buckets].sort((a, b) => a - b));
    for (let bucket = 1; bucket <= 16; bucket++) expect(buckets.filter((one) => one === bucket)).toHaveLength(4);
  });

  test('gives bucket 0 to a missing value', () => {
    expect(bucketsOf(null, Number.NaN, Infinity)).toEqual([0, 0, 0]);
  });

  test('puts numbers outside the known range into the first or last bucket', () => {
    expect(bucketsOf(-5, 0, 200)).toEqual([1, 1, 16]);
  });

  test('never separates equal numbers, so repeated values give fewer buckets', () => {
    const few = encoderOf([], aged(...Array<number>(30).fill(20), ...Array<number>(30).fill(30)));
    expect(few.customerLayout.slots).toBe(3);
    expect([...few.customers(aged(20, 25, 30, null)).single]).toEqual([1, 1, 2, 0]);
  });

  test('is dropped if all its values are equal', () => {
    expect(encoderOf([], aged(30, 30, 30, null)).customerLayout.single).toEqual([]);
    expect(encoderOf([], aged(30)).customerLayout.single).toEqual([]);
  });
});

describe('the further attributes of a shop', () => {
  test('become categories if they are lists or flags, and buckets if they are numbers; texts do not', () => {
    const tags = [['soap', 'hand'], ['soap', 'hand'], ['soap'], ['hand']];
    const rows = tags.map((tag, i) =>
      articleRow(i + 1, { attributes: { tag, weight: i, note: 'text', vegan: i % 2 === 0 } }),
    );
    const encoder = encoderOf(rows);
    expect(encoder.articleLayout.single).toEqual(['attributes.vegan', 'attributes.weight']);
    expect(encoder.articleLayout.multi).toEqual([{ name: 'attributes.tag', width: 2 }]);
    expect(encoder.slotNames('article_fields')).toEqual(
      expect.arrayContaining(['["attributes.vegan","no"]', '["attributes.vegan","yes"]']),
    );
  });

  test('share the weight 1 among their known values', () => {
    const encoder = encoderOf(tagged(['soap', 'hand', 'bath'], ['soap', 'hand', 'bath'], ['soap']));
    expect(encoder.articleLayout).toMatchObject({ multi: [{ width: 3 }], slots: 4 });
    const { ids, weights } = encoder.articles(tagged(['bath', 'new', 'soap'], ['soap'], ['new'], [])).multi[0];
    expect([...ids]).toEqual([2, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect([...weights]).toEqual([0.5, 0.5, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0]);
  });

  test('count a repeated value of a row once', () => {
    const encoder = encoderOf(tagged(['soap', 'hand'], ['soap', 'hand'], []));
    expect([...encoder.articles(tagged(['soap', 'soap'])).multi[0].weights]).toEqual([1, 0]);
  });

  test('are one id each if no row has more than one value', () => {
    const encoder = encoderOf(tagged(['acme'], ['acme'], []));
    expect(encoder.articleLayout).toEqual({ single: ['attributes.tag'], multi: [], slots: 2 });
    expect([...encoder.articles(tagged(['acme'], ['other'], [])).single]).toEqual([1, 0, 0]);
  });

  test('are cut if a row has too many values', () => {
    const many = Array.from({ length: 40 }, (_, i) => `tag ${i}`);
    const encoder = encoderOf(tagged(many, many, []));
    expect(encoder.articleLayout.multi).toEqual([{ name: 'attributes.tag', width: 16 }]);
    expect(sum(encoder.articles(tagged(many)).multi[0].weights)).toBeCloseTo(1, 6);
  });

  test('are read for customers too', () => {
    const customers = [1, 2, 3].map((key) =>
      customerRow(key, { attributes: { plan: key < 3 ? ['gold'] : [], visits: key } }),
    );
    expect(encoderOf([], customers).customerLayout.single).toEqual(['attributes.plan', 'attributes.visits']);
  });

  test('are found in any order, and only in rows whose attributes are an object', () => {
    const kinds = new Map<string, 'categories' | 'numeric'>();
    for (const attributes of [{ b: 1, a: ['x'] }, null, 'text', [1, 2]]) {
      noteAttributes(articleRow(1, { attributes }), kinds);
    }
    expect(withAttributes([], kinds).map(({ name, kind }) => [name, kind])).toEqual([
      ['attributes.a', 'categories'],
      ['attributes.b', 'numeric'],
    ]);
  });

  test('may be a number in one row and a list in others, in any order of the rows', () => {
    const rows = [
      articleRow(1, { attributes: { size: 38 } }),
      ...[2, 3].map((key) => articleRow(key, { attributes: { size: ['M'] } })),
    ];
    expect(encoderOf(rows, [], []).toJSON()).toEqual(encoderOf([...rows].reverse(), [], []).toJSON());
  });
});

describe('an encoder', () => {
  const random = createRandom(17);
  const articles = Array.from({ length: 200 }, (_, i) => randomArticle(i + 1, random));
  const customers = Array.from({ length: 200 }, (_, i) => randomCustomer(i + 1, random));
  const ids = articles.slice(0, 150).map(({ id }) => id);
  const encoder = encoderOf(articles, customers, ids);
  // These rows have values that the encoder was not fitted on.
  const newArticles = Array.from({ length: 100 }, (_, i) => randomArticle(i + 1_000, random, 30));
  const newCustomers = Array.from({ length: 100 }, (_, i) => randomCustomer(i + 1_000, random, 30));

  test('has the same fingerprint for any order of the rows, and for any parts', () => {
    const fit = new EncoderFit();
    for (const row of [...articles].reverse()) fit.addArticles([row]);
    for (const row of [...customers].reverse()) fit.addCustomers([row]);
    expect(fit.finish(ids).fingerprint).toBe(encoder.fingerprint);
  });

  test('has another fingerprint if a vocabulary, a bucket or the articles with embeddings change', () => {
    const twice = [1, 2].map((key) => articleRow(key + 5_000, { colour: 'never seen before' }));
    const old = Array.from({ length: 60 }, (_, i) => customerRow(i + 5_000, { age: 99 }));
    const all = [
      encoder,
      encoderOf([...articles, ...twice], customers, ids),
      encoderOf(articles, [...customers, ...old], ids),
      encoderOf(articles, customers, ids.slice(1)),
    ];
    expect(new Set(all.map(({ fingerprint }) => fingerprint)).size).toBe(4);
  });

  test('encodes as before after saving and opening', () => {
    const opened = openEncoder(JSON.parse(JSON.stringify(encoder)));
    expect(opened.fingerprint).toBe(encoder.fingerprint);
    expect(opened.articleLayout).toEqual(encoder.articleLayout);
    expect(opened.customerLayout).toEqual(encoder.customerLayout);
    expect(opened.articleSlots).toBe(encoder.articleSlots);
    expect(opened.articles([...articles, ...newArticles])).toEqual(encoder.articles([...articles, ...newArticles]));
    expect(opened.customers([...customers, null])).toEqual(encoder.customers([...customers, null]));
    expect(opened.slotsOf(articles)).toEqual(encoder.slotsOf(articles));
  });

  test.each([
    ['nothing', {}],
    ['another version', { ...encoder.toJSON(), version: 1 }],
    ['another length of histories', { ...encoder.toJSON(), history: 1 }],
    [
      'a column that this program does not know',
      { ...encoder.toJSON(), customers: [{ kind: 'categorical', name: 'shoe_size', vocabulary: ['9'] }] },
    ],
    [
      'a column of another kind',
      { ...encoder.toJSON(), customers: [{ kind: 'categorical', name: 'age', vocabulary: ['9'] }] },
    ],
  ])('is not opened from %s', (_what, saved) => {
    expect(() => openEncoder(saved)).toThrow(expect.objectContaining({ code: 'RELEASE_INVALID' }) as Error);
    expect(() => openEncoder(saved)).toThrow('encoder.json');
  });

  test('gives each column a block of ids of its own within the table, and weights that sum to 1', () => {
    checkBlocks(encoder.articleLayout, encoder.articles([...articles, ...newArticles]));
    checkBlocks(encoder.customerLayout, encoder.customers([...customers, ...newCustomers, null]));
  });

  test('encodes many rows like each alone', () => {
    const together = encoder.articles(newArticles);
    const width = encoder.articleLayout.single.length;
    newArticles.forEach((row, r) => {
      const alone = encoder.articles([row]);
      expect([...alone.single]).toEqual([...together.single.subarray(r * width, (r + 1) * width)]);
      encoder.articleLayout.multi.forEach((feature, m) => {
        const part = together.multi[m].weights.subarray(r * feature.width, (r + 1) * feature.width);
        expect([...alone.multi[m].weights]).toEqual([...part]);
      });
    });
  });

  test('encodes an unknown customer like one without values', () => {
    expect(encoder.customers([null])).toEqual(encoder.customers([customerRow(1)]));
  });

  test('gives articles from training slots of their own by id, and all others slot 0', () => {
    expect(encoder.articleSlots).toBe(151);
    expect([...encoder.slotsOf(articles)].slice(0, 150)).toEqual(Array.from({ length: 150 }, (_, i) => i + 1));
    expect(new Set([...encoder.slotsOf(articles)].slice(150))).toEqual(new Set([0]));
    // The id counts, not the key of the database.
    expect([...encoder.slotsOf([articleRow(77_777, { id: articles[4].id })])]).toEqual([5]);
  });

  test('names each slot by its value, with unique names', () => {
    const small = encoderOf(
      [...coloured('red', 'red', 'blue', 'blue', 'blue'), ...tagged(['new', 'red'], ['new', 'red'])],
      aged(20, 20, 30, 40),
      ['x', ''],
    );
    expect(small.slotNames('article_ids')).toEqual(['[]', '["x"]', '[""]']);
    expect(small.slotNames('article_fields')).toEqual([
      ...['["colour"]', '["colour","blue"]', '["colour","red"]'],
      ...['["attributes.tag"]', '["attributes.tag","new"]', '["attributes.tag","red"]'],
    ]);
    // The buckets are for missing values, below 30, below 40, and from 40 on.
    expect(small.slotNames('customer_fields')).toEqual(['["age"]', '["age",0,3]', '["age",1,3]', '["age",2,3]']);
    expect([...small.customers(aged(null, 25, 35, 45)).single]).toEqual([0, 1, 2, 3]);

    expect(new Set(encoder.slotNames('article_ids')).size).toBe(encoder.articleSlots);
    expect(new Set(encoder.slotNames('article_fields')).size).toBe(encoder.articleLayout.slots);
    expect(new Set(encoder.slotNames('customer_fields')).size).toBe(encoder.customerLayout.slots);
  });

  test('has one slot in each vocabulary for a shop without rows', () => {
    const empty = encoderOf([]);
    for (const vocabulary of VOCABULARIES) expect(empty.slotNames(vocabulary)).toEqual(['[]']);
    expect(empty.articleLayout).toEqual({ single: [], multi: [], slots: 1 });
    expect(empty.customers([null, null])).toEqual({ rows: 2, single: new Int32Array(0), multi: [] });
  });
});

/** Asserts that the ranges of ids do not overlap, and that all weights sum to 1. */
function checkBlocks(layout: Layout, encoded: EncodedRows): void {
  const columns = layout.single.length;
  const blocks: [number, number][] = layout.single.map((_, f) =>
    range(encoded.single.filter((_id, i) => i % columns === f)),
  );
  layout.multi.forEach(({ width }, m) => {
    const { ids, weights } = encoded.multi[m];
    blocks.push(range(ids));
    for (let r = 0; r < encoded.rows; r++) {
      expect(sum(weights.subarray(r * width, (r + 1) * width))).toBeCloseTo(1, 5);
    }
  });
  blocks.sort(([a], [b]) => a - b);
  blocks.forEach(([from, to], i) => {
    expect(from).toBeGreaterThan(i === 0 ? -1 : blocks[i - 1][1]);
    expect(to).toBeLessThan(layout.slots);
  });
}

function range(ids: Int32Array): [number, number] {
  return [Math.min(...ids), Math.max(...ids)];
}
