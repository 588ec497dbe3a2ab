// Names of columns, and rows of as many cells as there are names.

import { csvLine, RAW_LIMIT, type RowFault, type TableBatch } from './rows';

/**
 * Makes names that are trimmed and different. A column without a name gets its number, from 1.
 * @param note is told of each change
 */
export function columnNames(cells: readonly string[], note: (text: string) => void): string[] {
  const names: string[] = [];
  const taken = new Set(cells.map((cell) => cell.trim()));
  const used = new Set<string>();
  cells.forEach((cell, column) => {
    const name = cell.trim() || String(column + 1);
    let unique = name;
    for (let number = 2; used.has(unique) || (unique !== name && taken.has(unique)); number++) {
      unique = `${name}_${number}`;
    }
    if (unique !== name) note(`column ${column + 1} is called '${unique}', since another one is called '${name}'`);
    used.add(unique);
    names.push(unique);
  });
  return names;
}

/** The names of columns of a file that has none: 1, 2, … */
export function numberedColumns(width: number): string[] {
  return Array.from({ length: width }, (_, column) => String(column + 1));
}

/** Brings rows to the width of the table. Rows that cannot be brought to it become faults. */
export class RowFitter {
  /** The number of rows that lacked cells at their end, which were empty. */
  filled = 0;
  /** The number of rows that had the names of the columns again. */
  repeated = 0;
  /** The number of cells at the end that a row may lack. */
  private readonly optional: number;

  /**
   * @param sample rows of the file. Spreadsheets leave out empty cells at the end of a row. So a
   *   row may lack the last cells if these are empty in other rows of the sample too.
   * @param header the row with the names. Files that were joined have it several times.
   */
  constructor(
    private readonly width: number,
    sample: readonly (readonly string[])[],
    private readonly header?: readonly string[],
  ) {
    const whole = sample.filter((row) => row.length >= width);
    let optional = 0;
    while (optional < width - 1 && whole.some((row) => row[width - 1 - optional].trim() === '')) optional++;
    this.optional = optional;
  }

  fits(row: readonly string[]): boolean {
    if (row.length > this.width) return row.slice(this.width).every((cell) => cell.trim() === '');
    return row.length >= this.width - this.optional;
  }

  /** Sentences on what was changed. */
  notes(): string[] {
    const { filled, repeated } = this;
    return [
      ...(filled > 0 ? [`rows that lacked empty cells at their end: ${filled}`] : []),
      ...(repeated > 0 ? [`rows that have the names of the columns again, and are left out: ${repeated}`] : []),
    ];
  }

  /** @param open whether the last row has no line end, so that it may be cut off */
  fit(batch: TableBatch, open = false): TableBatch {
    const { width } = this;
    const { rows, lines } = batch;
    const { header } = this;
    const repeats = (row: readonly string[]): boolean => header !== undefined && isHeader(row, header);
    if (rows.every((row) => row.length === width && !repeats(row))) return batch;
    const fitted: TableBatch = { rows: [], lines: [], faults: batch.faults };
    rows.forEach((row, i) => {
      if (repeats(row)) {
        this.repeated++;
        return;
      }
      const cutOff = open && i === rows.length - 1 && row.length < width;
      if (!this.fits(row) || cutOff) {
        fitted.faults.push(wrongWidth(row, lines[i], width));
        return;
      }
      if (row.length < width) this.filled++;
      while (row.length < width) row.push('');
      row.length = width;
      fitted.rows.push(row);
      fitted.lines.push(lines[i]);
    });
    return fitted;
  }
}

/**
 * Whether a row has the names of the columns again. A file that was joined to another may have
 * begun with a byte order mark.
 */
export function isHeader(row: readonly string[], header: readonly string[]): boolean {
  const same = (cell: string, name: string): boolean =>
    cell === name || (cell.startsWith('\ufeff') && cell.slice(1) === name);
  // Nearly all rows differ in their first cell.
  return same(row[0], header[0]) && row.length === header.length && header.every((name, i) => same(row[i], name));
}

function wrongWidth(row: readonly string[], line: number, width: number): RowFault {
  return { line, reason: `expected ${width} fields, got ${row.length}`, raw: csvLine(row).slice(0, RAW_LIMIT) };
}
