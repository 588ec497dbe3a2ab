// The columns of looks: as the shop names them, or chosen by their values, and the groups that they
// make.
import type { ArticleRow } from '../../../src/data/store/store';
import { Catalogue } from '../../../src/features/catalogue';
import { EncoderFit } from '../../../src/features/encoder-fit';
import { groupings, looksOf, namedLooks } from '../../../src/training/stages/looks';
import { createRandom } from '../../../src/random';
import { articleRow } from '../../support/rows';

function shopOf(rows: readonly ArticleRow[]) {
  const fit = new EncoderFit();
  fit.addArticles(rows);
  const encoder = fit.finish([]);
  const catalogue = new Catalogue(encoder);
  catalogue.put(rows);
  return { encoder, catalogue };
}

const random = createRandom(12);
const value = (name: string, count: number) => `${name} ${random.int(count)}`;
const rows = Array.from({ length: 1_000 }, (_, i) => {
  const kind = random.int(20);
  return articleRow(i + 1, {
    category: ['All', `kind ${kind}`],
    brand: value('brand', 30),
    colour: value('colour', 9),
    attributes: {
      kind_no: [String(kind + 50)],
      pattern: [value('pattern', 12)],
      material: [value('material', 5)],
      vegan: i % 2 === 0,
      batch: [`batch ${i >> 1}`],
      tags: [value('tag', 5), value('tag', 5)],
      seldom: i % 10 === 0 ? [value('seldom', 6)] : [],
      weight: random.int(50),
    },
  });
});
const shop = shopOf(rows);

describe('the columns of looks', () => {
  test('are those that the shop names, by field or attribute, each grouping once', () => {
    const named = ['kind_no', 'colour', 'category', 'pattern', 'no such column', 'tags'];
    // Both kind_no and the category are learnt as the category. Tags are several for each article.
    expect(looksOf(shop, named)).toEqual(['category', 'colour', 'attributes.pattern']);
    expect(looksOf(shop, [])).toEqual([]);
  });

  test('are otherwise category and colour, then the attributes that tell most about many articles', () => {
    expect(looksOf(shop, undefined)).toEqual(['category', 'colour', 'attributes.pattern', 'attributes.material']);
  });

  test('are none in a shop without columns', () => {
    const bare = shopOf([1, 2, 3].map((key) => articleRow(key)));
    expect(looksOf(bare, undefined)).toEqual([]);
    expect(groupings(bare, [])).toEqual({ looks: [], taste: [] });
  });

  test('are read from the description of the shop', async () => {
    const store = (fact: unknown) => ({ fact: async () => fact });
    expect(await namedLooks(store({ articles: { id: 'id', looks: ['colour'] }, currency: 'EUR' }))).toEqual(['colour']);
    for (const other of [undefined, {}, { articles: { looks: [] } }, { articles: { looks: 'colour' } }, 'text']) {
      expect(await namedLooks(store(other))).toBeUndefined();
    }
  });
});

describe('the groups by looks', () => {
  /** Numbers groups in the order of their first article, so that they can be compared. */
  const numbered = (groups: ArrayLike<number | string>): number[] => {
    const numbers = new Map<number | string, number>();
    return Array.from(groups, (group) => {
      if (!numbers.has(group)) numbers.set(group, numbers.size);
      return numbers.get(group) ?? -1;
    });
  };
  const by = (...of: ((row: ArticleRow) => unknown)[]) => numbered(rows.map((row) => of.map((one) => one(row)).join()));
  const kind = (row: ArticleRow) => row.category[1];
  const colour = (row: ArticleRow) => row.colour;
  const pattern = (row: ArticleRow) => (row.attributes as { pattern: string[] }).pattern[0];

  test('join the kind with the last column, then all but the last, all, and all but the last again', () => {
    const { looks, taste } = groupings(shop, ['category', 'colour', 'attributes.pattern']);
    expect(looks.map(numbered)).toEqual([
      by(kind, pattern),
      by(kind, colour),
      by(kind, colour, pattern),
      by(kind, colour),
    ]);
    expect(taste.map(numbered)).toEqual([by(kind), by(kind, colour)]);
  });

  test('of a single column are made once', () => {
    const { looks, taste } = groupings(shop, ['category']);
    expect(looks.map(numbered)).toEqual([by(kind)]);
    expect(taste.map(numbered)).toEqual([by(kind)]);
  });

  test('are 0 for an article without a value', () => {
    const { looks } = groupings(shop, ['attributes.seldom']);
    expect([...looks[0]].map((group, i) => (group === 0) === (i % 10 !== 0)).every(Boolean)).toBe(true);
  });
});
