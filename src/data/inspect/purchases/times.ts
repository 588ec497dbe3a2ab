// Times that are not written as dates: a time of day in a column of its own, and numbers that count
// days, weeks or orders.

import { secondOfDay } from '../../values/calendar';
import type { Notes } from '../doubts';
import type { Reached } from '../model';
import { isUnknown, type Column } from '../profile/profile';
import { countOf } from '../roles';

/** The day from which days are counted where no file tells it. A Monday. */
const BEGINNING = '2018-01-01';
const NIGHT_HOURS = 24;

/** The column with the times of day, if the dates have none. */
export function timeOf(date: Reached | undefined, reached: readonly Reached[]): Reached | undefined {
  if (!date) return undefined;
  const { column, table } = date;
  const dated = column.date && 'dateOnly' in column.date && column.date.dateOnly;
  if (!dated && countOf(column) !== 'days') return undefined;
  return reached.find((one) => one.table === table && one.column !== column && isTimeOfDay(one));
}

function isTimeOfDay({ column, table }: Reached): boolean {
  const { meaning, place, type } = column;
  if (column.date || type === 'empty') return false;
  const cells = table.sample.map((row) => row[place]).filter((cell) => !isUnknown(cell));
  const read = cells.filter((cell) => secondOfDay(cell) !== undefined).length;
  if (cells.length === 0 || read < 0.95 * cells.length) return false;
  if (cells.every((cell) => /\d[:.h]\d/.test(cell) && !/^0?[.,]\d+$/.test(cell)))
    return /:/.test(cells[0]) || isNamed(column);
  // Digits are times if the name says so. Up to 23 they may be hours.
  const largest = cells.reduce((most, cell) => Math.max(most, Number(cell.replace(',', '.'))), 0);
  return isNamed(column) && !meaning.words.includes('hour') && (largest < 1 || largest > NIGHT_HOURS);
}

function isNamed({ meaning: { words } }: Column): boolean {
  return words.some((word) => /^(time|zeit|uhrzeit|hora|heure|ora|tijd|время|时间)$/.test(word));
}

/** The format of numbers that count from an unknown beginning. */
export function startOfCount(column: Column): string | undefined {
  const counted = countOf(column);
  if (counted === undefined) return undefined;
  if (counted === 'days of a year') return `MDD in ${BEGINNING.slice(0, 4)}`;
  return `${counted === 'weeks' ? 'weeks' : 'days'} since ${BEGINNING}`;
}

/** Says what was assumed of the beginning. */
export function noteCount(column: Column, { warnings }: Notes): void {
  const counted = countOf(column);
  const { name } = column;
  if (counted === 'orders') {
    warnings.push(
      `No file has dates. ${name} counts the orders of each customer, and counts as days from ${BEGINNING}. What follows what ` +
        'is right. What is new or in season cannot be told, and the latest days have the customers with most orders only.',
    );
  } else if (counted === 'days of a year') {
    warnings.push(
      `${name} has days and months, and no year. "dateFormat": "${startOfCount(column)}" is assumed: write the right year there.`,
    );
  } else if (counted !== undefined) {
    warnings.push(
      `${name} counts ${counted}, and no file says from which day. "dateFormat": "${startOfCount(column)}" is assumed. ` +
        'Distances are right. Write the first day there if weekdays, seasons and the present matter.',
    );
  }
}
