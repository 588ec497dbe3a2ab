// Moments of the calendar in UTC, and the names of months.

import { DAY } from '../../time';

/** Years that can be stored and written with four digits. */
const FIRST_YEAR = 100;
const LAST_YEAR = 9999;
export const FIRST_SECOND = Date.UTC(FIRST_YEAR, 0, 1) / 1_000;
export const LAST_SECOND = Date.UTC(LAST_YEAR, 11, 31, 23, 59, 59) / 1_000;

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether there is such a day. Months are counted from 1. */
export function isDay(year: number, month: number, day: number): boolean {
  if (!(year >= FIRST_YEAR && year <= LAST_YEAR && month >= 1 && month <= 12 && day >= 1)) return false;
  return day <= MONTH_DAYS[month - 1] + (month === 2 && isLeapYear(year) ? 1 : 0);
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Seconds from 1970 to the beginning of a day in UTC. Much faster than Date. */
export function startOfDay(year: number, month: number, day: number): number {
  // Years that begin in March have their leap day at the end.
  const shifted = month > 2 ? year : year - 1;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const leapDays = Math.floor(shifted / 4) - Math.floor(shifted / 100) + Math.floor(shifted / 400);
  return (365 * shifted + leapDays + dayOfYear - DAYS_BEFORE_1970) * DAY;
}

const WRITTEN_TIME = /(?:^|[T\s])(\d{1,2})[:.h](\d{2})(?:[:.m](\d{2})(?:[.,]\d+)?)?\s*([ap])?\.?(?:m\.?)?$/i;

/**
 * The second of a time of day: 14:05, 14:05:30, 2:05 PM, 1405, 140530, or a part of the day as
 * spreadsheets have it. A day before the time is left out. Undefined if it is no time.
 */
export function secondOfDay(text: string): number | undefined {
  if (/^0?[.,]\d+$/.test(text)) return Math.round(Number(text.replace(',', '.')) * DAY) % DAY;
  const written = WRITTEN_TIME.exec(text);
  const digits = /^\d{1,6}$/.test(text) ? text.padStart(text.length > 4 ? 6 : 4, '0') : undefined;
  const parts = written?.slice(1, 4) ?? digits?.match(/\d\d/g);
  if (!parts) return undefined;
  const [shown, minute, second] = [...parts, '0', '0'].map((part) => Number(part ?? 0));
  const half = written?.[4]?.toLowerCase();
  if (half !== undefined && shown > 12) return undefined;
  const hour = half === undefined ? shown : (shown % 12) + (half === 'p' ? 12 : 0);
  return hour < 24 && minute < 60 && second < 60 ? hour * 3_600 + minute * 60 + second : undefined;
}

/** Days from 1 March of the year 0 to 1 January 1970. */
const DAYS_BEFORE_1970 = 719_468;

/**
 * The month of a name or abbreviation in any of seven languages, from 1; undefined if it is none.
 */
export function monthOf(name: string): number | undefined {
  return MONTHS.get(plain(name));
}

/** Whether this is the name or abbreviation of a day of the week. */
export function isWeekday(name: string): boolean {
  return WEEKDAYS.has(plain(name));
}

/** Lower case, without accents and full stops. */
function plain(name: string): string {
  return name.normalize('NFD').replace(/[\p{M}.]/gu, '').toLowerCase(); // prettier-ignore
}

/** English, German, French, Spanish, Italian, Dutch and Portuguese. */
const MONTH_NAMES = [
  'jan january januar janner janvier janv enero ene gennaio gen januari janeiro',
  'feb february februar fevrier fevr fev febrero febbraio februari fevereiro',
  'mar march marz mrz mars marzo maart mrt marco',
  'apr april avril avr abril abr aprile',
  'may mai mayo maggio mag mei maio',
  'jun june juni juin junio giugno giu junho',
  'jul july juli juillet juil julio luglio lug julho',
  'aug august aout agosto ago augustus',
  'sep sept september septembre septiembre setiembre settembre set setembro',
  'oct october oktober okt octobre octubre ottobre ott outubro out',
  'nov november novembre noviembre novembro',
  'dec december dezember dez decembre diciembre dic dicembre dezembro',
];
const MONTHS: ReadonlyMap<string, number> = new Map(
  MONTH_NAMES.flatMap((names, month) => names.split(' ').map((name) => [name, month + 1] as const)),
);
const WEEKDAYS: ReadonlySet<string> = new Set(
  [
    'mon monday tue tues tuesday wed wednesday thu thur thurs thursday fri friday sat saturday sun sunday',
    'mo montag di dienstag mi mittwoch do donnerstag fr freitag sa samstag sonnabend so sonntag',
    'lun lundi mar mardi mer mercredi jeu jeudi ven vendredi sam samedi dim dimanche',
    'lunes martes mie miercoles jue jueves vie viernes sab sabado dom domingo',
    'lunedi martedi mercoledi gio giovedi venerdi sabato domenica',
    'ma maandag dinsdag wo woensdag donderdag vr vrijdag za zaterdag zo zondag',
    'seg segunda ter terca qua quarta qui quinta sex sexta segunda-feira terca-feira quarta-feira',
    'quinta-feira sexta-feira',
  ].flatMap((names) => names.split(' ')),
);
