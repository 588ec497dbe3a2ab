// Writes the description of a shop's tables, with sentences on what was not sure, and questions
// whose answers would change it.

import type { ShopJson } from '../import/shop-json';
import { eventsOf, type Events } from './purchases/events';
import { statesOf } from './purchases/states';
import { holdsObjects, type IdForm } from './links';
import { articleFields, customerFields, type ArticlesJson, type CustomersJson } from './master-sections';
import type { Master, Plan, Purchases, Reached } from './model';
import type { Column } from './profile/profile';
import { articleCells, filledOnly, joinsOf, priceOf, whereOf, type PurchasesJson } from './purchases/section';
import {
  askForDate,
  askForGuess,
  eventCondition,
  noteRoles,
  undatedSentence,
  withoutSentence,
  type Notes,
  type Question,
} from './doubts';
import { noteCount, startOfCount, timeOf } from './purchases/times';
import { dependsOn, firstRowsOnly } from './row-shapes';
import type { Thing } from './profile/names';
import { tableName, type ShopTable } from './profile/shop-tables';

export interface Described {
  readonly json: ShopJson;
  readonly events: Events | undefined;
  readonly warnings: readonly string[];
  readonly questions: readonly Question[];
}

export function describe(plan: Plan, tables: readonly ShopTable[]): Described {
  const notes: Notes = { warnings: [], questions: [] };
  const purchases = plan.purchases && purchasesSection(plan, plan.purchases, notes);
  const articles = articlesSection(plan, notes);
  const customers = customersSection(plan, notes);
  const currency = currencyOf(tables, plan);
  if (!plan.purchases) {
    notes.warnings.push('No file has articles together with customers or dates, so there are no purchases.');
  }
  const used = usedTables(plan, purchases?.used ?? []);
  for (const table of tables) {
    if (!used.has(table)) notes.warnings.push(`${tableName(table)} is not used: it has no part in purchases, articles or customers.`); // prettier-ignore
    if (table.form.header === false) {
      notes.warnings.push(
        `${tableName(table)} has no line with names of columns. If it is not understood, name them: "form": { "header": ["customer", "article", ...] }.`,
      );
    }
    const lists = table.columns.filter(({ examples }) => holdsObjects(examples)).map(({ name }) => name);
    if (lists.length > 0 && table.form.explode === undefined && table !== plan.articles?.table) {
      notes.warnings.push(
        `${tableName(table)}: lists of objects are not taken apart: ${lists.join(', ')}. If one of them has what was sold, ` +
          `"form": { "explode": "${lists[0]}" } makes a row of each element.`,
      );
    }
    if (table.faults > 0) notes.warnings.push(`${tableName(table)}: ${table.faults} rows cannot be read.`);
  }
  return {
    json: {
      ...(currency !== undefined && { currency }),
      ...(articles && { articles }),
      ...(customers && { customers }),
      ...(purchases?.section && { transactions: purchases.section }),
    },
    events: purchases?.events,
    ...notes,
  };
}

interface PurchasesFound {
  readonly section: PurchasesJson | undefined;
  readonly events: Events | undefined;
  readonly used: readonly Reached[];
}

