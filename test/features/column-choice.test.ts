// Which columns are learnt: the choice by facts, the even sample, and what an encoder makes of it.

import type { ArticleRow } from '../../src/data/store/store';
import { chooseColumns, entropy, GroupSample, MOST_COLUMNS, type ColumnFacts } from '../../src/features/column-choice';
import { EncoderFit } from '../../src/features/encoder-fit';
import { createRandom } from '../../src/random';
import { articleRow } from '../support/rows';

/** A column with this value in each row; null for no value. */
function column(name: string, values: readonly (string | null)[], declared = false): ColumnFacts {
  const counts = new Map<string, number>();
  const numbers = new Map<string, number>();
  const groups = Int32Array.from(values, (value) => {
    if (value === null) return 0;
    counts.set(value, (counts.get(value) ?? 0) + 1);
    if (!numbers.has(value)) numbers.set(value, numbers.size + 1);
    return numbers.get(value) ?? 0;
  });
  return { name, declared, known: values.filter((value) => value !== null).length, counts, groups };
}

const rows = 1_000;
const random = createRandom(5);
const kinds = Array.from({ length: rows }, () => random.int(20));
const named = (name: string, of: (kind: number, row: number) => string | null) =>
  column(
    name,
    kinds.map((kind, row) => of(kind, row)),
  );

describe('the choice of columns', () => {
  test('takes a grouping once, under the first column that makes it', () => {
    const { chosen, aliases } = chooseColumns(
      [
        named('type', (kind) => `Type ${kind}`),
        named('type_no', (kind) => String(kind + 100)),
        named('other', (_kind, row) => String(row % 7)),
      ],
      rows,
    );
    expect([...chosen]).toEqual(expect.arrayContaining(['type', 'other']));
    expect(chosen.size).toBe(2);
    expect(aliases).toEqual([['type_no', 'type']]);
  });

  test('takes groupings that are nearly alike once, and clearly finer or coarser ones as well', () => {
    const { chosen } = chooseColumns(
      [
        named('type', (kind) => `Type ${kind}`),
        // Two kinds of twenty share a name.
        named('name', (kind) => (kind < 2 ? 'Other' : `Name ${kind}`)),
        named('coarser', (kind) => String(kind >> 1)),
        named('finer', (kind, row) => `${kind} ${row % 2}`),
      ],
      rows,
    );
    expect([...chosen].sort()).toEqual(['coarser', 'finer', 'type']);
  });

  test('tells columns apart that have equally many groups of equal size', () => {
    const { chosen } = chooseColumns(
      [named('one', (_kind, row) => String(row % 10)), named('two', (_kind, row) => String(Math.floor(row / 100)))],
      rows,
    );
    expect(chosen.size).toBe(2);
  });

  test('leaves out identifiers and columns with a single value', () => {
    const { chosen, leftOut } = chooseColumns(
      [
        named('ean', (_kind, row) => String(row)),
        named('title', (_kind, row) => (row < 300 ? 'Gift' : `Title ${row}`)),
        named('shop', () => 'main'),
        named('type', (kind) => String(kind)),
      ],
      rows,
    );
    expect([...chosen]).toEqual(['type']);
    expect(leftOut).toEqual([]);
  });

  test('keeps declared columns of which few values repeat, such as products with few variants', () => {
    const values = kinds.map((_, row) => `P${row < 900 ? row : Math.floor(row / 2)}`);
    expect([...chooseColumns([column('product', values, true)], rows).chosen]).toEqual(['product']);
    expect([...chooseColumns([column('product', values)], rows).chosen]).toEqual([]);
  });

  test('takes at most so many, by the bits that they tell and the rows that have them', () => {
    const columns = [
      named('few rows', (_kind, row) => (row % 10 === 0 ? String(row % 100) : null)),
      named('two values', (_kind, row) => String(row % 2)),
      named('many values', (_kind, row) => String(row % 11)),
      { ...named('declared', (_kind, row) => (row < 10 ? 'x' : 'y')), declared: true },
    ];
    const { chosen, leftOut } = chooseColumns(columns, rows, 2);
    expect([...chosen].sort()).toEqual(['declared', 'many values']);
    expect(leftOut).toEqual(['two values', 'few rows']);
  });
});

