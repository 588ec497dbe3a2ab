// The schema as a text, the same for the same schema whatever the order of declaration: for review,
// for front-ends, for tools. src/api/graphql/client/codegen.ts writes it to schema/schema.graphql.

import { lexicographicSortSchema, printSchema } from 'graphql';
import { createSchema } from '../schema';

const HEADER = '# Emitted from src/graphql by `npm run codegen`; a test fails when it is stale. Do not edit.';

/** The schema in GraphQL's definition language, sorted by name, not formatted. */
export function renderSchema(): string {
  return `${HEADER}\n\n${printSchema(lexicographicSortSchema(createSchema()))}\n`;
}
