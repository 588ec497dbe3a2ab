// The shop's rows, read in batches: n keys in, n rows out, one statement for a table and call. The
// only importer of Prisma. Gives raw values; what a model makes of them is decided in src/features.

import { PrismaPg } from '@prisma/adapter-pg';
import type { QueryConfig, QueryResultRow } from 'pg';
import { VitrineError } from '../../errors';
import { LIMITS, openConnections, type ConnectionLimits } from '../postgres/connections';
import { FIELDS } from './fields';
import { recordOrder, type Ask, type Order, type RecordedOrder } from './orders';
import { Prisma, PrismaClient, type Article, type Customer, type Purchase } from './prisma/client';
import { copyPurchases, type PurchaseColumns } from './purchase-columns';
import { sha256 } from '../../bytes';

export type ArticleRow = Article;
export type CustomerRow = Customer;
export type PurchaseRow = Purchase;
export type { Order, PurchaseColumns, RecordedOrder };

export interface Page<T> {
  rows: T[];
  hasNext: boolean;
}

/** A place in a customer's purchases, newest first: pages go on behind it. */
export type PurchaseCursor = Pick<PurchaseRow, 'boughtAt' | 'articleKey' | 'line'>;

export interface PurchasesRequest {
  readonly customerKey: number;
  readonly first: number;
  readonly after?: PurchaseCursor;
}

/** A purchase as it is read where many are: no more of it than a recommendation needs. */
export type LatestPurchase = Pick<PurchaseRow, 'articleKey' | 'boughtAt' | 'price'>;

export interface CustomerWithPurchases {
  readonly customer: CustomerRow;
  /** Newest first. */
  readonly purchases: LatestPurchase[];
}

/** When an article's row was last changed, by the database's clock. */
export interface ArticleVersion {
  readonly key: number;
  readonly updatedAt: Date;
}

