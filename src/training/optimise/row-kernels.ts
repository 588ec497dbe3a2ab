// The innermost loops over rows of large float32 tables. Training spends its own time here, so
// loops are unrolled by four and rows fetched ahead; both were measured. Knows nothing of what the
// rows are.

/** out[to…] = x[from…], `width` numbers. */
export function copyRow(out: Float32Array, to: number, x: Float32Array, from: number, width: number): void {
  let i = 0;
  for (; i + 3 < width; i += 4) {
    out[to + i] = x[from + i];
    out[to + i + 1] = x[from + i + 1];
    out[to + i + 2] = x[from + i + 2];
    out[to + i + 3] = x[from + i + 3];
  }
  for (; i < width; i++) out[to + i] = x[from + i];
}

/** out[to…] = factor · x[from…], `width` numbers. */
export function scaleRow(
  out: Float32Array,
  to: number,
  factor: number,
  x: Float32Array,
  from: number,
  width: number,
): void {
  let i = 0;
  for (; i + 3 < width; i += 4) {
    out[to + i] = factor * x[from + i];
    out[to + i + 1] = factor * x[from + i + 1];
    out[to + i + 2] = factor * x[from + i + 2];
    out[to + i + 3] = factor * x[from + i + 3];
  }
  for (; i < width; i++) out[to + i] = factor * x[from + i];
}

/** out[to…] += factor · x[from…], `width` numbers. */
export function addScaledRow(
  out: Float32Array,
  to: number,
  factor: number,
  x: Float32Array,
  from: number,
  width: number,
): void {
  let i = 0;
  for (; i + 3 < width; i += 4) {
    out[to + i] += factor * x[from + i];
    out[to + i + 1] += factor * x[from + i + 1];
    out[to + i + 2] += factor * x[from + i + 2];
    out[to + i + 3] += factor * x[from + i + 3];
  }
  for (; i < width; i++) out[to + i] += factor * x[from + i];
}

/**
 * The sum of the squares of `width` numbers. Four sums at once: one alone would wait for each
 * addition.
 */
export function squaredLength(x: Float32Array, from: number, width: number): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = from;
  for (const end = from + width - 3; i < end; i += 4) {
    a += x[i] * x[i];
    b += x[i + 1] * x[i + 1];
    c += x[i + 2] * x[i + 2];
    d += x[i + 3] * x[i + 3];
  }
  for (const end = from + width; i < end; i++) a += x[i] * x[i];
  return a + b + (c + d);
}

const TOGETHER = 16;
/** Numbers of one line of the processor's cache. */
const LINE = 16;

/**
 * To be called for every place of a loop over `rows` of a table [_, width]: every sixteenth call
 * reads one number of each cache line of the sixteen rows from this place on. Their waits for
 * memory then overlap, where the loop itself would wait for row after row: rows of a table that no
 * cache holds come in half the time. First lines go first, since the way to a page is the longest.
 */
export function fetchRows(table: Float32Array, width: number, rows: ArrayLike<number>, place: number): void {
  if (place % TOGETHER !== 0) return;
  const end = Math.min(rows.length, place + TOGETHER);
  let read = 0;
  for (let r = place; r < end; r++) read += table[rows[r] * width];
  for (let r = place; r < end; r++) {
    const from = rows[r] * width;
    for (let i = LINE; i < width; i += LINE) read += table[from + i];
  }
  sink[0] = read;
}

/** The same where each row is one number. */
export function fetchNumbers(column: Float32Array | Int32Array, rows: ArrayLike<number>, place: number): void {
  if (place % TOGETHER !== 0) return;
  const end = Math.min(rows.length, place + TOGETHER);
  let read = 0;
  for (let r = place; r < end; r++) read += column[rows[r]];
  sink[0] = read;
}

/** Takes what was read: reads that nobody uses are left out by the compiler. */
const sink = new Float64Array(1);
