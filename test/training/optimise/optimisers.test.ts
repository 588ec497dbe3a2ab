// Optimisers against plain implementations in double precision, over random gradients and rows;
// schedules and early stopping against values worked by hand.
import { createRandom } from '../../../src/random';
import { judge } from '../../../src/training/optimise/early-stopping';
import {
  adamW,
  rowWiseAdagrad,
  rowWiseAdam,
  type OptimiserState,
  type RowGradients,
  type TableOptimiser,
} from '../../../src/training/optimise/optimisers';
import { constantRate, decayingRate } from '../../../src/training/optimise/schedule';

function expectClose(got: ArrayLike<number>, wanted: readonly number[]): void {
  expect(got).toHaveLength(wanted.length);
  wanted.forEach((value, i) => {
    expect(Math.abs(got[i] - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)));
  });
}

describe('AdamW', () => {
  /** Steps over the gradients; gives the values after each. */
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
    // m / √v = g / |g| after bias correction, whatever the size of the gradient.
    const [values] = steps(Float32Array.of(1, 1, 1), [Float32Array.of(0.001, -5, 300)], [0.1]);
    expect([...values].map((value) => value.toFixed(4))).toEqual(['0.9000', '1.1000', '0.9000']);
  });

  test('foresees a step whose gradient is like those before it', () => {
    const optimiser = adamW();
    const state = optimiser.init(2);
    const values = Float32Array.of(1, -1);
    const foreseen = values.slice();
    optimiser.foresee(foreseen, values, state, 0.1, 0);
    expect([...foreseen]).toEqual([...values]); // nothing has been seen yet
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

interface NaiveRow {
  readonly x: number[];
  readonly m: number[];
  /** Sum (Adagrad) or moving average (Adam) of the mean squared gradients. */
  v: number;
  steps: number;
}

/** What a row-wise optimiser should do to one touched row. */
const NAIVE: Readonly<Record<string, (row: NaiveRow, g: readonly number[], rate: number) => void>> = {
  rowWiseAdagrad(row, g, rate) {
    row.v += g.reduce((sum, value) => sum + value * value, 0) / g.length;
    g.forEach((value, i) => (row.x[i] -= (rate * value) / Math.sqrt(row.v)));
  },
  rowWiseAdam(row, g, rate) {
    row.steps += 1;
    row.v = 0.999 * row.v + (0.001 * g.reduce((sum, value) => sum + value * value, 0)) / g.length;
    const root = Math.sqrt(row.v / (1 - 0.999 ** row.steps));
    g.forEach((value, i) => {
      row.m[i] = 0.9 * row.m[i] + 0.1 * value;
      row.x[i] -= (rate * row.m[i]) / (1 - 0.9 ** row.steps) / root;
    });
  },
};

// Widths that loops unrolled by four end differently on; more rows a step than are fetched
// together.
const TABLE_OPTIMISERS: readonly (readonly [string, TableOptimiser, number])[] = [1, 3, 8, 18].flatMap((width) => [
  ['rowWiseAdagrad', rowWiseAdagrad, width] as const,
  ['rowWiseAdam', rowWiseAdam, width] as const,
]);

describe.each(TABLE_OPTIMISERS)('%s of width %3$p', (name, { init, update }, width) => {
  const ROWS = 40;

  test('moves the touched rows as the plain one does and leaves all others alone', () => {
    const random = createRandom(name, width);
    const table = Float32Array.from({ length: ROWS * width }, () => random.normal());
    const state = init(ROWS, width);
    const before = table.slice();
    const naive = Array.from({ length: ROWS }, (_, row): NaiveRow => ({
      x: [...table.subarray(row * width, (row + 1) * width)],
      m: Array<number>(width).fill(0),
      v: 0,
      steps: 0,
    }));
    const touched = new Set<number>();
    for (let step = 0; step < 30; step++) {
      // Never the last ten rows; some rows often, some once.
      const rows = Int32Array.from(naive.keys()).filter((row) => row < 30 && random.next() < (row + 1) / 30);
      const values = Float32Array.from({ length: rows.length * width }, () => random.normal());
      update(table, { width, rows, values }, state, 0.05);
      rows.forEach((row, t) => {
        NAIVE[name](naive[row], [...values.subarray(t * width, (t + 1) * width)], 0.05);
        touched.add(row);
      });
    }
    expectClose(
      table,
      naive.flatMap(({ x }) => x),
    );
    for (let row = 0; row < ROWS; row++) {
      if (touched.has(row)) continue;
      const part = [row * width, (row + 1) * width] as const;
      expect(table.slice(...part)).toEqual(before.slice(...part));
    }
    expect(touched.size).toBeLessThan(ROWS);
  });

  test('makes a row that is met for the first time late move as far as it would have early', () => {
    const gradients: RowGradients = { width, rows: Int32Array.of(1), values: new Float32Array(width).fill(0.5) };
    const moved = (state: OptimiserState): Float32Array => {
      const table = new Float32Array(2 * width);
      update(table, gradients, state, 0.1);
      return table.slice(width);
    };
    const late = init(2, width);
    for (let step = 0; step < 100; step++) {
      update(new Float32Array(2 * width), { ...gradients, rows: Int32Array.of(0) }, late, 0.1);
    }
    expect(moved(late)).toEqual(moved(init(2, width)));
    expectClose(moved(init(2, width)), Array<number>(width).fill(-0.1));
  });
});

test('row-wise Adam no longer corrects a row for its start once the correction is below single precision', () => {
  const gradients = { width: 1, rows: Int32Array.of(0), values: Float32Array.of(2) };
  const state = rowWiseAdam.init(1, 1);
  const table = new Float32Array(1);
  for (let step = 0; step < 25_000; step++) rowWiseAdam.update(table, gradients, state, 0.5);
  // A gradient that never changes moves by the rate in each step.
  const [before] = table;
  rowWiseAdam.update(table, gradients, state, 0.5);
  expect(table[0] - before).toBeCloseTo(-0.5, 2);
});

describe('learning-rate schedules', () => {
  const factors = (shape: 'cosine' | 'linear', steps: readonly number[]): number[] => {
    const schedule = decayingRate({ steps: 12, warmUp: 4, shape, floor: 0.2 });
    return steps.map((step) => Number(schedule(step).toFixed(6)));
  };

  test('stay where they are when constant', () => {
    expect([1, 1000].map(constantRate)).toEqual([1, 1]);
  });

  test('rise evenly, reach the full rate at the end of the warm-up and fall in a straight line to the floor', () => {
    expect(factors('linear', [1, 2, 4, 8, 12])).toEqual([0.25, 0.5, 1, 0.6, 0.2]);
  });

  test('fall along half a cosine: slowly, fast, slowly', () => {
    // A quarter of the way: (1 + cos 45°) / 2 of the 0.8 above the floor.
    expect(factors('cosine', [2, 4, 6, 8, 12])).toEqual([0.5, 1, 0.882843, 0.6, 0.2]);
  });

  test('keep the floor after their last step, also where there is nothing but warm-up', () => {
    expect(factors('cosine', [13, 500])).toEqual([0.2, 0.2]);
    const short = decayingRate({ steps: 4, warmUp: 4, shape: 'linear', floor: 0.1 });
    expect([1, 4, 5].map(short)).toEqual([0.25, 1, 0.1]);
  });
});

describe('early stopping', () => {
  const rule = { patience: 2, minGain: 0 };

  test('goes on while scores rise, and while the patience lasts', () => {
    expect(judge([], rule)).toEqual({ best: -1, stop: false });
    expect(judge([0.1, 0.2, 0.3], rule)).toEqual({ best: 2, stop: false });
    expect(judge([0.1, 0.3, 0.2], rule)).toEqual({ best: 1, stop: false });
  });

  test('stops after as many scores without a gain as the patience says, and keeps the best', () => {
    expect(judge([0.1, 0.3, 0.2, 0.29], rule)).toEqual({ best: 1, stop: true });
    expect(judge([0.3, 0.3, 0.3], rule)).toEqual({ best: 0, stop: true });
  });

  test('forgives a dip that a better score follows', () => {
    expect(judge([0.3, 0.1, 0.4, 0.2], rule)).toEqual({ best: 2, stop: false });
  });

  test('counts only gains of the size that is asked for, against the last gain', () => {
    expect(judge([0.3, 0.34, 0.38, 0.41], { patience: 9, minGain: 0.1 }).best).toBe(3);
    expect(judge([0.3, 0.34, 0.38], { patience: 2, minGain: 0.1 })).toEqual({ best: 0, stop: true });
  });

  test('takes a score that is no number for no gain', () => {
    expect(judge([Number.NaN, -5, Number.NaN], rule)).toEqual({ best: 1, stop: false });
  });
});
