// Decides what the tables of a shop are: which one has the purchases, which ones are joined to it,
// and which ones describe articles and customers. Each possibility is scored by all that speaks
// for it.

import { canBeId, keysOf, linkOf, type Key } from './links';
import { lookupsOf } from './lookups';
import type { Edge, Master, Plan, Purchases, Reached } from './model';
import { meaningOf, type Facet, type Thing } from './profile/names';
import type { Column } from './profile/profile';
import { ROLE_SCORES, type Role } from './roles';
import { dependsOn } from './row-shapes';
import type { ShopTable } from './profile/shop-tables';

const ARTICLE_FACETS: readonly Facet[] = ['name', 'description', 'brand', 'colour', 'category', 'price', 'image', 'stock', 'tags', 'measure']; // prettier-ignore
const CUSTOMER_FACETS: readonly Facet[] = ['age', 'place', 'email'];

export function planOf(tables: readonly ShopTable[]): Plan {
  const keys = tables.flatMap(keysOf);
  const edges = edgesOf(tables, keys);
  const candidates = tables.map((table) => purchasesIn(table, { keys, edges })).sort((a, b) => b.score - a.score);
  const found = candidates.at(0);
  const purchases = found !== undefined && found.score > 0 ? found : guess(candidates);
  const article = purchases?.roles.article;
  // Tables of orders describe neither articles nor customers.
  const joined = Object.values(purchases?.roles ?? {}).flatMap(({ path }) => path.map(({ to }) => to));
  const orders = joined.filter((table) => thingsOf(table).has('order'));
  const ordered = [purchases?.base, purchases?.roles.date?.table, ...orders];
  const open = tables.filter((table) => !ordered.includes(table));
  const articles = masterOf(open, keys, { thing: 'article', referring: article });
  const others = open.filter((table) => table !== articles?.table);
  const customer = purchases?.roles.customer;
  const customers = customersOf(others, keys, customer);
  const taken = new Set([...joined, articles?.table, customers?.table]);
  const rest = open.filter((table) => !taken.has(table));
  return { purchases, articles, lookups: articles ? lookupsOf(articles, rest, keys) : [], customers };
}

const FEW_ORDERS = 20;

/** The things that the name of a table's file speaks of. */
function thingsOf({ files, form }: ShopTable): ReadonlySet<Thing> {
  const name = files[0].replace(/\.(gz|zip)$/i, '').replace(/\.\w+$/, '');
  return meaningOf(form.sheet === undefined ? name : [form.sheet].flat()[0]).things;
}

/** How much a table is about articles rather than customers; negative for customers. */
function leaning(table: ShopTable): number {
  const count = (facets: readonly Facet[]): number =>
    facets.filter((facet) => table.columns.some((column) => !column.date && tells(column, facet))).length;
  const things = thingsOf(table);
  const named = (things.has('article') ? 3 : 0) - (things.has('customer') ? 3 : 0);
  return count(ARTICLE_FACETS) - 1.5 * count(CUSTOMER_FACETS) + named;
}

/** "state" may be a part of a country, or of an order. */
function tells({ meaning }: Column, facet: Facet): boolean {
  return meaning.facets.has(facet) && !(facet === 'place' && meaning.facets.has('status') && meaning.things.size === 0);
}

function edgesOf(tables: readonly ShopTable[], keys: readonly Key[]): Edge[] {
  return tables.flatMap((from) =>
    keys
      .filter(({ table }) => table !== from)
      .flatMap(({ table: to, column: there }) =>
        from.columns.flatMap((here) => {
          if (!mayRefer(here, there, to)) return [];
          const share = here.sketch.within(there.sketch) ?? 0;
          // A list of a few, such as the orders that came back, lies within the other column.
          const few = share > 0 && here.name === there.name && (there.sketch.within(here.sketch) ?? 0) >= 0.9;
          return share >= 0.5 || few ? [{ from, to, here, there, share }] : [];
        }),
      ),
  );
}

/** Whether the names of two columns allow that one refers to the other. */
function mayRefer(here: Column, there: Column, to: ShopTable): boolean {
  if (!canBeId(here) || here.type === 'flag') return false;
  const [own, other] = [here.meaning, there.meaning];
  // Articles have no dates of purchases and no customers.
  if (own.things.has('article') && !own.things.has('order')) return false;
  if (own.words.join(' ') === other.words.join(' ')) return own.words.length > 0 && !own.bareId;
  if (other.bareId) return [...own.things].some((thing) => thingsOf(to).has(thing));
  if (!other.facets.has('id') && other.things.size === 0) return false;
  return [...own.things].some((thing) => other.things.has(thing));
}