/** Every method fails as `databaseError` says: DATABASE_UNAVAILABLE, OVERLOADED, … */
export interface Store {
  /** In the order asked for; null where there is no such row. So for the two that follow. */
  customersById(ids: readonly string[]): Promise<(CustomerRow | null)[]>;
  articlesById(ids: readonly string[]): Promise<(ArticleRow | null)[]>;
  articlesByKey(keys: readonly number[]): Promise<(ArticleRow | null)[]>;
  /** By key ascending, after `afterKey`. */
  customersPage(first: number, afterKey?: number): Promise<Page<CustomerRow>>;
  articlesPage(first: number, afterKey?: number): Promise<Page<ArticleRow>>;
  /** Those who bought most of the shop's latest few thousand purchases, most first. */
  activeCustomers(first: number): Promise<CustomerRow[]>;
  /** At most `limit` each, newest first; [] for customers without any. */
  latestPurchases(customerKeys: readonly number[], limit: number): Promise<LatestPurchase[][]>;
  /**
   * Both at once, in one statement: customers by id, null where there is none, and the latest
   * purchases of each.
   */
  customersWithPurchases(ids: readonly string[], limit: number): Promise<(CustomerWithPurchases | null)[]>;
  /** Newest first, each behind its cursor. */
  purchasesPages(requests: readonly PurchasesRequest[]): Promise<(Page<PurchaseRow> | Error)[]>;
  /** Articles changed in the last seconds of the database's clock; all of them without. */
  articleVersions(withinSeconds?: number): Promise<ArticleVersion[]>;
  /** Differs whenever an article was added, changed or deleted since: cheap to compare. */
  articlesState(): Promise<string>;
  /**
   * To how many customers each article (by key) sold in the last days[i] days up to the clock, the
   * newest purchase: on live data that is now, on historic data its last day. Articles sold in none
   * of them are absent; no purchases: clock null.
   */
  articleSales(days: readonly number[]): Promise<{ clock: Date | null; sales: Map<number, ArticleSales> }>;
  /**
   * What each article (by key) sold in all its time, and in the `days` before the clock. Reads
   * every purchase: some seconds for tens of millions.
   */
  salesHistory(days: number): Promise<Map<number, SalesHistory>>;
  /**
   * To how many customers each article sold in the `days` before the clock, by their age: band 0
   * holds those of unknown age, band b those from bounds[b − 2] until before bounds[b − 1], the
   * first and last open. Bands that bought nothing are absent.
   */
  salesByAge(clock: Date, days: number, bounds: readonly number[]): Promise<BandSales[]>;
  /** All rows in key order, some thousands at a time. */
  streamArticles(): AsyncIterable<ArticleRow[]>;
  streamCustomers(): AsyncIterable<CustomerRow[]>;
  /** All purchases by (customer, time, article, line). `report` hears how many have been read. */
  readPurchases(report?: (rows: number) => void): Promise<PurchaseColumns>;
  counts(): Promise<ShopCounts>;
  /**
   * Keeps what was found for customers, in place of what was kept before; those of customers who
   * are gone are dropped.
   */
  saveLists(lists: readonly RecommendationList[], release: string): Promise<void>;
  /**
   * Records an order, all of it or nothing, once whatever the number of tries. @throws VitrineError
   * INPUT_INVALID
   */
  recordOrder(order: Order): Promise<RecordedOrder>;
  /** What is known of the shop as a whole by this name; undefined: nothing. */
  fact(name: string): Promise<unknown>;
  /** undefined forgets it. */
  setFact(name: string, value: unknown): Promise<void>;
  /**
   * Does what only one process may do at a time, under a lock of the database: a killed one's lock
   * is gone with its connection.
   * @throws VitrineError DATABASE_UNAVAILABLE, also where another process is at it
   */
  alone<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Forgets everything: rows and facts. */
  clear(): Promise<void>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Recommendations of one customer, best first. */
export interface RecommendationList {
  readonly customerKey: number;
  readonly articleKeys: readonly number[];
  /** [articleKeys] */
  readonly scores: readonly number[];
}

export interface ArticleSales {
  /** Customers who bought it in each of the windows asked for. */
  readonly buyers: number[];
  /** Units in the longest one. */
  readonly units: number;
  /** Mean price paid in the longest window; null: nobody knows. */
  readonly price: number | null;
  /** The first and the last sale in the longest window. */
  readonly first: Date;
  readonly last: Date;
}

/** All sales of one article. */
export interface SalesHistory {
  readonly first: Date;
  readonly last: Date;
  readonly units: number;
  /** Units of the days asked for. */
  readonly lately: number;
}

/** What one age band bought: articles by key. */
export interface BandSales {
  readonly band: number;
  readonly keys: number[];
  /** [keys] customers of the band who bought each. */
  readonly buyers: number[];
}

export interface ShopCounts {
  readonly articles: number;
  readonly customers: number;
  readonly purchases: number;
  readonly firstPurchase: Date | null;
  readonly lastPurchase: Date | null;
}

export interface StoreOptions {
  /** Hears the table of every statement that is sent. */
  readonly onQuery?: (table: string) => void;
  /** How many connections, and how long everything may take. */
  readonly limits?: Partial<ConnectionLimits>;
}

/**
 * `pg` writes times in this machine's zone in whole minutes, which before about 1910 had seconds.
 */
function inUtc(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inUtc);
  return value instanceof Date ? value.toISOString() : value;
}

