// Inspects a folder: reads all its tables, decides what they are, and describes them as shop.json
// does. Nothing is written here.

import type { Reporter } from '../../telemetry/progress';
import { shopJsonSchema, type ShopJson } from '../import/shop-json';
import { describe } from './describe';
import type { Question } from './doubts';
import type { Plan } from './model';
import { planOf } from './plan';
import type { Column } from './profile/profile';
import type { Events } from './purchases/events';
import { readTables, tableName, type ShopTable } from './profile/shop-tables';

export interface Inspection {
  readonly json: ShopJson;
  readonly tables: readonly InspectedTable[];
  /** How the files refer to each other. */
  readonly joins: readonly string[];
  /** Kinds of events, if the file of purchases has several. */
  readonly events: Events | undefined;
  /** First and last purchase, in Unix seconds; null if there are no dates that can be read. */
  readonly span: readonly [number, number] | null;
  /** Sentences on what looks wrong or was not sure. */
  readonly warnings: readonly string[];
  readonly questions: readonly Question[];
}

export interface InspectedTable {
  readonly name: string;
  readonly rows: number;
  readonly form: string;
  readonly columns: readonly { name: string; type: string; role: string; examples: readonly string[] }[];
}

/** @throws VitrineError INPUT_INVALID if the folder has no table; STORAGE_UNAVAILABLE */
export async function inspectShop(dir: string, reporter: Reporter, signal?: AbortSignal): Promise<Inspection> {
  const { tables, skipped } = await readTables(dir, reporter, signal);
  const plan = planOf(tables);
  const { json, events, warnings, questions } = describe(plan, tables);
  const date = json.transactions && plan.purchases?.roles.date?.column;
  return {
    json: shopJsonSchema.parse(json),
    tables: tables.map((table) => inspected(table, json)),
    joins: joinSentences(plan),
    events,
    span: date?.span ?? null,
    warnings: [...skipped, ...tables.flatMap(({ notes }) => notes), ...warnings],
    questions,
  };
}

function inspected(table: ShopTable, json: ShopJson): InspectedTable {
  const { separator, encoding, type } = table.form;
  const form = [type, separator === '\t' ? 'tab' : separator, encoding].filter(Boolean).join(', ');
  const roles = rolesIn(table, json);
  const columns = table.columns.map((column) => ({
    name: column.name,
    type: typeText(column),
    role: roles.get(column.name) ?? '',
    examples: column.examples,
  }));
  return { name: tableName(table), rows: table.rows, form, columns };
}

function typeText({ type, date, list }: Column): string {
  if (date) return 'format' in date ? `date ${date.format}` : `date ${date.ambiguous.join(' or ')}`;
  return type === 'list' && list !== undefined ? `list ${list}` : type;
}

/** What each column of a table is in the description. */
function rolesIn({ files, header }: ShopTable, json: ShopJson): ReadonlyMap<string, string> {
  const roles = new Map<string, string>();
  for (const section of ['transactions', 'articles', 'customers'] as const) {
    const own = json[section];
    if (!own || !filesOf(own).includes(files[0])) continue;
    const put = (column: string, role: string): void => {
      if (header.includes(column) && !roles.has(column)) roles.set(column, role);
    };
    const of = { transactions: 'purchase', articles: 'article', customers: 'customer' }[section];
    const others = new Set(['file', 'form', 'join', 'ids', 'dateFormat', 'decimal', 'zone', 'nulls', 'fillDown']);
    const { where, state, ...fields } = { state: undefined, ...own };
    for (const [field, value] of Object.entries({ ...fields, where, state })) {
      if (others.has(field) || value === undefined) continue;
      const columns = field === 'attributes' ? Object.keys(value as object) : columnsOf(value);
      for (const column of columns) put(column, field === 'attributes' ? `${of}: attribute` : `${of}: ${field}`);
    }
  }
  return roles;
}

function columnsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(columnsOf);
  if (typeof value !== 'object' || value === null || !('column' in value)) return [];
  return [...columnsOf(value.column), ...('time' in value ? columnsOf(value.time) : [])];
}

function filesOf(section: NonNullable<ShopJson['transactions' | 'articles' | 'customers']>): string[] {
  const joined = section.join === undefined ? [] : Array.isArray(section.join) ? section.join : [section.join];
  return [section.file ?? [], joined.map(({ file }) => file)].flat(2);
}

function joinSentences({ purchases, articles, customers }: Plan): string[] {
  if (!purchases) return [];
  const percent = (share: number): string => `${Math.round(100 * share)} %`;
  const edges = new Set(Object.values(purchases.roles).flatMap(({ path }) => path));
  const joined = [...edges].map(
    ({ from, here, to, there, share }) =>
      `${tableName(from)}: ${percent(share)} of the values of ${here.name} are in ${there.name} of ${tableName(to)}.`,
  );
  const masters = [
    ['articles', purchases.roles.article, articles] as const,
    ['customers', purchases.roles.customer, customers] as const,
  ].flatMap(([what, referring, master]) =>
    referring && master
      ? [`${percent(master.link?.share ?? 0)} of the ${what} of purchases are in ${tableName(master.table)}.`]
      : [],
  );
  return [...joined, ...masters];
}