function purchasesSection(plan: Plan, purchases: Purchases, notes: Notes): PurchasesFound {
  const { base, roles, reached } = purchases;
  const events = eventsOf(reached);
  const state = statesOf(reached, events?.column);
  const { article, customer, date } = roles;
  const missing = [...(date ? [] : ['dates']), ...(customer ? [] : ['customers'])];
  if (!article || !customer || !date) {
    notes.warnings.push(
      `${tableName(base)} looks like purchases, but has no column of ${missing.join(' and ')}, nor has a file that joins it. ` +
        `Without ${missing.join(' and ')} nothing can be learnt from it: add such a column, or a file that has it.` +
        (customer
          ? ''
          : ' Where nobody knows the customers, the order may stand for them: each basket is a customer then.') +
        (date
          ? ''
          : `${undatedSentence(reached)} A column that counts days or orders will do: "dateFormat": "days since 2024-01-01".`),
    );
    return { section: undefined, events: undefined, used: [] };
  }
  const named = (name: string | undefined): Reached[] => reached.filter(({ column }) => column.name === name);
  const channel = reached.find(({ column }) => column.meaning.facets.has('channel') && column.type === 'number');
  const time = timeOf(date, reached);
  const states = state.map(({ column }) => column);
  const used = [...Object.values(roles), ...[events?.column, time?.column.name, ...states].flatMap(named)];
  const fill = fillDownOf(
    base,
    used.filter(({ table }) => table === base).map(({ column }) => column),
  );
  const purchasesOnly = events && eventCondition(events, notes);
  const ids = idForms([
    [article.column, plan.articles?.link?.here],
    [customer.column, plan.customers?.link?.here],
  ]);
  const joins = joinsOf(used, reached);
  // Rows of other kinds may have no article; those are left out already.
  const withArticle = purchasesOnly ? undefined : filledOnly(article.column, false);
  if (withArticle) notes.warnings.push(withoutSentence(base, article.column));
  const price = priceOf(purchases, notes);
  const section: PurchasesJson = {
    ...fileOf(base),
    ...(joins.length > 0 && { join: joins.length === 1 ? joins[0] : joins }),
    ...whereOf([purchasesOnly, withArticle]),
    ...fill,
    ...formats([date.column], [roles.price?.column, roles.quantity?.column]),
    ...ids,
    date: time ? { column: date.column.name, time: time.column.name } : date.column.name,
    customer: customer.column.name,
    article: articleCells(article.column, plan.articles?.link),
    ...(price !== undefined && { price }),
    ...(roles.quantity && { quantity: roles.quantity.column.name }),
    ...(roles.order && { orderId: roles.order.column.name }),
    ...(state.length > 0 && { state: state.length === 1 ? state[0] : state }),
    ...(channel && { salesChannelId: channel.column.name }),
  };
  askForDate('transactions', date.column, { base, notes });
  noteCount(date.column, notes);
  noteRoles(purchases, notes, events);
  if (purchases.guessed) askForGuess([customer.column, article.column], { base, notes });
  return { section, events, used };
}

function articlesSection({ articles, lookups, purchases }: Plan, { warnings }: Notes): ArticlesJson | undefined {
  if (articles) {
    const { table, id, link, repeats } = articles;
    const all = [...table.columns, ...lookups.map(({ column }) => column)];
    const fields = articleFields(articles, all);
    const names = namesIn(fields);
    const columns = all.filter(({ name }) => names.has(name));
    const joins = joinsOf(
      lookups.filter(({ column }) => names.has(column.name)),
      lookups,
    );
    const fill = fillDownOf(table, columns);
    const where = filledOnly(id, 'fillDown' in fill);
    if (where) warnings.push(withoutSentence(table, id));
    return {
      ...fileOf(table),
      ...(joins.length > 0 && { join: joins.length === 1 ? joins[0] : joins }),
      ...(repeats && { distinct: true }),
      ...whereOf([where]),
      ...fill,
      ...formats(
        columns.filter(({ name }) => name === fields.publishedAt),
        columns,
      ),
      ...idForms([[id, link?.there]]),
      id: id.name,
      ...fields,
    };
  }
  const { base, roles: { article, customer } = {}, roles } = purchases ?? {};
  if (!base || !article || article.table !== base) return undefined;
  if (articleCells(article.column, undefined) !== article.column.name) return undefined;
  const taken = new Set(Object.values(roles ?? {}).map(({ column }) => column));
  const own = base.columns.filter(
    (column) =>
      !taken.has(column) &&
      !column.date &&
      dependsOn(base, column, article.column) &&
      !(customer && dependsOn(base, column, customer.column)) &&
      (column.meaning.things.size === 0 ||
        ['article', 'line'].some((thing) => column.meaning.things.has(thing as Thing))),
  );
  const fields = articleFields({ table: base, id: article.column }, own);
  if (Object.keys(fields).length === 0) return undefined;
  return {
    ...fileOf(base),
    distinct: true,
    ...whereOf([filledOnly(article.column, true)]),
    ...formats(
      [],
      own.filter(({ name }) => namesIn(fields).has(name)),
    ),
    id: article.column.name,
    ...fields,
  };
}