/** Opens the store; connects with the first statement. */
export function openStore(url: string, options: StoreOptions = {}): Store {
  const { onQuery, limits } = options;
  const pooled = isPooled(url);
  const connections = openConnections(url, pooled, { ...LIMITS, ...limits });
  const nameOf = pooled ? undefined : statementNames();
  const adapter = new PrismaPg(connections.pool, nameOf ? { statementNameGenerator: ({ sql }) => nameOf(sql) } : {});
  const prisma = new PrismaClient({ adapter, errorFormat: 'minimal', log: [{ emit: 'event', level: 'query' }] });
  const heard = (text: string): void => onQuery?.(TABLE.exec(text)?.[1] ?? 'none');
  // Heard from Prisma itself, so that what is counted is what is sent.
  if (onQuery) prisma.$on('query', ({ query }) => heard(query));

  const statementOf = ({ text, values }: Prisma.Sql): QueryConfig => {
    heard(text);
    return { ...(nameOf && { name: nameOf(text) }), text, values: values.map(inUtc) };
  };

  /**
   * Rows that requests wait for, past Prisma's engine: it takes twice as long again to take a row
   * of an article apart as `pg` does, and takes times for UTC whatever the time zone of the
   * database.
   */
  const rowsOf = <Row extends QueryResultRow>(sql: Prisma.Sql): Promise<Row[]> =>
    connections.short(async (pool) => (await pool.query<Row>(statementOf(sql))).rows);

  /** Rows of a statement that may go over the whole shop. */
  const manyRowsOf = <Row extends QueryResultRow>(sql: Prisma.Sql): Promise<Row[]> =>
    connections.long(async (client) => (await client.query<Row>(statementOf(sql))).rows);

  /**
   * The shop's newest purchase; one of the future is a slip of the pen. The end of an index: quick
   * however many there are.
   */
  async function clockOf(): Promise<Date | null> {
    const [{ clock }] = await manyRowsOf<{ clock: Date | null }>(
      Prisma.sql`SELECT max(bought_at) AS clock FROM purchases WHERE bought_at < now() + interval '1 day'`,
    );
    return clock;
  }

  return {
    customersById: (ids) =>
      inOrder(
        ids,
        (row) => row.id,
        (some) => rowsOf<CustomerRow>(Prisma.sql`${SELECT_CUSTOMERS} WHERE customer_id = ANY(${some})`),
      ),
    articlesById: (ids) =>
      inOrder(
        ids,
        (row) => row.id,
        (some) => rowsOf<ArticleRow>(Prisma.sql`${SELECT_ARTICLES} WHERE article_id = ANY(${some})`),
      ),
    articlesByKey: (keys) =>
      inOrder(
        keys,
        (row) => row.key,
        (some) => rowsOf<ArticleRow>(Prisma.sql`${SELECT_ARTICLES} WHERE key = ANY(${some})`),
      ),

    customersPage: (first, afterKey = 0) =>
      page(first, (take) =>
        connections.short(() =>
          prisma.customer.findMany({ where: { key: { gt: afterKey } }, orderBy: { key: 'asc' }, take }),
        ),
      ),
    articlesPage: (first, afterKey = 0) =>
      page(first, (take) => rowsOf<ArticleRow>(rowsAfter(SELECT_ARTICLES, afterKey, take))),

    activeCustomers: (first) =>
      rowsOf<CustomerRow>(Prisma.sql`
          ${SELECT_CUSTOMERS} JOIN (
            SELECT customer_key, count(*) AS bought
            FROM (SELECT customer_key FROM purchases ORDER BY bought_at DESC LIMIT ${LATEST_PURCHASES}) AS latest
            GROUP BY customer_key ORDER BY bought DESC, customer_key LIMIT ${first}
          ) AS active ON active.customer_key = key ORDER BY active.bought DESC, key`),

    async latestPurchases(customerKeys, limit) {
      const found = await inOrder(
        customerKeys,
        (row: LatestColumns & { readonly key: number }) => row.key,
        (some) =>
          rowsOf(Prisma.sql`
            SELECT asked.key, latest.* FROM unnest(${some}::int[]) AS asked(key)
            CROSS JOIN LATERAL (${latestOf('asked.key', limit)}) AS latest`),
      );
      return found.map((row) => (row ? purchasesOf(row) : []));
    },

    async customersWithPurchases(ids, limit) {
      const found = await inOrder(
        ids,
        (row: CustomerRow & LatestColumns) => row.id,
        (some) =>
          rowsOf(Prisma.sql`
            ${SELECT_CUSTOMERS_BESIDE} CROSS JOIN LATERAL (${latestOf('customers.key', limit)}) AS latest
            WHERE customer_id = ANY(${some})`),
      );
      return found.map((row) => {
        if (!row) return null;
        const { articles, times, prices, ...customer } = row;
        return { customer, purchases: purchasesOf({ articles, times, prices }) };
      });
    },

    async purchasesPages(requests) {
      const pages: (Page<PurchaseRow> | Error)[] = requests.map(({ first }) =>
        Number.isInteger(first) && first >= 0
          ? { rows: [], hasNext: false }
          : new VitrineError('INPUT_INVALID', `Expected \`first\` to be a whole number from 0, got ${first}.`),
      );
      const places = [...requests.keys()].filter((place) => !(pages[place] instanceof Error));
      for (const some of chunks(places)) {
        const asked = some.map((place) => requests[place]);
        const afters = asked.map(({ after }) => after ?? BEFORE_ALL);
        const rows = await rowsOf<PurchaseRow & { place: number }>(Prisma.sql`
            SELECT asked.place, ${PURCHASE_COLUMNS} FROM unnest(
              ${some}::int[], ${asked.map(({ customerKey }) => customerKey)}::int[], ${asked.map(({ first }) => first + 1)}::int[],
              ${afters.map(({ boughtAt }) => boughtAt)}::timestamptz[], ${afters.map(({ articleKey }) => articleKey)}::int[],
              ${afters.map(({ line }) => line)}::int[]
            ) AS asked(place, customer, size, bought_at, article, line)
            CROSS JOIN LATERAL (
              SELECT * FROM purchases WHERE customer_key = asked.customer
                AND (bought_at, article_key, line) < (asked.bought_at, asked.article, asked.line)
              ORDER BY ${NEWEST_FIRST} LIMIT asked.size
            ) AS p`);
        for (const { place, ...row } of rows) {
          const target = pages[place];
          if (target instanceof Error) continue;
          if (target.rows.length < requests[place].first) target.rows.push(row);
          else target.hasNext = true;
        }
      }
      return pages;
    },

    articleVersions: (withinSeconds) =>
      withinSeconds === undefined
        ? manyRowsOf<ArticleVersion>(SELECT_VERSIONS)
        : rowsOf<ArticleVersion>(
            Prisma.sql`${SELECT_VERSIONS} WHERE updated_at >= now() - make_interval(secs => ${withinSeconds}::float8)`,
          ),

    async articlesState() {
      const [{ state }] = await rowsOf<{ state: string }>(Prisma.sql`
          SELECT concat_ws(' ', count(*), sum(key), sum(extract(epoch FROM updated_at))) AS state FROM articles`);
      return state;
    },

    async articleSales(days) {
      const clock = await clockOf();
      if (!clock) return { clock, sales: new Map() };
      const buyers = days.map((span) => Prisma.sql`count(*) FILTER (WHERE last > ${daysBefore(clock, span)})::int`);
      // By customer first: to count distinct ones would sort them all.
      const rows = await manyRowsOf<ArticleSales & { key: number }>(Prisma.sql`
          SELECT article_key AS key, ARRAY[${Prisma.join(buyers)}] AS buyers, sum(units)::int AS units,
            (sum(paid) / nullif(sum(priced), 0))::real AS price, min(first) AS first, max(last) AS last
          FROM (
            SELECT article_key, count(*) AS units, sum(price::float8) AS paid, count(price) AS priced,
              min(bought_at) AS first, max(bought_at) AS last
            FROM purchases WHERE bought_at > ${daysBefore(clock, Math.max(...days))} AND bought_at <= ${clock}
            GROUP BY article_key, customer_key
          ) AS sold GROUP BY article_key`);
      return { clock, sales: new Map(rows.map(({ key, ...sales }) => [key, sales])) };
    },

    async salesHistory(days) {
      const clock = await clockOf();
      if (!clock) return new Map();
      const rows = await manyRowsOf<SalesHistory & { key: number }>(Prisma.sql`
          SELECT article_key AS key, min(bought_at) AS first, max(bought_at) AS last, count(*)::int AS units,
            count(*) FILTER (WHERE bought_at > ${daysBefore(clock, days)})::int AS lately
          FROM purchases WHERE bought_at <= ${clock} GROUP BY article_key`);
      return new Map(rows.map(({ key, ...history }) => [key, history]));
    },

    salesByAge: (clock, days, bounds) =>
      manyRowsOf<BandSales>(Prisma.sql`
          SELECT band, array_agg(article_key) AS keys, array_agg(buyers) AS buyers FROM (
            SELECT CASE WHEN c.age IS NULL THEN 0 ELSE 1 + width_bucket(c.age::float8, ${bounds}::float8[]) END AS band,
              p.article_key, count(DISTINCT p.customer_key)::int AS buyers
            FROM purchases p JOIN customers c ON c.key = p.customer_key
            WHERE p.bought_at > ${daysBefore(clock, days)} AND p.bought_at <= ${clock} GROUP BY 1, 2
          ) AS sold GROUP BY band ORDER BY band`),

    streamArticles: () => pages((after, take) => manyRowsOf<ArticleRow>(rowsAfter(SELECT_ARTICLES, after, take))),
    streamCustomers: () => pages((after, take) => manyRowsOf<CustomerRow>(rowsAfter(SELECT_CUSTOMERS, after, take))),

    async readPurchases(report) {
      onQuery?.('purchases');
      return connections.long((client) => copyPurchases(client, report));
    },

    async counts() {
      const [row] = await manyRowsOf<ShopCounts>(Prisma.sql`
          SELECT (SELECT count(*)::int FROM articles) AS articles, (SELECT count(*)::int FROM customers) AS customers,
            count(*)::int AS purchases, min(bought_at) AS "firstPurchase", max(bought_at) AS "lastPurchase"
          FROM purchases`);
      return row;
    },

    async saveLists(lists, release) {
      // Arrays of arrays must be rectangles: each list travels as Postgres's text of an array.
      const arrayOf = (values: readonly number[]): string => `{${values.join(',')}}`;
      await manyRowsOf(Prisma.sql`
          INSERT INTO recommendation_lists AS l (customer_key, article_keys, scores, release, made_at)
          SELECT listed.key, listed.articles::int[], listed.scores::real[], ${release}, now() FROM unnest(
            ${lists.map(({ customerKey }) => customerKey)}::int[], ${lists.map(({ articleKeys }) => arrayOf(articleKeys))}::text[],
            ${lists.map(({ scores }) => arrayOf(scores))}::text[]
          ) AS listed(key, articles, scores) JOIN customers USING (key)
          -- Who is being deleted in this moment is waited for, and is then not among them.
          FOR KEY SHARE OF customers
          ON CONFLICT (customer_key) DO UPDATE SET article_keys = excluded.article_keys, scores = excluded.scores,
            release = excluded.release, made_at = excluded.made_at`);
    },

    recordOrder: (order) =>
      connections.transaction((client) => {
        const inside: Ask = async <Rows>(text: TemplateStringsArray, ...values: unknown[]) =>
          (await client.query<QueryResultRow>(statementOf(Prisma.sql(text, ...values)))).rows as Rows;
        return recordOrder(inside, order);
      }),

    async fact(name) {
      return (await connections.short(() => prisma.fact.findUnique({ where: { name } })))?.value;
    },
    async setFact(name, value) {
      if (value === undefined) {
        await connections.short(() => prisma.fact.deleteMany({ where: { name } }));
        return;
      }
      // As it will be read again: a plain JSON value.
      const json = JSON.parse(JSON.stringify(value)) as Prisma.InputJsonValue;
      await connections.short(() =>
        prisma.fact.upsert({ where: { name }, create: { name, value: json }, update: { value: json } }),
      );
    },

    async alone(name, work) {
      const session = await connections.session(`vitrine ${name}`);
      try {
        const [{ mine }] = await session.query<{ mine: boolean }>(
          'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS mine',
          [`vitrine ${name}`],
        );
        if (!mine) {
          throw new VitrineError(
            'DATABASE_UNAVAILABLE',
            `Another \`${name}\` runs on this database; run this one when it has ended.`,
          );
        }
        return await work();
      } finally {
        await session.end();
      }
    },

    async clear() {
      await manyRowsOf(Prisma.sql`TRUNCATE articles, customers, purchases, receipts, recommendation_lists, facts`);
    },
    ping: () => connections.ping(),
    async close() {
      await prisma.$disconnect();
      await connections.close();
    },
  };
}

