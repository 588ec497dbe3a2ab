// The rights that the program needs in a database, and the statements that grant the missing ones.
// The missing rights are found in Postgres's catalogue, since the messages of a server may be in
// any language.

import { escapeIdentifier, type Client } from 'pg';

/** `read` is enough to serve. `write` adds imports and orders, `change` adds migrations. */
export type Need = 'read' | 'write' | 'change';

/** Returns statements for the owner of the database to run; [] if no right is missing. */
export async function missingRights(client: Client, need: Need): Promise<string[]> {
  const { rows } = await client.query<Found>(LOOK, [TABLES]);
  const [found] = rows;
  if (!found) return [];
  const user = escapeIdentifier(found.user);
  const schema = escapeIdentifier(found.schema);
  const statements: string[] = [];
  if (!found.usage || (need === 'change' && !found.create)) {
    statements.push(`GRANT USAGE${need === 'change' ? ', CREATE' : ''} ON SCHEMA ${schema} TO ${user};`);
  }
  if (!found.select || (need !== 'read' && !found.write)) {
    const rights = need === 'read' ? 'SELECT' : 'SELECT, INSERT, UPDATE, DELETE';
    statements.push(`GRANT ${rights} ON ALL TABLES IN SCHEMA ${schema} TO ${user};`);
  }
  if (need !== 'read' && !found.sequences) {
    statements.push(`GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA ${schema} TO ${user};`);
  }
  // Only the owner of a table may change it, or a member of the role that owns it.
  if (need === 'change') {
    statements.push(...(found.owners ?? []).map((owner) => `GRANT ${escapeIdentifier(owner)} TO ${user};`));
  }
  return statements;
}

interface Found {
  readonly user: string;
  readonly schema: string;
  readonly usage: boolean;
  readonly create: boolean;
  readonly select: boolean;
  readonly write: boolean;
  readonly sequences: boolean;
  readonly owners: string[] | null;
}

const TABLES = [
  '_prisma_migrations',
  'articles',
  'customers',
  'purchases',
  'facts',
  'receipts',
  'recommendation_lists',
  'recommendations',
  'api_keys',
  'audit_entries',
  'budgets',
];

/** current_schema() may be null, since a schema without USAGE is not in the search path. */
const LOOK = `
WITH place AS (
  SELECT oid, nspname FROM pg_namespace
   WHERE nspname = COALESCE(current_schema(), 'public')
), tables AS (
  SELECT c.* FROM pg_class c JOIN place ON c.relnamespace = place.oid WHERE c.relname = ANY($1)
), sequences AS MATERIALIZED (
  SELECT c.* FROM pg_class c
    JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass
    JOIN tables ON tables.oid = d.refobjid
   WHERE c.relkind = 'S'
)
SELECT current_user::text AS "user", nspname::text AS schema,
       has_schema_privilege(oid, 'USAGE') AS usage,
       has_schema_privilege(oid, 'CREATE') AS create,
       NOT EXISTS (SELECT FROM tables WHERE NOT has_table_privilege(oid, 'SELECT')) AS select,
       NOT EXISTS (
         SELECT FROM tables, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE']) AS right_
          WHERE relkind = 'r' AND relname <> '_prisma_migrations' AND NOT has_table_privilege(oid, right_)
       ) AS write,
       NOT EXISTS (SELECT FROM sequences WHERE NOT has_sequence_privilege(oid, 'USAGE')) AS sequences,
       ARRAY(
         SELECT DISTINCT pg_get_userbyid(relowner)::text FROM tables WHERE NOT pg_has_role(relowner, 'USAGE') ORDER BY 1
       ) AS owners
  FROM place`;
