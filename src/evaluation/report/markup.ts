// HTML and SVG as values. A template escapes every value in it that is not markup already.

/** Text that is not escaped again. It must not contain input from outside. */
export class Markup {
  constructor(readonly text: string) {}
}

/** The values of a template: lists are joined, `null` adds nothing. */
export type Part = Markup | string | number | null | readonly Part[];

/**
 * Makes markup from a template: markup`<p title="${title}">${text}</p>`. Attributes need double
 * quotes.
 */
export function markup(strings: TemplateStringsArray, ...parts: Part[]): Markup {
  return new Markup(strings.map((text, i) => text + (i < parts.length ? textOf(parts[i]) : '')).join(''));
}

function textOf(part: Part): string {
  if (part === null) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map(textOf).join('');
  return String(part).replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`);
}

/**
 * A table that scrolls by itself on a narrow screen.
 * @param compared the columns whose highest value is marked in each row
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