/**
 * A name for each text of a statement, by which a connection keeps it parsed and planned: half of
 * what the small ones cost. The same text has the same name in every process, for a pooler may give
 * one's connection to another. So many texts at most, several times what there are.
 */
function statementNames(): (sql: string) => string {
  const names = new Map<string, string>();
  return (sql) => {
    const known = names.get(sql);
    if (known !== undefined) return known;
    if (names.size >= NAMED_STATEMENTS) return ''; // no name: not kept
    const name = `vitrine_${sha256(sql, 24)}`;
    names.set(sql, name);
    return name;
  };
}

const NAMED_STATEMENTS = 100;

/**
 * Behind a pooler that gives every statement another connection none can be kept; Prisma's own way
 * to say so.
 */
function isPooled(url: string): boolean {
  return URL.canParse(url) && new URL(url).searchParams.get('pgbouncer') === 'true';
}

/** Ids in one statement at most. */
const CHUNK = 10_000;
const STREAM_ROWS = 5_000;
/**
 * Purchases that are looked at to see who is active: the end of an index, read in some
 * milliseconds.
 */
const LATEST_PURCHASES = 5_000;
const TABLE =
  /\b(?:FROM|INTO|UPDATE)\s+(?:"public"\.)?"?(articles|customers|purchases|receipts|recommendation_lists|facts)\b/i;

