// The rights that the program needs in a database, as the statements that grant those which its
// user lacks. Asks the catalogue, since a server says what is missing in its own language.

import { escapeIdentifier, type Client } from 'pg';

/**
 * `read`: to serve; `write`: also to import and to record orders; `change`: also to apply
 * migrations.
 */
export type Need = 'read' | 'write' | 'change';

/** Statements for the owner of the database to run; [] where nothing is missing. */
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
  // Only an owner may change a table, or a member of the role that owns it.
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
];

/** Without USAGE a schema is left out of the search path, so current_schema() may be null. */
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
