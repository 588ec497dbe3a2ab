// HTML and SVG as values: whatever is put into a template is escaped, unless it is markup itself.
// Knows no page.

/** Text that is markup already and is not escaped: nothing that comes from outside. */
export class Markup {
  constructor(readonly text: string) {}
}

/** What may stand in a template: lists are joined, `null` is nothing. */
export type Part = Markup | string | number | null | readonly Part[];

/** markup`<p title="${title}">${text}</p>`: attributes must be in double quotes. */
export function markup(strings: TemplateStringsArray, ...parts: Part[]): Markup {
  return new Markup(strings.map((text, i) => text + (i < parts.length ? textOf(parts[i]) : '')).join(''));
}

function textOf(part: Part): string {
  if (part === null) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map(textOf).join('');
  return String(part).replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`);
}
