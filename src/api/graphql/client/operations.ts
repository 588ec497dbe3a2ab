// The named operations of schema/operations.graphql. The typed client is generated from these
// operations, and tests run them. Sandbox opens with all of them, or with a single one that the
// address names, such as /graphql?operation=Search&variables={"text":"hat"}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getOperationAST, parse, print, separateOperations, type DocumentNode } from 'graphql';
import { PROJECT_ROOT } from '../../../config';
import { hashOf } from '../operation/trusted';

/** Absolute path of the folder with the emitted schema, the operations and the typed client. */
export const SCHEMA_FOLDER = join(PROJECT_ROOT, 'schema');

export function readOperations(): string {
  return readFileSync(join(SCHEMA_FOLDER, 'operations.graphql'), 'utf8');
}

/** The manifest of this project's operations, which codegen writes. */
export const OWN_MANIFEST = join(SCHEMA_FOLDER, 'trusted-documents.json');

/** Returns the manifest of this project's operations in Apollo's form. */
export function ownManifest(): string {
  const operations = Object.entries(OPERATIONS).map(([name, document]) => {
    const body = print(document);
    return { id: hashOf(body), name, type: getOperationAST(document)?.operation, body };
  });
  return JSON.stringify({ format: 'apollo-persisted-query-manifest', version: 1, operations });
}

/** A named operation, with the variables given in the page's address. */
export interface Proposal {
  readonly document: string;
  readonly variables: Record<string, Json>;
}

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/**
 * Returns the operation that the query string of an address names, or undefined if it names none of
 * this project's operations.
 */
export function proposalOf(query: Readonly<Record<string, unknown>>): Proposal | undefined {
  const { operation, variables } = query;
  if (typeof operation !== 'string' || !Object.hasOwn(OPERATIONS, operation)) return undefined;
  return { document: print(OPERATIONS[operation]), variables: harmlessVariables(variables) };
}

const OPERATIONS: Readonly<Record<string, DocumentNode>> = separateOperations(parse(readOperations()));

/**
 * Keeps only plain texts: anyone can make such an address, and the page embeds its variables in a
 * script.
 */
function harmlessVariables(text: unknown): Record<string, Json> {
  if (typeof text !== 'string' || text.length > 4000) return {};
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? harmlessFields(parsed, 4) : {};
  } catch {
    return {};
  }
}

function harmlessPart(value: unknown, depth: number): Json | undefined {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'string') return /^[\p{L}\p{M}\p{N} _.,:-]{0,256}$/u.test(value) ? value : undefined;
  if (typeof value !== 'object' || depth === 0) return undefined;
  if (Array.isArray(value)) return value.map((one) => harmlessPart(one, depth - 1) ?? null);
  return harmlessFields(value, depth - 1);
}

function harmlessFields(value: object, depth: number): Record<string, Json> {
  const entries = Object.entries(value).flatMap(([name, one]): [string, Json][] => {
    const part = harmlessPart(one, depth);
    return part === undefined || !/^\w{1,64}$/.test(name) ? [] : [[name, part]];
  });
  return Object.fromEntries(entries);
}
