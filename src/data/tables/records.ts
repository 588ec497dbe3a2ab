// Cuts text into records of a dialect of CSV. The cutter is written by hand for its recovery: an
// unclosed quote must not swallow the rest of the file, so after a record that cannot be read it
// goes on at the next line. It is also fast, since a line without quotes costs one `split`.

import { lineEnds } from './source/decode';
import { RAW_LIMIT, type RowFault } from './rows';

export interface Dialect {
  readonly separator: string;
  /** One character. Null: no character quotes. */
  readonly quote: string | null;
  /** How a quote is written within quotes. */
  readonly escape: 'double' | 'backslash';
}

export interface Cut {
  readonly rows: string[][];
  /** The line on which each row begins. */
  readonly lines: number[];
  readonly faults: RowFault[];
  /** The number of characters that were cut off. */
  length: number;
  /** The number of line ends within them. */
  lineEnds: number;
  /** Whether the last row ends with the text and has no line end. */
  open: boolean;
}

/**
 * Maximum length of a record in characters. A quote that is not closed within this length is a
 * fault of its line.
 */
const RECORD_LIMIT = 1 << 20;

/** `next` is the offset of the next record, and `lines` is the number of line ends before it. */
type ParsedRecord = { next: number; lines: number } & ({ fields: string[] } | { fields: undefined; reason: string });

export class RecordCutter {
  private readonly separator: string;
  private readonly quote: string | null;

  /**
   * @param fits whether a record can be a row. A record over several lines that cannot is a fault
   *   of its first line only, since a quote was likely forgotten there.
   */
  constructor(
    private readonly dialect: Dialect,
    private readonly fits: (fields: readonly string[]) => boolean = () => true,
  ) {
    this.separator = dialect.separator;
    this.quote = dialect.quote;
  }

  /**
   * Cuts the complete records off the beginning of the text, which is on `line`. `end`: no text
   * follows. Empty lines are left out. Line ends are LF, CRLF or CR, also mixed.
   */
  cut(text: string, line: number, end: boolean): Cut {
    const cut: Cut = { rows: [], lines: [], faults: [], length: 0, lineEnds: 0, open: false };
    const { separator } = this;
    // The next of each kind at or after `at`; text.length if there is none.
    const find = (what: string, from: number): number => {
      const found = text.indexOf(what, from);
      return found < 0 ? text.length : found;
    };
    let [lf, cr] = [find('\n', 0), find('\r', 0)];
    let quote = this.quote === null ? text.length : find(this.quote, 0);
    let at = 0;
    while (at < text.length) {
      if (lf < at) lf = find('\n', at);
      if (cr < at) cr = find('\r', at);
      if (this.quote !== null && quote < at) quote = find(this.quote, at);
      const stop = lf < cr ? lf : cr;
      // The other half of a line end may be in the next piece of text.
      if (!end && stop >= text.length - (stop === cr ? 1 : 0)) {
        if (text.length - at < RECORD_LIMIT) break;
        if (stop === text.length) {
          const reason = `a line of more than ${RECORD_LIMIT} characters`;
          cut.faults.push({ line: line + cut.lineEnds, reason, raw: text.slice(at, at + RAW_LIMIT) });
          at = text.length;
          break;
        }
      }
      const next = stop === text.length ? stop : stop === cr && lf === cr + 1 ? stop + 2 : stop + 1;
      if (quote >= stop) {
        if (stop > at) {
          cut.rows.push(text.slice(at, stop).split(separator));
          cut.lines.push(line + cut.lineEnds);
          cut.open = stop === text.length;
        }
        if (stop < text.length) cut.lineEnds++;
        at = next;
        continue;
      }
      const record = this.parse(text, { at, stop, next }, end);
      if (record === undefined) break;
      if (record.fields !== undefined) {
        cut.rows.push(record.fields);
        cut.lines.push(line + cut.lineEnds);
        cut.open = record.lines === 0;
      } else {
        const raw = text.slice(at, Math.min(stop, at + RAW_LIMIT));
        cut.faults.push({ line: line + cut.lineEnds, reason: record.reason, raw });
      }
      cut.lineEnds += record.lines;
      at = record.next;
    }
    cut.length = at;
    return cut;
  }

