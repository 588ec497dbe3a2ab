// Profiles the columns of a table in one pass: how many values there are, what they look like, and
// what type the column has. All values count for dates and for what is unique; the other types are
// judged by a part of the rows.

import { DateDetection, type DateFinding } from '../../values/date-detection';
import { createDateReader } from '../../values/dates';
import { flagOf } from '../../values/flags';
import { ListDetection } from '../../values/list-detection';
import { isNull } from '../../values/nulls';
import { NumberDetection, type NumberFinding } from '../../values/number-detection';
import { meaningIn, type Meaning } from './names';
import { Sketch } from './sketch';

export type ColumnType =
  | 'empty' | 'date' | 'flag' | 'number' | 'money' | 'list' | 'html' | 'url' | 'image' | 'text' | 'category' | 'id'; // prettier-ignore

export interface Column {
  readonly name: string;
  /** The place in the row, from 0. */
  readonly place: number;
  readonly meaning: Meaning;
  readonly type: ColumnType;
  readonly rows: number;
  /** Number of values that are known. */
  readonly filled: number;
  readonly sketch: Sketch;
  /** Undefined if the values are no dates. */
  readonly date: Extract<DateFinding, { format: string } | { ambiguous: unknown }> | undefined;
  /** First and last moment that was seen, in Unix seconds. */
  readonly span: readonly [number, number] | undefined;
  readonly number: Exclude<NumberFinding, { none: string }> | undefined;
  /** The separator of lists. */
  readonly list: string | undefined;
  /** Number of values below zero among those looked at. */
  readonly negative: number;
  /** The length of all values in characters, if it is the same. */
  readonly width: number | undefined;
  readonly leadingZeros: boolean;
  /** Whether whole numbers are written with .0 at the end. */
  readonly dotZero: boolean;
  readonly meanWords: number;
  readonly longest: number;
  readonly examples: readonly string[];
  /** The texts that stand for unknown values, as they are in the file. */
  readonly nulls: readonly string[];
}

/** After so many rows, only each STEP-th is looked at closely. */
const CLOSE_ROWS = 20_000;
const STEP = 50;
/** Longer cells are not looked at as lists, since the different ones are held in memory. */
const LONGEST_LIST = 1_000;
/** A column without a date among so many values has none. */
const DATELESS = 2_000;

const unknown = isNull();

export function isUnknown(text: string): boolean {
  return unknown(text);
}

/** Collects what is known of one column. */
export class ColumnObserver {
  private rows = 0;
  private filled = 0;
  private looked = 0;
  private readonly sketch = new Sketch();
  private readonly dates = new DateDetection();
  private dateless = false;
  private readonly numbers = new NumberDetection();
  private readonly lists = new ListDetection();
  private readonly seen = {
    html: 0,
    url: 0,
    image: 0,
    flag: 0,
    negative: 0,
    words: 0,
    spaced: 0,
    zeros: 0,
    dotZero: 0,
  };
  private shortest = Number.POSITIVE_INFINITY;
  private longest = 0;
  private least: string | undefined;
  private most: string | undefined;
  private readonly examples: string[] = [];
  private readonly nulls = new Set<string>();

  constructor(
    private readonly name: string,
    private readonly place: number,
    /** The columns with lists that were taken apart. */
    private readonly exploded: readonly string[] = [],
  ) {}

