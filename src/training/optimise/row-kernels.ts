// The innermost loops over rows of large float32 tables. Training spends most of its time outside
// ONNX Runtime here, so the loops are unrolled by four and rows are fetched ahead. Both were
// measured to be faster.

/** Rows of the same width, back to back. */
export interface Rows {
  readonly values: Float32Array;
  readonly width: number;
}

/** Row `to` of `out` = row `from` of x. */
export function copyRow({ values: out, width }: Rows, to: number, { values: x }: Rows, from: number): void {
  const [o, f] = [to * width, from * width];
  let i = 0;
  for (; i + 3 < width; i += 4) {
    out[o + i] = x[f + i];
    out[o + i + 1] = x[f + i + 1];
    out[o + i + 2] = x[f + i + 2];
    out[o + i + 3] = x[f + i + 3];
  }
  for (; i < width; i++) out[o + i] = x[f + i];
}

/** Row `to` of `out` = factor · row `from` of x. */
export function scaleRow(
  { values: out, width }: Rows,
  to: number,
  factor: number,
  { values: x }: Rows,
  from: number,
): void {
  const o = to * width;
  const f = from * width;
  let i = 0;
  for (; i + 3 < width; i += 4) {
    out[o + i] = factor * x[f + i];
    out[o + i + 1] = factor * x[f + i + 1];
    out[o + i + 2] = factor * x[f + i + 2];
    out[o + i + 3] = factor * x[f + i + 3];
  }
  for (; i < width; i++) out[o + i] = factor * x[f + i];
}

/** Row `to` of `out` += factor · row `from` of x. */
export function addScaledRow(
  { values: out, width }: Rows,
  to: number,
  factor: number,
  { values: x }: Rows,
  from: number,
): void {
  const o = to * width;
  const f = from * width;
  let i = 0;
  for (; i + 3 < width; i += 4) {
    out[o + i] += factor * x[f + i];
    out[o + i + 1] += factor * x[f + i + 1];
    out[o + i + 2] += factor * x[f + i + 2];
    out[o + i + 3] += factor * x[f + i + 3];
  }
  for (; i < width; i++) out[o + i] += factor * x[f + i];
}

/**
 * The sum of the squares of row `from` of x. Four sums run in parallel. With a single sum, each
 * addition would wait for the previous addition.
 */
export function squaredLength({ values: x, width }: Rows, from: number): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  const start = from * width;
  let i = start;
  for (const end = start + width - 3; i < end; i += 4) {
    a += x[i] * x[i];
    b += x[i + 1] * x[i + 1];
    c += x[i + 2] * x[i + 2];
    d += x[i + 3] * x[i + 3];
  }
  for (const end = start + width; i < end; i++) a += x[i] * x[i];
  return a + b + (c + d);
}

const TOGETHER = 16;
/** Number of float32 values in a cache line. */
const LINE = 16;

/**
 * Fetches rows of a table that are not in the processor's cache. Call this function for every index
 * of a loop over `rows`. Each sixteenth call reads one number of every cache line of the next
 * sixteen rows. The memory accesses overlap, so the loop takes half the time. The first line of
 * each row is read first, since the first access to a page is the slowest.
 */
export function fetchRows({ values, width }: Rows, rows: ArrayLike<number>, place: number): void {
  if (place % TOGETHER !== 0) return;
  const end = Math.min(rows.length, place + TOGETHER);
  let read = 0;
  for (let r = place; r < end; r++) read += values[rows[r] * width];
  for (let r = place; r < end; r++) {
    const from = rows[r] * width;
    for (let i = LINE; i < width; i += LINE) read += values[from + i];
  }
  sink[0] = read;
}

/** The same as `fetchRows`, for rows of a single number. */
export function fetchNumbers(column: Float32Array | Int32Array, rows: ArrayLike<number>, place: number): void {
  if (place % TOGETHER !== 0) return;
  const end = Math.min(rows.length, place + TOGETHER);
  let read = 0;
  for (let r = place; r < end; r++) read += column[rows[r]];
  sink[0] = read;
}

/** Receives the fetched numbers, since the compiler would drop reads whose results are not used. */
const sink = new Float64Array(1);