function customersSection({ customers, purchases }: Plan, { warnings }: Notes): CustomersJson | undefined {
  if (customers) {
    const { table, id, link, repeats } = customers;
    const fields = customerFields(customers, table.columns);
    const columns = table.columns.filter(({ name }) => namesIn(fields).has(name));
    const where = filledOnly(id, false);
    if (where) warnings.push(withoutSentence(table, id));
    return {
      ...fileOf(table),
      ...(repeats && { distinct: true }),
      ...whereOf([where]),
      ...formats([], columns),
      ...idForms([[id, link?.there]]),
      id: id.name,
      ...fields,
    };
  }
  // Files of orders may say something of the customers.
  const { customer, date } = purchases?.roles ?? {};
  if (!customer || !date) return undefined;
  const { table } = customer;
  const about = table.columns.filter(
    (column) => column !== customer.column && isPersonal(column) && dependsOn(table, column, customer.column),
  );
  const fields = customerFields({ table, id: customer.column }, about);
  if (Object.keys(fields).length === 0) return undefined;
  const where = whereOf([filledOnly(customer.column, true)]);
  return { ...fileOf(table), distinct: true, ...where, ...formats([], about), id: customer.column.name, ...fields };
}

function isPersonal({ meaning: { facets }, date }: Column): boolean {
  if (date || facets.has('currency') || facets.has('status') || facets.has('charge')) return false;
  return facets.has('place') || facets.has('age');
}

/** The file, and what of its form is unusual. */
function fileOf({ files, form }: ShopTable) {
  const unusual = {
    ...(form.separator !== undefined && form.separator !== ',' && { separator: form.separator }),
    ...(form.encoding !== undefined && form.encoding !== 'utf-8' && { encoding: form.encoding }),
    ...(form.header !== undefined && form.header !== true && { header: form.header }),
    ...(form.sheet !== undefined && { sheet: form.sheet }),
    ...(form.pivot !== undefined && { pivot: form.pivot }),
    ...(form.explode !== undefined && {
      explode: [form.explode].flat().length === 1 ? [form.explode].flat()[0] : form.explode,
    }),
  };
  const file = files.length === 1 ? files[0] : [...files];
  return { file, ...(Object.keys(unusual).length > 0 && { form: unusual }) };
}

function formats(dates: readonly Column[], numbers: readonly (Column | undefined)[]) {
  const format = dates
    .map((column) => (column.date && 'format' in column.date ? column.date.format : startOfCount(column)))
    .find(Boolean);
  const marks = numbers.flatMap((column) =>
    column?.number && 'decimal' in column.number && (column.type === 'number' || column.type === 'money')
      ? [column.number.decimal]
      : [],
  );
  return { ...(format !== undefined && { dateFormat: format }), ...(marks.includes(',') && { decimal: ',' as const }) };
}

function idForms(forms: readonly (readonly [Column, IdForm | undefined])[]) {
  const own = forms.filter(([, form]) => form !== undefined).map(([{ name }, form]) => [name, form] as const);
  return own.length > 0 ? { ids: Object.fromEntries(own) as Record<string, IdForm> } : {};
}

function fillDownOf(table: ShopTable, columns: readonly Column[]) {
  const found = firstRowsOnly(table);
  const sparse = columns.map(({ name }) => name).filter((name) => found?.columns.includes(name));
  return found && sparse.length > 0 ? { fillDown: { by: found.by, columns: [...new Set(sparse)] } } : {};
}

/** All texts within a section: the names of its columns are among them. */
function namesIn(fields: object): ReadonlySet<string> {
  const texts = (value: unknown): string[] => {
    if (typeof value === 'string') return [value];
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([key, one]) => [key, ...texts(one)]);
  };
  return new Set(texts(fields));
}

/** The currency of all amounts, if there is one. */
function currencyOf(tables: readonly ShopTable[], { purchases, articles }: Plan): string | undefined {
  const used = tables.filter(
    (table) => table === articles?.table || purchases?.reached.some((one) => one.table === table),
  );
  const named = used.flatMap(({ columns }) =>
    columns.flatMap((column) => {
      if (column.meaning.facets.has('currency')) return column.sketch.complete ? [...column.sketch.values.keys()] : [];
      return column.type === 'money' ? [...(column.number?.currencies ?? [])] : [];
    }),
  );
  const codes = new Set(named.map((code) => code.toUpperCase()).filter((code) => /^[A-Z]{3}$/.test(code)));
  return codes.size === 1 ? [...codes][0] : undefined;
}

function usedTables(
  { purchases, articles, customers, lookups }: Plan,
  used: readonly Reached[],
): ReadonlySet<ShopTable> {
  const masters = [articles, customers].flatMap((master: Master | undefined) => (master ? [master.table] : []));
  const joined = [...used, ...lookups].flatMap(({ path }) => path.map(({ to }) => to));
  return new Set([...masters, ...joined, ...(purchases ? [purchases.base] : [])]);
}
