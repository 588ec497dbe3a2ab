// The figures of an evaluation as people read them, in the terminal and in the report.

/** Formats a measure between 0 and 1. */
export function decimals(value: number): string {
  return value.toFixed(4);
}

/** Formats a number with its sign. A value that is written as 0.0000 gets no minus. */
export function signed(value: number): string {
  const written = decimals(Math.abs(value));
  return `${value < 0 && Number(written) !== 0 ? '−' : '+'}${written}`;
}

/** Formats a difference with its interval. `found` is undefined if there were too few customers. */
export function differing(
  found: { readonly difference: number; readonly interval: readonly [number, number] } | undefined,
): string {
  if (!found) return 'too few customers';
  const { difference, interval } = found;
  return `${signed(difference)} (${signed(interval[0])} to ${signed(interval[1])})`;
}

/** Formats a share as a percentage. Small shares keep two significant digits. */
export function percent(share: number): string {
  const value = 100 * share;
  const digits = value === 0 || value >= 9.95 ? 0 : value >= 0.995 ? 1 : Math.min(4, 1 - Math.floor(Math.log10(value)));
  return `${Number(value.toFixed(digits)).toString()} %`;
}

/** map@12 → MAP@12, recall@12 → Recall@12. */
export function nameOf(metric: string): string {
  return metric.startsWith('recall') ? `Recall${metric.slice(6)}` : metric.toUpperCase();
}
