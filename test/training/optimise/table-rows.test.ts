// Compares gathered rows and sums of gradients with plain loops, over random lookups.
import { createRandom } from '../../../src/random';
import { gatherRows, poolRows, RowSums, rowsShape, type Lookup } from '../../../src/training/optimise/table-rows';

interface Case {
  readonly rows: number;
  readonly width: number;
  readonly shape: readonly number[];
  readonly pooled: boolean;
}

// These widths leave different remainders in loops unrolled by four. Some lookups have more ids
// than are fetched together.
const CASES: readonly Case[] = [
  { rows: 5, width: 1, shape: [7], pooled: false },
  { rows: 50, width: 3, shape: [40], pooled: false },
  { rows: 9, width: 20, shape: [4, 6], pooled: false },
  { rows: 5, width: 4, shape: [3, 2], pooled: true },
  { rows: 300, width: 18, shape: [5, 3, 9], pooled: true },
  { rows: 4, width: 7, shape: [0, 3], pooled: true },
];

describe.each(CASES)(
  'lookups of shape $shape in $rows rows of $width, pooled: $pooled',
  ({ rows, width, shape, pooled }) => {
    const random = createRandom('table-rows', rows, width);
    const size = shape.reduce((product, dim) => product * dim, 1);
    const outer = pooled ? shape.slice(0, -1) : shape;
    const places = pooled ? shape[shape.length - 1] : 1;
    const lookup = (): Lookup => ({
      ids: { data: Int32Array.from({ length: size }, () => random.int(rows)), shape },
      // A third of the weights are 0. The rows of these ids are not touched.
      weights: pooled
        ? { data: Float32Array.from({ length: size }, () => Math.max(0, random.next() - 1 / 3)), shape }
        : undefined,
    });

    test('gather the weighted sums of the rows', () => {
      const table = Float32Array.from({ length: rows * width }, () => random.normal());
      const { ids, weights } = lookup();
      expect(rowsShape({ ids, weights }, width)).toEqual([...outer, width]);
      const wanted = new Float64Array((size / places) * width);
      const got = new Float32Array(wanted.length).fill(7); // dirty memory
      if (weights) poolRows(got, { values: table, width }, ids, weights.data);
      else gatherRows(got, { values: table, width }, ids.data);
      ids.data.forEach((row, p) => {
        for (let i = 0; i < width; i++) {
          wanted[Math.floor(p / places) * width + i] += (weights?.data[p] ?? 1) * table[row * width + i];
        }
      });
      wanted.forEach((value, i) => {
        expect(got[i]).toBeCloseTo(value, 4);
      });
    });

    test('name the distinct rows in the order in which they come, and the place of each id among them', () => {
      const sums = new RowSums({ name: 'table', rows, width });
      for (let step = 0; step < 3; step++) {
        const { ids } = lookup();
        const found = new Int32Array(size);
        const distinct = sums.distinct(ids.data, found);
        expect([...distinct]).toEqual([...new Set(ids.data)]);
        expect(Array.from(found, (place) => distinct[place])).toEqual([...ids.data]);
      }
    });

    test('give each touched row the sum of its gradients over several lookups, and start again when taken', () => {
      const sums = new RowSums({ name: 'table', rows, width });
      for (let step = 0; step < 3; step++) {
        const wanted = new Map<number, number[]>();
        for (let use = 0; use < 2; use++) {
          const one = lookup();
          const gradient = Float32Array.from({ length: (size / places) * width }, () => random.normal());
          sums.add(one, gradient);
          one.ids.data.forEach((row, p) => {
            const weight = one.weights?.data[p] ?? 1;
            if (weight === 0) return;
            const sum = wanted.get(row) ?? Array<number>(width).fill(0);
            wanted.set(
              row,
              sum.map((value, i) => value + weight * gradient[Math.floor(p / places) * width + i]),
            );
          });
        }
        const taken = sums.take();
        expect([...taken.rows].sort((a, b) => a - b)).toEqual([...wanted.keys()].sort((a, b) => a - b));
        taken.rows.forEach((row, t) => {
          wanted.get(row)?.forEach((value, i) => {
            expect(taken.values[t * width + i]).toBeCloseTo(value, 4);
          });
        });
      }
    });
  },
);
