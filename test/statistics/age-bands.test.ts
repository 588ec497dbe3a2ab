// Age bands: in the order of age, with about equally many customers in each.

import { ageBands } from '../../src/statistics/age-bands';
import type { Encoder } from '../../src/features/encoder';
import { EncoderFit } from '../../src/features/encoder-fit';
import { customerRow } from '../support/rows';

function encoderOf(
  ages: readonly (number | null)[],
  attributes: (i: number) => Record<string, string[]> = () => ({}),
): Encoder {
  const fit = new EncoderFit();
  fit.addCustomers(ages.map((age, i) => customerRow(i + 1, { age, attributes: attributes(i) })));
  return fit.finish([]);
}

const bandsOf = (encoder: Encoder, ages: readonly (number | null)[]): number[] => [
  ...ageBands(encoder).of(encoder.customers(ages.map((age) => customerRow(1, { age })))),
];

test('known ages fall into eight bands of equal size, in the order of age', () => {
  const ages = Array.from({ length: 160 }, (_, i) => 16 + i / 2);
  const encoder = encoderOf(ages, (i) => ({ status: [`status ${String(i % 2)}`] }));
  const bands = bandsOf(encoder, ages);
  expect(bands).toEqual([...bands].sort((a, b) => a - b));
  for (let band = 1; band <= 8; band++) expect(bands.filter((one) => one === band)).toHaveLength(20);
  expect(ageBands(encoder).count).toBe(9);
});

test('the bounds tell the band of every age', () => {
  const ages = Array.from({ length: 300 }, (_, i) => 18 + ((i * i) % 60));
  const encoder = encoderOf(ages);
  const { bounds } = ageBands(encoder);
  const asked = Array.from({ length: 100 }, (_, i) => i);
  expect(bandsOf(encoder, asked)).toEqual(asked.map((age) => 1 + bounds.filter((bound) => bound <= age).length));
});

test('unknown ages and unknown customers have a band of their own', () => {
  const encoder = encoderOf([20, 30, 40, 50, null]);
  expect(bandsOf(encoder, [null, 20])).toEqual([0, 1]);
  expect([...ageBands(encoder).of(encoder.customers([null]))]).toEqual([0]);
});

test('a shop with few different ages has fewer bands, and one without ages has none', () => {
  const few = encoderOf([...Array<number>(30).fill(20), ...Array<number>(30).fill(30)]);
  expect(ageBands(few).count).toBe(3);
  expect(bandsOf(few, [20, 30, null])).toEqual([1, 2, 0]);
  const none = encoderOf([null, null]);
  expect(ageBands(none)).toMatchObject({ count: 0, bounds: [] });
  expect(bandsOf(none, [33])).toEqual([0]);
});
