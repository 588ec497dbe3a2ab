// The small parts of the report: numbers, names of measures and tables as people read them. Knows
// no evaluation.
import { markup, type Markup } from './markup';

export function count(value: number): string {
  return value.toLocaleString('en-GB');
}

/** Of measures between 0 and 1. */
export function decimals(value: number): string {
  return value.toFixed(4);
}

/** What is 0 when written has no minus. */
export function signed(value: number): string {
  const written = decimals(Math.abs(value));
  return `${value < 0 && Number(written) !== 0 ? '−' : '+'}${written}`;
}

/** A difference with its interval; undefined: there were too few to tell. */
export function differing(
  found: { readonly difference: number; readonly interval: readonly [number, number] } | undefined,
): string {
  if (!found) return 'too few customers';
  const { difference, interval } = found;
  return `${signed(difference)} (${signed(interval[0])} to ${signed(interval[1])})`;
}

/** A share; small ones keep two digits that say something. */
export function percent(share: number): string {
  const value = 100 * share;
  const digits = value === 0 || value >= 9.95 ? 0 : value >= 0.995 ? 1 : Math.min(4, 1 - Math.floor(Math.log10(value)));
  return `${Number(value.toFixed(digits)).toString()} %`;
}

/** map@12 → MAP@12; words stay as they are. */
export function nameOf(metric: string): string {
  return metric.startsWith('recall') ? `Recall${metric.slice(6)}` : metric.toUpperCase();
}

/**
 * A table that scrolls by itself where the screen is narrow. In each row the highest of the
 * `compared` columns is set off.
 */
export function dataTable(
  caption: string,
  header: readonly string[],
  rows: readonly (readonly string[])[],
  compared: readonly string[] = [],
): Markup {
  const rowOf = (row: readonly string[]): Markup => {
    const isCompared = (c: number): boolean => compared.includes(header[c]);
    const most = Math.max(...row.filter((_, c) => isCompared(c)).map(Number));
    const cells = row.slice(1).map((cell, c) => {
      const best = isCompared(c + 1) && Number(cell) === most;
      return best ? markup`<td class="best">${cell}</td>` : markup`<td>${cell}</td>`;
    });
    return markup`<tr><th scope="row">${row[0]}</th>${cells}</tr>`;
  };
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<caption>${caption}</caption>
<thead><tr>${header.map((name) => (name === '' ? markup`<td></td>` : markup`<th scope="col">${name}</th>`))}</tr></thead>
<tbody>${rows.map(rowOf)}</tbody>
</table></div>`;
}
