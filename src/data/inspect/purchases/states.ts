// Finds the columns that say which purchases were called off or came back.

import type { ShopJson } from '../../import/shop-json';
import { MOST_KINDS } from './events';
import type { Reached } from '../model';
import { isUnknown, type Column } from '../profile/profile';
import type { ShopTable } from '../profile/shop-tables';
import { flagMeaning, isYes, statusWord } from '../words';

type StateJson = Extract<NonNullable<NonNullable<ShopJson['transactions']>['state']>, { column: string }>;

/** The columns that say what was called off or came back: words, and dates of when it happened. */
export function statesOf(reached: readonly Reached[], not: string | undefined): StateJson[] {
  const words = stateOf(reached, not);
  const dates = reached.flatMap(({ column, table }): StateJson[] => {
    const means = flagMeaning(column.name);
    const few = column.filled > 0 && column.filled < MOSTLY * column.rows;
    if (!column.date || means === undefined || !few || (words && tellsAll(words, column, table))) return [];
    return [{ column: column.name, [means]: true }];
  });
  return [...(words ? [words] : []), ...dates];
}

/** Dates in more rows than this are dates of something else. */
const MOSTLY = 0.7;

/** Whether the words say it already of each row that has a date. */
function tellsAll(
  { column, returned, cancelled }: StateJson,
  { place }: Column,
  { columns, sample }: ShopTable,
): boolean {
  const at = columns.find(({ name }) => name === column)?.place;
  const said = new Set([returned, cancelled].flatMap((one) => (Array.isArray(one) ? one : [])));
  const dated = sample.filter((row) => !isUnknown(row[place]));
  return at !== undefined && dated.length > 0 && dated.every((row) => said.has(row[at]));
}

function stateOf(reached: readonly Reached[], not: string | undefined): StateJson | undefined {
  let best: { state: StateJson; score: number } | undefined;
  for (const { column } of reached) {
    const { sketch, name, meaning, type, filled } = column;
    if (name === not || !sketch.complete || sketch.distinct > MOST_KINDS || filled === 0) continue;
    const words = [...sketch.values];
    if (type === 'flag' || words.every(([word]) => isYes(word))) {
      const valid = /^(is_?)?valid$/i.test(name);
      const means = valid ? 'cancelled' : flagMeaning(name);
      const yes = words.map(([word]) => word).filter((word) => isYes(word) !== valid);
      if (means === undefined || yes.length === 0 || best) continue;
      best = { state: { column: name, [means]: yes }, score: 0.1 };
      continue;
    }
    if (meaning.facets.has('date') || type === 'number' || type === 'money') continue;
    const of = (wanted: string): string[] =>
      words.filter(([word]) => statusWord(word) === wanted).map(([word]) => word);
    const [cancelled, returned] = [of('cancelled'), of('returned')];
    const told = [...cancelled, ...returned, ...of('fine')].reduce(
      (sum, word) => sum + (sketch.values.get(word) ?? 0),
      0,
    );
    const score = told / filled + (meaning.facets.has('status') ? 0.5 : 0);
    if (cancelled.length + returned.length === 0 || score < 0.6 || score <= (best?.score ?? 0)) continue;
    const state = {
      column: name,
      ...(returned.length > 0 && { returned }),
      ...(cancelled.length > 0 && { cancelled }),
    };
    best = { state, score };
  }
  return best?.state;
}