  add(cell: string): void {
    this.rows++;
    if (unknown(cell)) {
      this.nulls.add(cell.trim());
      return;
    }
    const text = cell.trim();
    this.filled++;
    // The apostrophe marks a text in spreadsheets. The import leaves it out of ids as well.
    this.sketch.add(/^'[^']+$/.test(text) ? text.slice(1) : text);
    if (!this.dateless && text.length <= 60) {
      this.dates.add(text);
      if (this.least === undefined || text < this.least) this.least = text;
      if (this.most === undefined || text > this.most) this.most = text;
      if (this.filled === DATELESS && 'none' in this.dates.result()) this.dateless = true;
    } else if (!this.dateless) this.dateless = true;
    if (this.filled <= CLOSE_ROWS || this.filled % STEP === 0) this.look(text);
  }

  private look(text: string): void {
    const { seen } = this;
    this.looked++;
    if (this.examples.length < 3 && !this.examples.includes(text)) this.examples.push(text);
    if (text.length < this.shortest) this.shortest = text.length;
    if (text.length > this.longest) this.longest = text.length;
    if (text.length <= 40) this.numbers.add(text);
    else this.numbers.add('no number');
    if (text.length <= LONGEST_LIST) this.lists.add(text);
    if (/<\/?[a-z][^<>]*>/i.test(text)) seen.html++;
    if (/^(https?:)?\/\/\S+$/i.test(text)) seen.url++;
    if (/\.(jpe?g|png|webp|gif|avif)(\?\S*)?$/i.test(text)) seen.image++;
    if (flagOf(text) !== undefined) seen.flag++;
    if (/^-\s*\D{0,4}\d|^\(.*\d.*\)$/.test(text)) seen.negative++;
    seen.words += text.split(/\s+/).length;
    if (/\s/.test(text)) seen.spaced++;
    if (/^'?0\d+$/.test(text)) seen.zeros++;
    if (/^\d+\.0$/.test(text)) seen.dotZero++;
  }

  result(): Column {
    const { seen, sketch, filled, looked } = this;
    const meaning = meaningIn(this.name, this.exploded);
    const date = this.dateFinding(meaning);
    const numbers = this.numbers.result();
    const number = 'none' in numbers ? undefined : numbers;
    const list = this.lists.result(meaning.facets.has('tags') || meaning.facets.has('category'));
    const meanWords = looked === 0 ? 0 : seen.words / looked;
    const most = (count: number): boolean => count >= 0.9 * looked;
    const type = ((): ColumnType => {
      if (filled === 0) return 'empty';
      if (date) return 'date';
      if (most(seen.url)) return most(seen.image) ? 'image' : 'url';
      if (seen.html >= 0.1 * looked) return 'html';
      if (most(seen.flag) && this.isFlag(meaning)) return 'flag';
      if (number) {
        const named = meaning.facets.has('price') || meaning.facets.has('total');
        const money = ('money' in number && number.money) || (named && !meaning.facets.has('id'));
        if (seen.zeros === 0 && money) return 'money';
        return seen.zeros === 0 ? 'number' : 'id';
      }
      if (list !== undefined) return 'list';
      if (meanWords >= 6 || this.longest > 160) return 'text';
      if (sketch.distinct <= 60 ? sketch.distinct <= 0.5 * filled : sketch.distinct <= 0.2 * filled) return 'category';
      return seen.spaced < 0.3 * looked ? 'id' : 'text';
    })();
    return {
      name: this.name,
      place: this.place,
      meaning,
      type,
      rows: this.rows,
      filled,
      sketch,
      date,
      span: date && this.spanOf(date),
      number,
      list,
      negative: seen.negative,
      width: this.shortest === this.longest ? this.longest : undefined,
      leadingZeros: seen.zeros > 0,
      dotZero: seen.dotZero >= 0.9 * looked && looked > 0,
      meanWords,
      longest: this.longest,
      examples: this.examples,
      nulls: [...this.nulls].sort(),
    };
  }

  /** Two words, or one word beside empty cells. */
  private isFlag({ facets }: Meaning): boolean {
    if (facets.has('quantity') || facets.has('price') || facets.has('total')) return false;
    return this.sketch.distinct === 2 || (this.sketch.distinct === 1 && this.filled < this.rows);
  }

  /** Numbers are dates only where the name says so or they cannot be much else. */
  private dateFinding({ facets, things, bareId }: Meaning): Column['date'] {
    if (this.dateless || this.filled === 0) return undefined;
    const finding = this.dates.result();
    if ('none' in finding) return undefined;
    if ('ambiguous' in finding) return finding;
    const named = facets.has('date') || facets.has('launch');
    if (finding.format === 'excel') return named ? finding : undefined;
    const numeric = finding.format.startsWith('epoch') || /^\d+$/.test(this.examples[0] ?? '');
    if (!numeric || named) return finding;
    if (bareId || facets.has('id') || facets.has('price') || facets.has('quantity')) return undefined;
    return things.size === 0 && this.sketch.distinct > 20 && this.plausible(finding.format) ? finding : undefined;
  }

  /** Whether all moments lie in the years of computers. */
  private plausible(format: string): boolean {
    const span = this.spanOf({ format });
    return span !== undefined && span[0] > 631_152_000 && span[1] < 2_208_988_800;
  }

  private spanOf(date: { readonly format: string } | object): readonly [number, number] | undefined {
    if (!('format' in date)) return undefined;
    const read = createDateReader(date.format);
    let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const text of [...this.sketch.values.keys(), this.least, this.most]) {
      try {
        const at = text === undefined ? Number.NaN : read(text);
        if (at < first) first = at;
        if (at > last) last = at;
      } catch {
        // A mistake among dates. The import says what is wrong with it.
      }
    }
    return first <= last ? [first, last] : undefined;
  }
}
