// Sentences on what the files leave open, and questions whose answers change the description.

import type { ShopJson } from '../import/shop-json';
import type { Purchases, Reached } from './model';
import type { Column } from './profile/profile';
import { tableName, type ShopTable } from './profile/shop-tables';
import { firstRowsOnly } from './row-shapes';
import type { Events } from './purchases/events';

/** Something that the files do not tell. Without an answer the description stays as it is. */
export interface Question {
  readonly text: string;
  readonly choices: readonly { readonly label: string; readonly apply: (json: ShopJson) => ShopJson }[];
  /** The place of the choice that is most likely. */
  readonly likely: number;
}

/** Collects what was not sure. */
export interface Notes {
  readonly warnings: string[];
  readonly questions: Question[];
}

/** Names columns that are called days or times and have none. */
export function undatedSentence(reached: readonly Reached[]): string {
  const named = reached.filter(({ column }) => column.meaning.facets.has('date') && !column.date && column.filled > 0);
  const list = named.map(({ column }) => `${column.name} (${column.examples.join(', ')})`).join(', ');
  return list === '' ? '' : ` These are no dates that are known: ${list}.`;
}

export function eventCondition(events: Events, { warnings, questions }: Notes) {
  const { column, kinds, known } = events;
  const unclear = kinds.length === 1 ? [] : kinds;
  if (!known) {
    if (unclear.length === 0) return undefined;
    const words = unclear.map(({ word, count }) => `${word} (${count})`).join(', ');
    warnings.push(
      `${column} has kinds of events, and none is known to mean a purchase: ${words}. All rows count as purchases until ` +
        `"where": { "column": "${column}", "in": [...] } names those that are.`,
    );
    questions.push({
      text: `Which ${column} means a purchase?`,
      choices: [
        { label: 'all of them', apply: (json) => json },
        ...unclear.map(({ word }) => ({
          label: word,
          apply: (json: ShopJson): ShopJson =>
            json.transactions
              ? { ...json, transactions: { ...json.transactions, where: { column, in: [word] } } }
              : json,
        })),
      ],
      likely: 0,
    });
    return undefined;
  }
  const kept = kinds.filter(({ purchase }) => purchase).map(({ word }) => word);
  return kept.length === kinds.length ? undefined : { column, in: kept };
}

export function withoutSentence(table: ShopTable, { name, rows, filled }: Column): string {
  return `${tableName(table)}: ${rows - filled} of ${rows} rows have no ${name} and are left out.`;
}

export function askForGuess([customer, article]: readonly [Column, Column], { base, notes }: Asking): void {
  const named = `${customer.name} has the customers and ${article.name} the articles`;
  notes.warnings.push(`${tableName(base)}: guessed by the order of columns that ${named}.`);
  notes.questions.push({
    text: `Is it right that in ${tableName(base)} ${named}?`,
    choices: [
      { label: 'yes', apply: (json) => json },
      {
        label: 'no, the other way round',
        apply: ({ transactions, ...json }) => ({
          ...json,
          ...(transactions && { transactions: { ...transactions, customer: article.name, article: customer.name } }),
        }),
      },
    ],
    likely: 0,
  });
}

interface Asking {
  readonly base: ShopTable;
  readonly notes: Notes;
}

export function askForDate(section: 'transactions', column: Column, { base, notes }: Asking): void {
  if (!column.date || !('ambiguous' in column.date)) return;
  const { ambiguous, example, readings } = column.date;
  notes.warnings.push(
    `${column.name}: '${example}' is ${readings[0]} by ${ambiguous[0]} and ${readings[1]} by ${ambiguous[1]}. Add "dateFormat" with one of them.`,
  );
  // Where columns are separated by semicolons, days come before months.
  const likely = base.form.separator === ';' ? ambiguous.findIndex((format) => format.startsWith('D')) : -1;
  notes.questions.push({
    text: `Which day is '${example}' in ${column.name}?`,
    choices: ambiguous.map((format, i) => ({
      label: `${readings[i]} (${format})`,
      apply: (json) => (json[section] ? { ...json, [section]: { ...json[section], dateFormat: format } } : json),
    })),
    likely: Math.max(0, likely),
  });
}

export function noteRoles({ base, roles }: Purchases, { warnings }: Notes, events: Events | undefined): void {
  const { customer, article, order, date, price } = roles;
  const rating = base.columns.find(({ meaning, number, date: at }) => meaning.facets.has('rating') && number && !at);
  if (rating && !events && !price) {
    warnings.push(`${tableName(base)} has ratings (${rating.name}). All its rows count as purchases.`);
  }
  if (customer && customer.column.sketch.single > 0.95 && base.rows > 50) {
    warnings.push(
      `${customer.column.name}: hardly any customer comes twice. Look whether it is the column of customers.`,
    );
  }
  const filledDown = order && firstRowsOnly(base)?.by === order.column.name;
  if (
    order &&
    customer &&
    article &&
    order.column.filled < 0.5 * order.column.rows &&
    !order.path.length &&
    !filledDown
  ) {
    warnings.push(`${order.column.name} is empty in most rows; it counts as the order of the others.`);
  }
  if (date?.column.span && date.column.span[0] < 0) {
    warnings.push(`${date.column.name} has days before 1970. Look whether it is the column of dates.`);
  }
}