/** Newer than any purchase. */
const BEFORE_ALL: PurchaseCursor = { boughtAt: new Date('9999-12-31'), articleKey: 0x7fff_ffff, line: 0x7fff };
const NEWEST_FIRST = Prisma.sql`bought_at DESC, article_key DESC, line DESC`;

const ARTICLE_COLUMNS: Record<keyof ArticleRow, string> = {
  key: 'key',
  ...columnsOf(FIELDS.articles),
  attributes: 'attributes',
  updatedAt: 'updated_at',
};
const CUSTOMER_COLUMNS: Record<keyof CustomerRow, string> = {
  key: 'key',
  ...columnsOf(FIELDS.customers),
  attributes: 'attributes',
};
const SELECT_ARTICLES = Prisma.raw(`SELECT ${selectList(ARTICLE_COLUMNS)} FROM articles`);
const SELECT_CUSTOMERS = Prisma.raw(`SELECT ${selectList(CUSTOMER_COLUMNS)} FROM customers`);
const SELECT_VERSIONS = Prisma.raw('SELECT key, updated_at AS "updatedAt" FROM articles');
const SELECT_CUSTOMERS_BESIDE = Prisma.raw(`SELECT latest.*, ${selectList(CUSTOMER_COLUMNS)} FROM customers`);

