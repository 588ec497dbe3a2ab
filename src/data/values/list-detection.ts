// Finds out whether the cells of a column hold several values, and what separates them. Parts of a
// list come again in other cells, in other company. Commas within names and sentences do not count.

import { BRACKETS, isBracketed } from './lists';
import { splitMoney } from './numbers';

/** Strong separators are hardly ever part of a word or a name. */
const SEPARATORS = [
  { separator: '|', strong: true },
  { separator: ';', strong: true },
  { separator: '>', strong: true },
  { separator: ',', strong: false },
  { separator: '/', strong: false },
] as const;

const MAJORITY = 0.9;
/** Different values that are looked at. */
const MOST_VALUES = 5_000;

/** Give it all values that are not null. */
export class ListDetection {
  /** How often each value occurs. */
  private readonly values = new Map<string, number>();

  add(text: string): void {
    const count = this.values.get(text);
    if (count !== undefined) this.values.set(text, count + 1);
    else if (this.values.size < MOST_VALUES) this.values.set(text, 1);
  }

  /**
   * The separator, 'list' for lists in brackets, undefined for single values.
   * @param likely whether the column is called tags, categories or the like
   */
  result(likely = false): string | undefined {
    const values = [...this.values.keys()];
    if (values.length === 0) return undefined;
    if (values.filter(isBracketed).length >= MAJORITY * values.length) return BRACKETS;
    return SEPARATORS.find(({ separator, strong }) => this.separates(values, separator, strong || likely))?.separator;
  }

  private separates(values: readonly string[], separator: string, strong: boolean): boolean {
    const cells = values.filter((value) => value.includes(separator));
    if (cells.length < (strong ? 0.02 : 0.2) * values.length || cells.length === 0) return false;
    if (cells.some((cell) => /:\/\/|<\/?[a-z]|&#?\w+;/i.test(cell))) return false;
    // Numbers with commas, dates with slashes.
    if (cells.filter((cell) => splitMoney(cell) !== undefined || /^[\d\s/:.,-]*[/:][\d\s/:.,-]*$/.test(cell)).length > cells.length / 2) return false; // prettier-ignore
    const counts = new Map<string, number>();
    let parts = 0;
    let words = 0;
    for (const value of values) {
      for (const part of value.split(separator)) {
        const text = part.trim();
        if (text === '') continue;
        counts.set(text, (counts.get(text) ?? 0) + 1);
        parts++;
        words += text.split(/\s+/).length;
      }
    }
    const wordsOfPart = words / parts;
    if (strong) return wordsOfPart <= 4;
    // Parts come again, there are fewer of them than of whole values, and they are short.
    return wordsOfPart <= 2 && counts.size <= 0.34 * parts && counts.size < values.length;
  }
}
