// Sends statements to Postgres: those that a request waits for, those that read the whole shop, and
// those of a transaction. Rows are read through Prisma, packed into one cell. Every statement has a
// name, so that Postgres plans it once per connection.

import { PrismaPg } from '@prisma/adapter-pg';
import { TypeOverrides, types, type Pool, type QueryConfig, type QueryResultRow } from 'pg';
import { sha256 } from '../../../bytes';
import { openConnections, type ConnectionLimits, type Connections } from '../../postgres/connections';
import { pack, unpack, type Shape } from './packed';
import { Prisma, PrismaClient } from '../prisma/client';

export interface Statements {
  readonly connections: Connections;
  readonly prisma: PrismaClient;
  /** Reads rows that a request waits for. The columns of `select` have the names of the shape. */
  rowsOf: RowsOf;
  /** Reads the rows of a statement that may read the whole shop. */
  manyRowsOf: RowsOf;
  /** Runs a statement that may take long and returns no rows. */
  execute(sql: Prisma.Sql): Promise<void>;
  /** Commits all statements of `work` or none. */
  transaction<T>(work: (ask: Ask) => Promise<T>): Promise<T>;
  /** Reports a statement to the listener that is sent without these functions. */
  heard(table: string): void;
  close(): Promise<void>;
}

/** Sends one statement within a transaction. */
export type Ask = <Rows>(text: TemplateStringsArray, ...values: unknown[]) => Promise<Rows>;

export type RowsOf = <Row>(shape: Shape<Row>, select: Prisma.Sql) => Promise<Row[]>;

/** `onQuery` is called with the table of every statement. */
export function openStatements(url: string, limits: ConnectionLimits, onQuery?: (table: string) => void): Statements {
  const pooled = isPooled(url);
  const connections = openConnections(url, pooled, limits);
  const nameOf = pooled ? undefined : statementNames();
  const heard = (sql: string): void => onQuery?.(TABLE.exec(sql)?.[1] ?? 'none');
  const clientOver = (pool: Pool): PrismaClient => {
    const adapter = new PrismaPg(pool, nameOf ? { statementNameGenerator: ({ sql }) => nameOf(sql) } : {});
    if (!onQuery) return new PrismaClient({ adapter, errorFormat: 'minimal' });
    // Prisma itself reports its statements, so that they are counted as they are sent.
    const client = new PrismaClient({ adapter, errorFormat: 'minimal', log: [{ emit: 'event', level: 'query' }] });
    client.$on('query', ({ query }) => heard(query));
    return client;
  };
  const prisma = clientOver(connections.pool);
  const patient = clientOver(connections.longPool);
  const readBy =
    (client: PrismaClient): RowsOf =>
    async (shape, select) => {
      const sql = withoutTimes(pack(shape, select));
      const [{ packed }] = await client.$queryRaw<{ packed: string }[]>(sql);
      return unpack(shape, packed);
    };
  const read = readBy(prisma);
  const readPatiently = readBy(patient);

  const statementOf = ({ text, values }: Prisma.Sql): QueryConfig => {
    heard(text);
    return { ...(nameOf && { name: nameOf(text) }), text, values: values.map(inUtc), types: KEYS_AS_NUMBERS };
  };
  return {
    connections,
    prisma,
    rowsOf: (shape, select) => connections.short(() => read(shape, select)),
    manyRowsOf: (shape, select) => connections.long(() => readPatiently(shape, select)),
    execute: (sql) =>
      connections.long(async () => {
        await patient.$executeRaw(withoutTimes(sql));
      }),
    transaction: (work) =>
      connections.transaction((client) =>
        work(
          async <Rows>(text: TemplateStringsArray, ...values: unknown[]) =>
            (await client.query<QueryResultRow>(statementOf(Prisma.sql(text, ...values)))).rows as Rows,
        ),
      ),
    heard: (table) => onQuery?.(table),
    async close() {
      await Promise.all([prisma.$disconnect(), patient.$disconnect()]);
      await connections.close();
    },
  };
}

/**
 * Whether there is a pooler in between. With a pooler, every statement may get another connection,
 * so no plan can be kept. Prisma reads the same parameter.
 */
function isPooled(url: string): boolean {
  return URL.canParse(url) && new URL(url).searchParams.get('pgbouncer') === 'true';
}

const NAMED_STATEMENTS = 100;

/**
 * Names statements by their text. A connection keeps the plan of a named statement, which halves
 * the time of a small one. A text has the same name in every process, since a pooler may give the
 * connection of one process to another. Only the first 100 texts get a name; the program has far
 * fewer.
 */
function statementNames(): (sql: string) => string {
  const names = new Map<string, string>();
  return (sql) => {
    const known = names.get(sql);
    if (known !== undefined) return known;
    if (names.size >= NAMED_STATEMENTS) return ''; // no name, so the plan is not kept
    const name = `vitrine_${sha256(sql, 24)}`;
    names.set(sql, name);
    return name;
  };
}

const TABLE =
  /\b(?:FROM|INTO|UPDATE)\s+(?:"public"\.)?"?(articles|customers|purchases|receipts|recommendation_lists|facts)\b/i;

/** Prisma would write times without a zone, in a form that depends on the database's zone. */
function withoutTimes({ strings, values }: Prisma.Sql): Prisma.Sql {
  return new Prisma.Sql(strings, values.map(inUtc));
}

/**
 * Writes times as text in UTC. `pg` would write them in this machine's zone, with an offset in
 * whole minutes, although offsets had seconds before about 1910.
 */
function inUtc(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inUtc);
  return value instanceof Date ? value.toISOString() : value;
}

/** Reads keys of 64 bits, and lists of them, as numbers. `pg` reads them as texts. */
const KEYS_AS_NUMBERS = new TypeOverrides();
KEYS_AS_NUMBERS.setTypeParser(types.builtins.INT8, Number);
const LIST_OF_INT8 = 1016;
KEYS_AS_NUMBERS.setTypeParser(LIST_OF_INT8, (text: string) => JSON.parse(`[${text.slice(1, -1)}]`) as number[]);