/**
 * The latest purchases of one customer in columns: a row of arrays is read in a fraction of the
 * time of many rows.
 */
interface LatestColumns {
  readonly articles: number[];
  /** Unix seconds. */
  readonly times: number[];
  readonly prices: (number | null)[];
}

/**
 * The end of a customer's own stretch of the primary key. What is dated in the future is a slip.
 */
function latestOf(customerKey: string, limit: number): Prisma.Sql {
  return Prisma.sql`
    SELECT coalesce(array_agg(article_key), '{}') AS articles,
      coalesce(array_agg(extract(epoch FROM bought_at)::float8), '{}') AS times, coalesce(array_agg(price), '{}') AS prices
    FROM (
      SELECT article_key, bought_at, price FROM purchases
      WHERE customer_key = ${Prisma.raw(customerKey)} AND bought_at < now() + interval '1 day'
      ORDER BY ${NEWEST_FIRST} LIMIT ${limit}
    ) AS newest`;
}

function purchasesOf({ articles, times, prices }: LatestColumns): LatestPurchase[] {
  return articles.map((articleKey, i) => ({ articleKey, boughtAt: new Date(times[i] * 1_000), price: prices[i] }));
}

const PURCHASE_COLUMNS = Prisma.raw(
  selectList({
    customerKey: 'p.customer_key',
    articleKey: 'p.article_key',
    boughtAt: 'p.bought_at',
    price: 'p.price',
    salesChannelId: 'p.sales_channel_id',
    line: 'p.line',
  } satisfies Record<keyof PurchaseRow, string>),
);

function columnsOf<K extends string>(fields: Record<K, readonly [string, unknown]>): Record<K, string> {
  const entries = Object.entries<readonly [string, unknown]>(fields).map(([field, [column]]) => [field, column]);
  return Object.fromEntries(entries) as Record<K, string>;
}

function selectList(columns: Record<string, string>): string {
  return Object.entries(columns)
    .map(([field, column]) => `${column} AS "${field}"`)
    .join(', ');
}

/** Rows for keys in the keys' order, read in chunks. */
async function inOrder<K extends string | number, T>(
  keys: readonly K[],
  keyOf: (row: T) => K,
  read: (keys: K[]) => Promise<T[]>,
): Promise<(T | null)[]> {
  const byKey = new Map<K, T>();
  for (const some of chunks([...new Set(keys)])) for (const row of await read(some)) byKey.set(keyOf(row), row);
  return keys.map((key) => byKey.get(key) ?? null);
}

function* chunks<T>(list: readonly T[]): Generator<T[]> {
  for (let from = 0; from < list.length; from += CHUNK) yield list.slice(from, from + CHUNK);
}

/** The next rows by key. */
function rowsAfter(select: Prisma.Sql, afterKey: number, take: number): Prisma.Sql {
  return Prisma.sql`${select} WHERE key > ${afterKey} ORDER BY key LIMIT ${take}`;
}

async function page<T>(first: number, read: (take: number) => Promise<T[]>): Promise<Page<T>> {
  const rows = await read(first + 1);
  return { rows: rows.slice(0, first), hasNext: rows.length > first };
}

async function* pages<T extends { key: number }>(
  read: (after: number, take: number) => Promise<T[]>,
): AsyncGenerator<T[]> {
  for (let after = 0; ;) {
    const rows = await read(after, STREAM_ROWS);
    if (rows.length > 0) yield rows;
    if (rows.length < STREAM_ROWS) return;
    after = rows[rows.length - 1].key;
  }
}

function daysBefore(clock: Date, days: number): Date {
  return new Date(clock.getTime() - days * 86_400_000);
}
