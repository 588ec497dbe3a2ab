// Sends statements to Postgres: those that a request waits for, those that read the whole shop, and
// those of a transaction. Without a pooler, statements have names, so that a connection keeps their
// plans.

import { PrismaPg } from '@prisma/adapter-pg';
import { types as pgTypes, type CustomTypesConfig, type QueryConfig, type QueryResultRow } from 'pg';
import { sha256 } from '../../bytes';
import { openConnections, type ConnectionLimits, type Connections } from '../postgres/connections';
import type { Ask } from './orders';
import { Prisma, PrismaClient } from './prisma/client';

export interface Statements {
  readonly connections: Connections;
  readonly prisma: PrismaClient;
  /**
   * Reads rows that a request waits for. These rows do not pass through Prisma's engine, which
   * takes three times as long as `pg` to read an article, and misreads times if the database is not
   * in UTC.
   */
  rowsOf: RowsOf;
  /** Reads the rows of a statement that may read the whole shop. */
  manyRowsOf: RowsOf;
  /** Commits all statements of `work` or none. */
  transaction<T>(work: (ask: Ask) => Promise<T>): Promise<T>;
  /** Reports a statement to the listener that is sent without these functions. */
  heard(table: string): void;
}

type RowsOf = <Row extends QueryResultRow>(sql: Prisma.Sql) => Promise<Row[]>;

/** `onQuery` is called with the table of every statement. */
export function openStatements(url: string, limits: ConnectionLimits, onQuery?: (table: string) => void): Statements {
  const pooled = isPooled(url);
  const connections = openConnections(url, pooled, limits);
  const nameOf = pooled ? undefined : statementNames();
  const adapter = new PrismaPg(connections.pool, nameOf ? { statementNameGenerator: ({ sql }) => nameOf(sql) } : {});
  const prisma = new PrismaClient({ adapter, errorFormat: 'minimal', log: [{ emit: 'event', level: 'query' }] });
  const heard = (sql: string): void => onQuery?.(TABLE.exec(sql)?.[1] ?? 'none');
  // Prisma itself reports its statements, so that they are counted as they are sent.
  if (onQuery) prisma.$on('query', ({ query }) => heard(query));

  const statementOf = ({ text, values }: Prisma.Sql): QueryConfig => {
    heard(text);
    return { ...(nameOf && { name: nameOf(text) }), text, values: values.map(inUtc), types: TYPES };
  };
  return {
    connections,
    prisma,
    rowsOf: <Row extends QueryResultRow>(sql: Prisma.Sql) =>
      connections.short(async (pool) => (await pool.query<Row>(statementOf(sql))).rows),
    manyRowsOf: <Row extends QueryResultRow>(sql: Prisma.Sql) =>
      connections.long(async (client) => (await client.query<Row>(statementOf(sql))).rows),
    transaction: (work) =>
      connections.transaction((client) =>
        work(
          async <Rows>(text: TemplateStringsArray, ...values: unknown[]) =>
            (await client.query<QueryResultRow>(statementOf(Prisma.sql(text, ...values)))).rows as Rows,
        ),
      ),
    heard: (table) => onQuery?.(table),
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

/** Reads 64-bit keys as numbers, which are exact up to 2 ** 53. `pg` itself would give texts. */
const TYPES: CustomTypesConfig = {
  getTypeParser: (oid, format) => {
    const type: number = oid;
    if (type === INT8) return Number;
    if (type === INT8_ARRAY) return (text: string) => (text === '{}' ? [] : text.slice(1, -1).split(',').map(Number));
    return pgTypes.getTypeParser(oid, format) as (text: string) => unknown;
  },
};
const INT8 = 20;
const INT8_ARRAY = 1016;

const TABLE =
  /\b(?:FROM|INTO|UPDATE)\s+(?:"public"\.)?"?(articles|customers|purchases|receipts|recommendation_lists|facts)\b/i;

/**
 * Writes times as text in UTC. `pg` would write them in this machine's zone, with an offset in
 * whole minutes, although offsets had seconds before about 1910.
 */
function inUtc(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inUtc);
  return value instanceof Date ? value.toISOString() : value;
}
