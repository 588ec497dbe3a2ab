// Compares the optimisers with plain implementations in double precision, over random gradients and
// rows.
import { createRandom } from '../../../src/random';
import { adamW, linearDecay, rowWiseAdagrad, type OptimiserState } from '../../../src/training/optimise/optimisers';
import type { RowGradients } from '../../../src/training/optimise/table-rows';

function expectClose(got: ArrayLike<number>, wanted: readonly number[]): void {
  expect(got).toHaveLength(wanted.length);
  wanted.forEach((value, i) => {
    expect(Math.abs(got[i] - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)));
  });
}

describe('AdamW', () => {
  /** The values after each step. */
  function steps(
    values: Float32Array,
    gradients: readonly Float32Array[],
    rates: readonly number[],
    decay = 0,
  ): Float32Array[] {
    const optimiser = adamW(decay);
    const state = optimiser.init(values.length);
    const moving = values.slice();
    return gradients.map((gradient, i) => {
      optimiser.update(moving, gradient, state, rates[i], i + 1);
      return moving.slice();
    });
  }

  test('moves every number by the rate against its gradient in the first step', () => {
    // After the bias correction m / √v = g / |g| for any size of the gradient.
    const [values] = steps(Float32Array.of(1, 1, 1), [Float32Array.of(0.001, -5, 300)], [0.1]);
    expect([...values].map((value) => value.toFixed(4))).toEqual(['0.9000', '1.1000', '0.9000']);
  });

  test('foresees a step whose gradient is like the earlier ones', () => {
    const optimiser = adamW();
    const state = optimiser.init(2);
    const values = Float32Array.of(1, -1);
    const foreseen = values.slice();
    optimiser.foresee(foreseen, values, state, 0.1, 0);
    expect([...foreseen]).toEqual([...values]); // no gradient yet
    const gradient = Float32Array.of(0.3, -2);
    for (let step = 1; step <= 200; step++) {
      optimiser.update(values, gradient, state, 0.1, step);
      optimiser.foresee(foreseen, values, state, 0.1, step);
    }
    optimiser.update(values, gradient, state, 0.1, 201);
    foreseen.forEach((value, i) => {
      expect(value).toBeCloseTo(values[i], 4);
    });
  });

  test.each([0, 0.1])('follows the paper step by step, with a weight decay of %p', (decay) => {
    const random = createRandom('adamW', decay);
    const values = Float32Array.from({ length: 7 }, () => random.normal());
    const naive = Array.from(values, (x) => ({ x, m: 0, v: 0 }));
    const rates = Array.from({ length: 40 }, (_, i) => 0.1 / (i + 1));
    const gradients = rates.map(() => Float32Array.from({ length: 7 }, () => random.normal() * 3));
    const moved = steps(values, gradients, rates, decay);
    rates.forEach((rate, i) => {
      naive.forEach((one, n) => {
        const g = gradients[i][n];
        one.m = 0.9 * one.m + 0.1 * g;
        one.v = 0.999 * one.v + 0.001 * g * g;
        const unbiased = one.m / (1 - 0.9 ** (i + 1)) / (Math.sqrt(one.v / (1 - 0.999 ** (i + 1))) + 1e-8);
        one.x = one.x - rate * unbiased - rate * decay * one.x;
      });
      expectClose(
        moved[i],
        naive.map(({ x }) => x),
      );
    });
  });
});

interface PlainRow {
  readonly x: number[];
  /** The sum of the mean squared gradients. */
  squares: number;
}

/** Applies plain Adagrad to one touched row. */
function plainAdagrad(row: PlainRow, g: readonly number[], rate: number): void {
  row.squares += g.reduce((sum, value) => sum + value * value, 0) / g.length;
  g.forEach((value, i) => (row.x[i] -= (rate * value) / Math.sqrt(row.squares)));
}

// These widths leave different remainders in loops unrolled by four. A step has more rows than are
// fetched together.
describe.each([1, 3, 8, 18])('row-wise Adagrad of width %p', (width) => {
  const { init, update } = rowWiseAdagrad;
  const ROWS = 40;

  test('moves the touched rows as a plain implementation does, and no other rows', () => {
    const random = createRandom('rowWiseAdagrad', width);
    const table = Float32Array.from({ length: ROWS * width }, () => random.normal());
    const state = init(ROWS);
    const before = table.slice();
    const plain = Array.from({ length: ROWS }, (_, row): PlainRow => ({
      x: [...table.subarray(row * width, (row + 1) * width)],
      squares: 0,
    }));
    const touched = new Set<number>();
    for (let step = 0; step < 30; step++) {
      // Some rows are touched often, some once, and the last ten never.
      const rows = Int32Array.from(plain.keys()).filter((row) => row < 30 && random.next() < (row + 1) / 30);
      const values = Float32Array.from({ length: rows.length * width }, () => random.normal());
      update({ width, values: table }, { width, rows, values }, state, 0.05);
      rows.forEach((row, t) => {
        plainAdagrad(plain[row], [...values.subarray(t * width, (t + 1) * width)], 0.05);
        touched.add(row);
      });
    }
    expectClose(
      table,
      plain.flatMap(({ x }) => x),
    );
    for (let row = 0; row < ROWS; row++) {
      if (touched.has(row)) continue;
      const part = [row * width, (row + 1) * width] as const;
      expect(table.slice(...part)).toEqual(before.slice(...part));
    }
    expect(touched.size).toBeLessThan(ROWS);
  });

  test('moves a row that is first touched late as far as one that is touched early', () => {
    const gradients: RowGradients = { width, rows: Int32Array.of(1), values: new Float32Array(width).fill(0.5) };
    const moved = (state: OptimiserState): Float32Array => {
      const table = new Float32Array(2 * width);
      update({ width, values: table }, gradients, state, 0.1);
      return table.slice(width);
    };
    const late = init(2);
    for (let step = 0; step < 100; step++) {
      update({ width, values: new Float32Array(2 * width) }, { ...gradients, rows: Int32Array.of(0) }, late, 0.1);
    }
    expect(moved(late)).toEqual(moved(init(2)));
    expectClose(moved(init(2)), Array<number>(width).fill(-0.1));
  });
});

test('a linear decay falls evenly from 1 at the first step to its floor at the last, and stays there', () => {
  const decay = linearDecay(9, 0.2);
  expect([1, 5, 9, 10, 500].map((step) => Number(decay(step).toFixed(6)))).toEqual([1, 0.6, 0.2, 0.2, 0.2]);
  expect(linearDecay(1, 0.1)(1)).toBe(1);
});