describe('the even sample', () => {
  const sampled = (length: number, size: number): number[] => {
    const sample = new GroupSample(size);
    for (let row = 0; row < length; row++) if (sample.next()) sample.put('row', String(row));
    // Groups are numbered in the order of their first row, and every row has its own.
    return [...sample.groupsOf('row')];
  };

  test.each([1, 7, 8, 9, 64, 1000, 4097])('of %d rows is spread over all of them', (length) => {
    const size = 8;
    const sample = new GroupSample(size);
    const values: number[] = [];
    for (let row = 0; row < length; row++) {
      if (!sample.next()) continue;
      values.push(row);
      sample.put('half', row < length / 2 ? 'first' : 'second');
    }
    const groups = [...sample.groupsOf('half')];
    expect(groups.length).toBeGreaterThanOrEqual(Math.min(length, size / 2));
    expect(groups.length).toBeLessThanOrEqual(size);
    if (length < size) return;
    expect(Math.abs(groups.filter((group) => group === 1).length - groups.length / 2)).toBeLessThanOrEqual(1);
  });

  test('holds all rows while they fit', () => {
    expect(sampled(8, 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('has group 0 where a column has no value, also before its first one', () => {
    const sample = new GroupSample(4);
    for (const value of [null, null, 'a', null, 'b', 'a']) if (sample.next() && value !== null) sample.put('x', value);
    // Rows 0, 2 and 4 remain.
    expect([...sample.groupsOf('x')]).toEqual([0, 1, 2]);
    expect([...sample.groupsOf('never')]).toEqual([0, 0, 0]);
  });
});

test('entropy is measured in bits', () => {
  expect(entropy([1, 1, 1, 1])).toBeCloseTo(2, 12);
  expect(entropy([5])).toBe(0);
  expect(entropy([])).toBe(0);
  expect(entropy([3, 1])).toBeCloseTo(0.811278, 6);
});

describe('an encoder', () => {
  const fitted = (articles: readonly ArticleRow[]) => {
    const fit = new EncoderFit();
    fit.addArticles(articles);
    const encoder = fit.finish([]);
    return { encoder, notes: fit.notes };
  };

  test('learns H&M-like columns once each, and finds every column under its name', () => {
    const articles = kinds.map((kind, i) =>
      articleRow(i + 1, {
        productId: String(i >> 2),
        category: ['Women', `Group ${kind % 4}`, `Type ${kind}`],
        colour: `Colour ${i % 6}`,
        attributes: {
          product_type_name: [`Type ${kind}`],
          product_type_no: [String(kind + 60)],
          product_group_name: [`Group ${kind % 4}`],
          colour_group_code: [String(i % 6)],
          section_no: [String(i % 9)],
        },
      }),
    );
    const { encoder, notes } = fitted(articles);
    expect(encoder.articleLayout.single).toEqual([
      'product',
      'category',
      'category.2',
      'colour',
      'attributes.section_no',
    ]);
    expect(encoder.featureOf('product_type_no')).toBe('category');
    expect(encoder.featureOf('product_type_name')).toBe('category');
    expect(encoder.featureOf('category.3')).toBe('category');
    expect(encoder.featureOf('product_group_name')).toBe('category.2');
    expect(encoder.featureOf('colour_group_code')).toBe('colour');
    expect(encoder.featureOf('section_no')).toBe('attributes.section_no');
    expect(encoder.featureOf('size')).toBeUndefined();
    expect(notes).toEqual([]);
  });

  test('reads the narrowest category of paths that differ in length', () => {
    const paths = [['Home', 'Cups'], ['Home'], ['Home', 'Cups', 'Mugs'], ['Garden'], []];
    const { encoder } = fitted(Array.from({ length: 50 }, (_, i) => articleRow(i + 1, { category: paths[i % 5] })));
    const names = encoder.slotNames('article_fields');
    const narrowest = paths.map((category) => names[encoder.articles([articleRow(1, { category })]).single[0]]);
    expect(narrowest).toEqual([
      ...['["category","Cups"]', '["category","Home"]', '["category","Mugs"]', '["category","Garden"]', '["category"]'],
    ]);
  });

  test('says which columns it leaves out of very many', () => {
    const wide = kinds.map((_, i) =>
      articleRow(i + 1, {
        attributes: Object.fromEntries(
          Array.from({ length: MOST_COLUMNS + 3 }, (_column, c) => [`c${c + 10}`, [String(random.int(c + 2))]]),
        ),
      }),
    );
    const { encoder, notes } = fitted(wide);
    expect(encoder.articleLayout.single).toHaveLength(MOST_COLUMNS);
    expect(notes).toEqual([`Models read the 40 most telling columns of articles. Left out: c12, c11, c10`]);
  });

  test('reads columns with the names of built-in properties', () => {
    const attributes = (i: number) =>
      JSON.parse(`{"__proto__": ["p ${i % 3}"], "constructor": ["c ${i % 2}"], "toString": ${i}}`) as object;
    const { encoder } = fitted(kinds.map((_, i) => articleRow(i + 1, { attributes: attributes(i) })));
    expect(encoder.articleLayout.single).toEqual([
      'attributes.__proto__',
      'attributes.constructor',
      'attributes.toString',
    ]);
    expect([...encoder.articles([articleRow(1)]).single]).toEqual([0, 4, 7]);
  });
});
