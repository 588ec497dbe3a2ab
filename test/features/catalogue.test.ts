// The catalogue: it keeps what the encoder makes of each article while articles come and change.

import type { ArticleRow } from '../../src/data/store/store';
import { Catalogue } from '../../src/features/catalogue';
import { EncoderFit } from '../../src/features/encoder-fit';
import { sum } from '../../src/numbers';
import { createRandom } from '../../src/random';
import { randomArticle } from '../support/rows';

describe('the catalogue', () => {
  const random = createRandom(23);
  const rows = Array.from({ length: 60 }, (_, i) => randomArticle(i + 1, random));
  const fit = new EncoderFit();
  fit.addArticles(rows);
  const encoder = fit.finish(rows.map(({ id }) => id));
  const read = (catalogue: Catalogue, index: number) => {
    const single = new Int32Array(catalogue.layout.single.length);
    catalogue.copySingle(index, single, 0);
    const multi = catalogue.layout.multi.map(({ width }, m) => {
      const [ids, weights] = [new Int32Array(width), new Float32Array(width)];
      catalogue.copyMulti(m, index, { ids, weights }, 0);
      return { ids, weights };
    });
    return { slot: catalogue.slot(index), single, multi };
  };
  const expected = (row: ArticleRow) => {
    const { single, multi } = encoder.articles([row]);
    return { slot: encoder.slotsOf([row])[0], single, multi };
  };

  test('holds the encoding of each article, in the order in which they came', () => {
    const catalogue = new Catalogue(encoder);
    expect(catalogue.put(rows)).toEqual(rows.map((_, i) => i));
    expect(catalogue.ids).toEqual(rows.map(({ id }) => id));
    rows.forEach((row, index) => {
      expect(catalogue.indexOf(row.key)).toBe(index);
      expect(read(catalogue, index)).toEqual(expected(row));
    });
    expect(catalogue.indexOf(999)).toBeUndefined();
  });

  test('keeps its articles when it grows', () => {
    const catalogue = new Catalogue(encoder);
    catalogue.put(rows);
    const more = Array.from({ length: 3_000 }, (_, i) => randomArticle(i + 1_000, random));
    for (let from = 0; from < more.length; from += 250) catalogue.put(more.slice(from, from + 250));
    expect(catalogue.size).toBe(3_060);
    for (const [index, row] of [...rows, ...more].entries()) {
      if (index < 60 || index % 97 === 0) expect(read(catalogue, index)).toEqual(expected(row));
    }
  });

  test('replaces an article that is put again', () => {
    const catalogue = new Catalogue(encoder);
    catalogue.put(rows);
    const changed = { ...rows[7], colour: rows[7].colour === 'colour 0' ? 'colour 1' : 'colour 0' };
    expect(catalogue.put([changed, rows[8]])).toEqual([7, 8]);
    expect(catalogue.size).toBe(60);
    expect(read(catalogue, 7)).toEqual(expected(changed));
    expect(read(catalogue, 7)).not.toEqual(expected(rows[7]));
  });

  test('takes the last row of an article that comes twice in one call', () => {
    const catalogue = new Catalogue(encoder);
    const second = { ...rows[0], colour: null };
    expect(catalogue.put([rows[0], rows[1], second])).toEqual([0, 1, 0]);
    expect(catalogue.size).toBe(2);
    expect(read(catalogue, 0)).toEqual(expected(second));
  });

  test('gives slot 0 to an article that training has not seen', () => {
    const catalogue = new Catalogue(encoder);
    const [index] = catalogue.put([randomArticle(4_000, random)]);
    expect(catalogue.slot(index)).toBe(0);
  });

  test('scales weights and strides ids as asked', () => {
    const catalogue = new Catalogue(encoder);
    catalogue.put(rows);
    const plain = read(catalogue, 3);
    const single = new Int32Array(plain.single.length * 5).fill(-1);
    catalogue.copySingle(3, single, 2, 5);
    expect([...single].filter((_, i) => i % 5 === 2)).toEqual([...plain.single]);
    expect([...single].filter((_, i) => i % 5 !== 2).every((id) => id === -1)).toBe(true);
    const { width } = catalogue.layout.multi[0];
    const [ids, weights] = [new Int32Array(width), new Float32Array(width)];
    catalogue.copyMulti(0, 3, { ids, weights }, 0, 0.25);
    expect(sum(weights)).toBeCloseTo(0.25, 6);
  });
});