interface Evidence {
  readonly keys: readonly Key[];
  readonly edges: readonly Edge[];
}

function purchasesIn(base: ShopTable, evidence: Evidence): Purchases {
  const reached = reach(base, evidence.edges);
  const roles: Partial<Record<Role, Reached>> = {};
  const scored = (Object.keys(ROLE_SCORES) as Role[])
    .flatMap((role) => reached.map((one) => ({ role, one, score: scoreIn(role, one, base, evidence) })))
    .filter(({ score }) => score > 0.1)
    .sort((a, b) => b.score - a.score);
  let sum = 0;
  for (const { role, one, score } of scored) {
    if (roles[role] || Object.values(roles).some(({ column, table }) => column === one.column && table === one.table)) continue; // prettier-ignore
    if (role === 'article' && one.path.length > 0) continue;
    roles[role] = one;
    sum += role === 'article' || role === 'customer' || role === 'date' ? score : 0.2;
  }
  const { article, customer, date, order } = roles;
  // An order has one customer. A few numbers that come again and again are places within something.
  const few = order !== undefined && order.column.sketch.distinct < FEW_ORDERS && order.table === base;
  if (few && customer?.table === base && !dependsOn(base, customer.column, order.column)) delete roles.order;
  // A table with every article once, or without customers and dates, is no table of purchases.
  if (!article || (!customer && !date)) return { base, roles, reached, score: 0, guessed: false };
  const once = article.column.sketch.single > 0.95 && base.rows > 20 ? 2 : 0;
  const things = thingsOf(base);
  const named = (things.has('order') ? 0.3 : 0) - (things.size > 0 && !things.has('order') ? 0.3 : 0);
  const complete = customer && date ? 1 : 0;
  return {
    base,
    roles,
    reached,
    guessed: false,
    score: sum + named + complete - once + 0.05 * Math.log10(base.rows + 1),
  };
}

/**
 * Guesses what columns are whose names say nothing: logs have the customer before the article. The
 * largest table counts.
 */
function guess(candidates: readonly Purchases[]): Purchases | undefined {
  const ordered = ({ base }: Purchases): number => (thingsOf(base).has('order') ? 1 : 0);
  const sized = [...candidates].sort((a, b) => ordered(b) - ordered(a) || b.base.rows - a.base.rows);
  for (const candidate of sized) {
    const { base, roles } = candidate;
    if (!roles.date) continue;
    const open = base.columns.filter(
      (column) =>
        canBeId(column) &&
        column.meaning.facets.size + column.meaning.things.size === 0 &&
        column.sketch.distinct >= 10 &&
        column.sketch.single < 0.95,
    );
    const reached = (column: Column): Reached => ({ column, table: base, path: [] });
    const byNumber = [...open].sort((a, b) => b.sketch.distinct - a.sketch.distinct);
    const customer = roles.customer ?? (open.length > 0 && !roles.article ? reached(open[0]) : undefined);
    const [other] = byNumber.filter((column) => column !== customer?.column);
    const article = roles.article ?? (roles.customer ? other && reached(other) : open[1] && reached(open[1]));
    if (customer && article) {
      return { ...candidate, guessed: true, score: 0.1, roles: { ...roles, customer, article } };
    }
  }
  return undefined;
}

/** The columns of a table, and those that joins add, at most two joins away. */
function reach(base: ShopTable, edges: readonly Edge[]): Reached[] {
  const names = new Set(base.header);
  const reached: Reached[] = base.columns.map((column) => ({ column, table: base, path: [] }));
  const joined = new Set([base]);
  let front: readonly (readonly Edge[])[] = [[]];
  for (let hop = 0; hop < 2; hop++) {
    const next: Edge[][] = [];
    for (const path of front) {
      const from = path.at(-1)?.to ?? base;
      for (const to of new Set(edges.filter((edge) => edge.from === from).map((edge) => edge.to))) {
        if (joined.has(to)) continue;
        const [edge] = edges.filter((one) => one.from === from && one.to === to).sort((a, b) => b.share - a.share);
        joined.add(to);
        const longer = [...path, edge];
        next.push(longer);
        for (const column of to.columns) {
          const name = freeName(column.name, to, names);
          names.add(name);
          reached.push({ column: name === column.name ? column : { ...column, name }, table: to, path: longer });
        }
      }
    }
    front = next;
  }
  return reached;
}