  /** Parses a record with quotes. Returns undefined if its end has not been read yet. */
  private parse(
    text: string,
    line: { readonly at: number; readonly stop: number; readonly next: number },
    end: boolean,
  ): ParsedRecord | undefined {
    const lines = line.stop < text.length ? 1 : 0;
    const bad = (reason: string): ParsedRecord => ({ fields: undefined, reason, next: line.next, lines });
    const fields: string[] = [];
    let within = 0;
    let at = line.at;
    for (;;) {
      const opened = this.quoteAt(text, at);
      const field = opened < 0 ? this.plain(text, at) : this.quoted(text, at, opened);
      if (field.fault !== undefined) {
        // The end of the quotes may be in the next piece of text.
        const open = field.stop + this.separator.length > text.length;
        if (!end && open && text.length - line.at <= RECORD_LIMIT) return undefined;
        return bad(field.fault);
      }
      const { value, stop } = field;
      if (opened >= 0) {
        if (stop - line.at > RECORD_LIMIT) return bad(UNCLOSED);
        if (stop > line.stop) within += lineEnds(value);
      }
      fields.push(value);
      if (!end && stop + this.separator.length >= text.length) return undefined;
      if (stop < text.length && text.startsWith(this.separator, stop)) {
        at = stop + this.separator.length;
        continue;
      }
      if (within > 0 && !this.fits(fields)) {
        return bad(`a quote is likely not closed: ${fields.length} fields up to the next quotes`);
      }
      if (stop >= text.length) return { fields, next: text.length, lines: within };
      const crlf = text[stop] === '\r' && text[stop + 1] === '\n';
      return { fields, next: stop + (crlf ? 2 : 1), lines: within + 1 };
    }
  }

  /** The offset of the quote with which a field begins, after blanks; −1 if it has none. */
  private quoteAt(text: string, at: number): number {
    let start = at;
    while ((text[start] === ' ' || text[start] === '\t') && !text.startsWith(this.separator, start)) start++;
    return text[start] === this.quote ? start : -1;
  }

  /**
   * A field without quotes, or with quotes as ordinary characters. `stop` is after its last one.
   */
  private plain(text: string, at: number): Field {
    let stop = at;
    const first = this.separator[0];
    while (stop < text.length) {
      const character = text[stop];
      if (character === '\n' || character === '\r') break;
      if (character === first && text.startsWith(this.separator, stop)) break;
      stop++;
    }
    return { value: text.slice(at, stop), stop, fault: undefined };
  }

  /** A field whose quotes open at `opened`. Blanks around the quotes are left out. */
  private quoted(text: string, at: number, opened: number): Field {
    let value = '';
    let from = opened + 1;
    for (;;) {
      const quote = this.closing(text, from);
      if (quote < 0) return { value, stop: text.length, fault: UNCLOSED };
      value += this.unescaped(text.slice(from, quote));
      if (text[quote + 1] !== this.quote) {
        from = quote + 1;
        break;
      }
      value += text[quote];
      from = quote + 2;
    }
    let stop = from;
    while ((text[stop] === ' ' || text[stop] === '\t') && !text.startsWith(this.separator, stop)) stop++;
    const ends = stop >= text.length || /[\r\n]/.test(text[stop]) || text.startsWith(this.separator, stop);
    if (ends) return { value, stop, fault: undefined };
    // Not a quoted field, but one such as: 5, "big" box
    if (opened > at) return this.plain(text, at);
    const fault = `a closing quote is followed by '${text[stop]}', expected '${this.separator}' or the end of the line`;
    return { value, stop, fault };
  }

  /** The offset of the next quote that has no backslash before it; −1 if there is none. */
  private closing(text: string, from: number): number {
    const quote = this.quote as string;
    let found = text.indexOf(quote, from);
    if (this.dialect.escape === 'double') return found;
    for (; found >= 0; found = text.indexOf(quote, found + 1)) {
      let backslashes = 0;
      while (found - backslashes > from && text[found - 1 - backslashes] === '\\') backslashes++;
      if (backslashes % 2 === 0) return found;
    }
    return -1;
  }

  private unescaped(value: string): string {
    if (this.dialect.escape === 'double' || !value.includes('\\')) return value;
    return value.replace(/\\(.)/gs, (both, next: string) => (next === '\\' || next === this.quote ? next : both));
  }
}

type Field = { value: string; stop: number; fault: string | undefined };

const UNCLOSED = 'a quote is opened and not closed';
