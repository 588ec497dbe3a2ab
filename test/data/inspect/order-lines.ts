// The orders that all made-up exports tell of, and functions that write them as files.

const LINES = 240;
export const GOODS = Array.from({ length: 24 }, (_, i) => i);
export const PEOPLE = 30;
export const START = Date.UTC(2024, 0, 3, 8, 15, 20) / 1_000;

/** One line of an order. Orders have one to three lines. */
export interface Line {
  readonly n: number;
  readonly order: number;
  readonly good: number;
  readonly person: number;
  readonly second: number;
  readonly pieces: number;
  /** Of one piece. */
  readonly price: number;
}

/** All lines, in the order of time. */
export const lines: readonly Line[] = makeLines();

function makeLines(): Line[] {
  const made: Line[] = [];
  for (let order = 0; made.length < LINES; order++) {
    for (let k = 0; k <= order % 3 && made.length < LINES; k++) {
      const n = made.length;
      const good = (order * 7 + k * 5) % GOODS.length;
      const person = (order * 11 + (order >> 3)) % PEOPLE;
      made.push({
        n,
        order,
        good,
        person,
        second: START + order * 40_000,
        pieces: 1 + (n % 3),
        price: 5 + good * 1.25,
      });
    }
  }
  return made;
}

const COLOURS = ['red', 'blue', 'green'];
const KINDS = ['Mug', 'Bowl', 'Plate', 'Lamp'];
export const colour = (good: number): string => COLOURS[good % 3];
export const kind = (good: number): string => KINDS[good % 4];
export const title = (good: number): string => `${colour(good)} ${kind(good).toLowerCase()} number ${good}`;
export const mail = (person: number): string => `person${person}@example.test`;
export const money = (amount: number): string => amount.toFixed(2);
export const pad = (n: number): string => String(n).padStart(2, '0');
export const at = (second: number, form: string): string => {
  const date = new Date(second * 1_000);
  const values: Record<string, string> = {
    Y: String(date.getUTCFullYear()),
    M: pad(date.getUTCMonth() + 1),
    m: String(date.getUTCMonth() + 1),
    D: pad(date.getUTCDate()),
    d: String(date.getUTCDate()),
    h: pad(date.getUTCHours()),
    i: pad(date.getUTCMinutes()),
    s: pad(date.getUTCSeconds()),
  };
  return form.replace(/[YMmDdhis]/g, (letter) => values[letter]);
};
export const ISO = 'Y-M-D h:i:s';
export const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const firstOf = (line: Line): boolean => lines[line.n - 1]?.order !== line.order;
export const totalOf = (order: number): string =>
  money(lines.filter((line) => line.order === order).reduce((sum, { price, pieces }) => sum + price * pieces, 0));
export const orders = lines.filter(firstOf);

type Cell = string | number;
export function csv(header: string, rows: readonly (readonly Cell[])[], separator = ','): string {
  const cell = (value: Cell): string => {
    const text = String(value);
    return /[\n"]/.test(text) || text.includes(separator) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [header.split(',').join(separator), ...rows.map((row) => row.map(cell).join(separator))].join('\n') + '\n';
}
export const jsonl = (rows: readonly object[]): string => rows.map((row) => JSON.stringify(row)).join('\n');

/** Exports by their layouts: names of files and their texts. */
export type Layouts = Readonly<Record<string, () => Readonly<Record<string, string>>>>;
