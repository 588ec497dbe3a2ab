// The parts of what inspect goes by: names, words, sketches, neighbouring rows.

import { meaningOf, wordsOf } from '../../../src/data/inspect/profile/names';
import { Sketch } from '../../../src/data/inspect/profile/sketch';
import { eventWord, statusWord } from '../../../src/data/inspect/words';

test.each([
  ['StockCode', ['stock', 'code']],
  ['visitorid', ['visitor', 'id']],
  ['CustomerID', ['customer', 'id']],
  ['Artikelnummer', ['artikel', 'nummer']],
  ['商品编号', ['商品', '编号']],
  ['Body (HTML)', ['body', 'html']],
])('%s is read as the words %j', (name, words) => {
  expect(wordsOf(name)).toEqual(words);
});

test.each([
  ['order_purchase_timestamp', 'order', ['date', 'bought']],
  ['Lineitem sku', 'article', ['id']],
  ['kundennr', 'customer', ['id']],
  ['Código de producto', 'article', ['id']],
  ['Prix unitaire', undefined, ['price', 'unit']],
])('%s speaks of %s with %j', (name, thing, facets) => {
  const meaning = meaningOf(name);
  if (thing !== undefined) expect([...meaning.things]).toContain(thing);
  expect([...meaning.facets]).toEqual(expect.arrayContaining(facets));
});

test.each([
  ['purchase', 'purchase'],
  ['Order Completed', 'purchase'],
  ['transaction', 'purchase'],
  ['view_item', 'other'],
  ['addtocart', 'other'],
  ['Add To Cart', 'other'],
  ['Refund', 'return'],
  ['4', 'unknown'],
])('the event %s is a %s', (text, word) => {
  expect(eventWord(text)).toBe(word);
});

test.each([
  ['canceled', 'cancelled'],
  ['wc-cancelled', 'cancelled'],
  ['Storniert', 'cancelled'],
  ['refunded', 'returned'],
  ['partially_refunded', 'fine'],
  ['delivered', 'fine'],
  ['SP', 'unknown'],
])('the status %s means %s', (text, word) => {
  expect(statusWord(text)).toBe(word);
});

function sketchOf(values: readonly string[]): Sketch {
  const sketch = new Sketch();
  for (const value of values) sketch.add(value);
  return sketch;
}
const ids = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, n) => `id-${from + n}`);

test('few values are counted exactly', () => {
  const sketch = sketchOf(['a', 'b', 'a', 'c']);
  expect([sketch.distinct, sketch.complete, [...sketch.values]]).toEqual([3, true, [['a', 2], ['b', 1], ['c', 1]]]); // prettier-ignore
});

test('many values are estimated within a few percent, and those that came once are told from the others', () => {
  const sketch = sketchOf([...ids(0, 100_000), ...ids(0, 50_000)]);
  expect(Math.abs(sketch.distinct / 100_000 - 1)).toBeLessThan(0.05);
  expect(Math.abs(sketch.single - 0.5)).toBeLessThan(0.05);
});

test.each([
  [20_000, 100_000, 1],
  [20_000, 10_000, 0.5],
  [500, 100_000, 1],
  [500, 250, 0.5],
])('the share of %d values among %d others is found', (own, other, share) => {
  const found = sketchOf(ids(0, own)).within(sketchOf(ids(0, other)));
  expect(Math.abs((found ?? 0) - share)).toBeLessThan(0.06);
});