/** A column whose name is taken is called after its file: orders.status. */
function freeName(name: string, { files }: ShopTable, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  const stem = files[0].split('/').at(-1)?.replace(/\..*$/, '') ?? '';
  let free = `${stem}.${name}`;
  for (let n = 2; taken.has(free); n++) free = `${stem}.${name}_${n}`;
  return free;
}

const DISTANCE = 0.05;

function scoreIn(role: Role, { column, table, path }: Reached, base: ShopTable, { keys }: Evidence): number {
  // Numbers of a whole order are not those of its lines.
  if ((path.length > 0 || !isPart(column, table)) && (role === 'price' || role === 'quantity')) return 0;
  if (path.length > 0 && role === 'order' && !column.meaning.things.has('order')) return 0;
  const named = ROLE_SCORES[role](column);
  const score = named === 0 ? 0 : named - DISTANCE * path.length;
  if (role !== 'article' && role !== 'customer') return score;
  const { meaning } = column;
  const open = meaning.bareId || meaning.things.size + meaning.facets.size === 0;
  if (named === 0 && (!canBeId(column) || !open)) return 0;
  // A customer who never comes twice is rather an order.
  const alone = role === 'customer' && table.rows > 50 && column.sketch.single > 0.995;
  if (alone) return Math.max(0.11, score - 0.3);
  const sign = role === 'article' ? 1 : -1;
  const shares = keys
    .filter((key) => key.table !== table && key.table !== base && sign * leaning(key.table) > 0)
    .map((key) => linkOf(column, key.column)?.share ?? 0);
  const linked = Math.max(0, ...shares);
  if (named === 0) return linked >= 0.8 ? (meaning.bareId ? 0.9 : 0.6) * linked : 0;
  return score + (linked >= 0.3 ? 0.6 * linked : 0);
}

/** Whether a column is of the items of a list, where a list was taken apart. */
function isPart({ name }: Column, { form: { explode } }: ShopTable): boolean {
  const list = [explode ?? []].flat().at(-1);
  return list === undefined || name.startsWith(list);
}

interface Sought {
  readonly thing: 'article' | 'customer';
  readonly referring: Reached | undefined;
}

/** The table that describes the articles or the customers. */
function masterOf(tables: readonly ShopTable[], keys: readonly Key[], sought: Sought): Master | undefined {
  const { thing, referring } = sought;
  const sign = thing === 'article' ? 1 : -1;
  const candidates = tables
    .flatMap((table) => {
      const own = keys.filter((key) => key.table === table).map(({ column }) => column);
      const named = table.columns.filter((column) => ROLE_SCORES[thing](column) >= 0.7);
      const fitting = [...new Set([...own, ...named])].filter(
        ({ meaning: { things } }) => things.size === 0 || things.has(thing),
      );
      return fitting.map((id) => {
        const link = referring && linkOf(referring.column, id);
        const name = ROLE_SCORES[thing](id);
        const repeats = !own.includes(id);
        const about = Math.max(-1, Math.min(1, (sign * leaning(table)) / 4));
        const bare = id.meaning.bareId ? 0.8 : 0;
        return { table, id, link, repeats, about, score: 1.5 * (link?.share ?? 0) + Math.max(name, bare) + about - (repeats ? 0.7 : 0) }; // prettier-ignore
      });
    })
    .filter(({ link, about, score, table, id, repeats }) => {
      if (repeats && !describes(table, id)) return false;
      if (about <= 0 && (link?.share ?? 0) < 0.5) return false;
      // Numbers of articles may be numbers of customers by chance.
      if (about <= -0.5 && ROLE_SCORES[thing](id) === 0) return false;
      return (link?.share ?? 0) >= 0.3 || (score >= 1 && about > 0);
    })
    .sort((a, b) => b.score - a.score);
  return candidates.at(0);
}

/** Whether rows with the same id say the same of it. */
function describes(table: ShopTable, id: Column): boolean {
  const others = table.columns.filter((column) => column !== id && column.type !== 'empty');
  return others.length > 0 && others.filter((column) => dependsOn(table, column, id)).length >= others.length / 2;
}

/** The customers may be a table that is joined already for their ids. */
function customersOf(
  tables: readonly ShopTable[],
  keys: readonly Key[],
  referring: Reached | undefined,
): Master | undefined {
  if (referring && tables.includes(referring.table) && leaning(referring.table) < 0) {
    const { table } = referring;
    const id = table.columns[referring.column.place];
    const repeats = id.sketch.single < 0.95;
    // Orders say little of a customer.
    if (!repeats || describes(table, id)) return { table, id, link: { share: 1 }, repeats };
  }
  return masterOf(tables, keys, { thing: 'customer', referring });
}
