// Compares sums of rows with a plain loop, and checks that wrong sizes are refused.
import { sumRows } from '../../src/engine/row-sums';
import { createRandom } from '../../src/random';

// These widths leave different remainders in loops unrolled by four. Some sums get no row, and one
// case has no rows at all.
test.each([
  { rows: 40, width: 1, places: 7 },
  { rows: 100, width: 18, places: 60 },
  { rows: 5, width: 4, places: 90 },
  { rows: 0, width: 3, places: 2 },
])('$rows rows of $width are summed at $places places', ({ rows, width, places }) => {
  const random = createRandom('row-sums', rows, width);
  const x = Float32Array.from({ length: rows * width }, () => random.normal());
  const at = Int32Array.from({ length: rows }, () => random.int(places));
  const wanted = Array<number>(places * width).fill(0);
  x.forEach((value, i) => (wanted[at[Math.floor(i / width)] * width + (i % width)] += value));

  const sums = new Float32Array(places * width).fill(7); // dirty memory
  sumRows({ data: sums, shape: [places, width] }, { data: x, shape: [rows, width] }, { data: at, shape: [rows] });
  wanted.forEach((value, i) => {
    expect(sums[i]).toBeCloseTo(value, 4);
  });
});

test.each([
  ['a part is missing', [2, 2], 5, [0, 1, 1]],
  ['there is a part too many', [2, 2], 8, [0, 1, 1]],
  ['rows have no width', [2], 3, [0, 1, 1]],
  ['rows have two axes', [2, 1, 2], 6, [0, 1, 1]],
  ['a place is behind the last row', [2, 2], 6, [0, 1, 2]],
  ['a place is before the first row', [2, 2], 6, [0, -1, 1]],
])('sums are refused if %s', (_what, shape, numbers, at) => {
  const sums = new Float32Array(shape.reduce((product, side) => product * side, 1));
  const parts = { data: new Float32Array(numbers), shape: [numbers] };
  const places = { data: Int32Array.from(at), shape: [at.length] };
  expect(() => sumRows({ data: sums, shape }, parts, places)).toThrow(/fit|place/);
});
