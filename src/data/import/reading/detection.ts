// Finds the format of dates and the decimal mark of a section, if shop.json does not say them. A
// date that could be read in two ways is refused, never guessed.

import { VitrineError } from '../../../errors';
import type { Table } from '../../tables/table';
import { DateDetection, type DateFinding } from '../../values/date-detection';
import { ISO } from '../../values/dates';
import { isNull } from '../../values/nulls';
import { NumberDetection } from '../../values/number-detection';
import type { Found } from '../readers';
import type { SectionJson, Target, Targets } from '../targets';

/** The number of rows that must have plain dates, so that not all rows are looked at. */
const FIRST_ROWS = 5_000;

/**
 * Looks at the files of a section. `reopen` gives a table again, since a table is read only once.
 * @throws VitrineError INPUT_INVALID if dates or numbers are ambiguous, or no dates
 */
export async function detect(
  reopen: readonly (() => Promise<Table>)[],
  json: SectionJson,
  targets: Targets,
): Promise<Found> {
  const dates = targets.fields.filter(({ kind }) => kind === 'time');
  const numbers = targets.fields.filter(({ kind }) => NUMBERS.has(kind)).flatMap(({ from }) => from);
  numbers.push(...targets.attributes.filter(({ kind }) => kind === 'number').map(({ from }) => from));
  const looked = { date: json.dateFormat === undefined, decimal: json.decimal === undefined };
  const found = { dateFormat: json.dateFormat ?? 'iso', decimal: json.decimal ?? ('.' as const) };
  if ((!looked.date || dates.length === 0) && (!looked.decimal || numbers.length === 0)) return found;
  const detection = new DateDetection();
  const marks = new NumberDetection();
  const unknown = isNull(json.nulls);
  let plain = true;
  let separator: string | undefined;
  for (const open of reopen) {
    const table = await open();
    separator ??= table.form.separator;
    try {
      const places = (names: readonly string[]) =>
        names.map((name) => table.header.indexOf(name)).filter((at) => at >= 0);
      const [datesAt, numbersAt] = [places(looked.date ? dates.flatMap(({ from }) => from) : []), places(numbers)];
      let rows = 0;
      for await (const batch of table.batches()) {
        for (const row of batch.rows) {
          for (const at of datesAt) {
            const text = row[at].trim();
            if (unknown(text)) continue;
            plain &&= ISO.test(text);
            detection.add(text);
          }
          if (rows < FIRST_ROWS || !plain) for (const at of numbersAt) if (!unknown(row[at])) marks.add(row[at].trim());
          rows++;
        }
        if (rows >= FIRST_ROWS && plain) break;
      }
    } finally {
      await table.close();
    }
  }
  const name = dates.map((date: Target) => date.from[0]).join(', ');
  const decimal = looked.decimal ? decimalOf(marks, separator) : found.decimal;
  const dateFormat = looked.date && dates.length > 0 && !plain ? formatOf(detection.result(), name) : found.dateFormat;
  return { dateFormat, decimal };
}

const NUMBERS: ReadonlySet<string> = new Set(['whole', 'small', 'real']);

function formatOf(finding: DateFinding, column: string): string {
  if ('format' in finding) return finding.format;
  if ('ambiguous' in finding) {
    const { ambiguous, example, readings } = finding;
    throw new VitrineError(
      'INPUT_INVALID',
      `${column}: '${example}' is ${readings[0]} by the format ${ambiguous[0]} and ${readings[1]} by ${ambiguous[1]}, and no ` +
        `value of the column tells which. Add "dateFormat": "${ambiguous[0]}" or "dateFormat": "${ambiguous[1]}" to this section of shop.json.`,
    );
  }
  // Each row says for itself what is wrong with it.
  return 'iso';
}

function decimalOf(marks: NumberDetection, separator: string | undefined): Found['decimal'] {
  const finding = marks.result();
  if ('decimal' in finding) return finding.decimal;
  // "1,234" alone: where columns are separated by semicolons, commas are decimal marks.
  return 'ambiguous' in finding && separator === ';' ? ',' : '.';
}
