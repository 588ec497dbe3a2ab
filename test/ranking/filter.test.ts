// Which articles may be shown: at all, and to each customer.
import { hiddenFrom, mayBeShown, withoutHidden } from '../../src/ranking/filter';
import { articleRow } from '../support/rows';

test.each([
  ['in stock', {}, true],
  ['to be had later', { availability: 'preorder' }, true],
  ['out of stock', { availability: 'out_of_stock' }, false],
  ['hidden', { hidden: true }, false],
  ['not in the catalogue', { listed: false }, false],
] as const)('whether an article may be shown: %s', (_what, values, shown) => {
  expect(mayBeShown(articleRow(1, values))).toBe(shown);
});

test('the history is hidden only from those who ask for it', () => {
  const histories = [[{ article: 3, at: 9 }], [{ article: 4, at: 9 }]];
  const hidden = hiddenFrom(histories, [{ hideHistory: true }, { hideHistory: false }]);
  expect(hidden.map((articles) => [...articles])).toEqual([[3], []]);
});

test('a hidden article has no score', () => {
  const scores = Float32Array.of(1, 2, 3);
  expect([...withoutHidden(scores, Int32Array.of(7, 8, 9), new Set([8]))]).toEqual([1, -Infinity, 3]);
});
