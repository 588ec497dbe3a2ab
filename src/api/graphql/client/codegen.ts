// `npm run codegen`: writes schema/schema.graphql and schema/client.ts, the typed client for
// front-ends. The client has a typed document for every named operation, and the function
// `request`, which sends such a document. With --check this program writes nothing and fails if a
// file is out of date.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codegen } from '@graphql-codegen/core';
import * as typedDocumentNode from '@graphql-codegen/typed-document-node';
import * as typescriptOperations from '@graphql-codegen/typescript-operations';
import { lexicographicSortSchema, parse, printSchema } from 'graphql';
import { format, resolveConfig } from 'prettier';
import { asError } from '../../../errors';
import { PROJECT_ROOT } from '../../../config';
import { AS_PARENT, RIGHTS } from '../rights/table';
import { createSchema } from '../schema';
import { OWN_MANIFEST, ownManifest, readOperations, SCHEMA_FOLDER } from './operations';

async function main(check: boolean): Promise<void> {
  const schema = renderSchema();
  const files = [
    { file: join(SCHEMA_FOLDER, 'schema.graphql'), text: schema },
    { file: join(SCHEMA_FOLDER, 'client.ts'), text: await renderClient(schema, readOperations()) },
    { file: OWN_MANIFEST, text: ownManifest() },
    { file: ACCESS_PAGE, text: renderAccessPage() },
  ];
  for (const { file, text } of files) {
    const formatted = await format(text, { ...(await resolveConfig(file)), filepath: file });
    if (!check) {
      writeFileSync(file, formatted);
      process.stdout.write(`wrote ${file}\n`);
    } else if (readFileSync(file, 'utf8') !== formatted) {
      process.stdout.write(`${file} is stale: run \`npm run codegen\`\n`);
      process.exitCode = 1;
    }
  }
}

const ACCESS_PAGE = join(PROJECT_ROOT, 'docs', 'access.md');
const RIGHTS_BEGIN = '<!-- rights -->';
const RIGHTS_END = '<!-- end of rights -->';

/** Returns the page about access with the rights of every field as they are now. */
function renderAccessPage(): string {
  const [before, after = ''] = readFileSync(ACCESS_PAGE, 'utf8').split(RIGHTS_BEGIN);
  const rest = after.includes(RIGHTS_END) ? after.slice(after.indexOf(RIGHTS_END) + RIGHTS_END.length) : after;
  return [before, RIGHTS_BEGIN, '\n\n', rightsTable(), '\n\n', RIGHTS_END, rest].join('');
}

/** A row for each right of a type. Fields that ask for no more than their parent are left out. */
function rightsTable(): string {
  const rows = Object.entries(RIGHTS).flatMap(([type, fields]) => {
    const byRight = new Map<string, string[]>();
    for (const [field, right] of Object.entries(fields)) {
      if (right === AS_PARENT) continue;
      const key = `\`${right.scope}\`${right.own ? ' or own' : ''}`;
      byRight.set(key, [...(byRight.get(key) ?? []), field]);
    }
    return [...byRight].map(
      ([right, names]) => `| \`${type}\` | ${names.map((name) => `\`${name}\``).join(', ')} | ${right} |`,
    );
  });
  return ['| type | fields | needs |', '| --- | --- | --- |', ...rows].join('\n');
}

/**
 * Returns the schema in GraphQL's language. It is sorted by name, so that the order of declaration
 * does not matter.
 */
function renderSchema(): string {
  return `${SCHEMA_HEADER}\n\n${printSchema(lexicographicSortSchema(createSchema()))}\n`;
}

const SCHEMA_HEADER =
  '# Emitted from src/api/graphql by `npm run codegen`; a test fails when it is stale. Do not edit.';

/**
 * Returns a TypeScript module of typed documents. At run time the module needs nothing but fetch.
 */
async function renderClient(schema: string, operations: string): Promise<string> {
  const generated = await codegen({
    filename: 'client.ts',
    schema: parse(schema),
    documents: [{ location: 'operations.graphql', document: parse(operations) }],
    config: {
      documentMode: 'string',
      enumType: 'string-literal',
      skipTypename: true,
      useTypeImports: true,
      immutableTypes: true,
      strictScalars: true,
      scalars: { ID: { input: 'string', output: 'string' }, DateTime: { input: 'string', output: 'string' } },
    },
    plugins: [{ typescriptOperations: {} }, { typedDocumentNode: {} }],
    pluginMap: { typescriptOperations, typedDocumentNode },
  });
  if (!generated.includes(DECORATION_IMPORT)) {
    throw new Error(`the generated client no longer has the line ${DECORATION_IMPORT}: see DECORATION in codegen.ts`);
  }
  return `${CLIENT_HEADER}\n${generated.replace(DECORATION_IMPORT, DECORATION)}\n${REQUEST}`;
}

// The generated code imports a single type, which has three lines. The type is written out here
// instead, so the client has no dependencies.
const DECORATION_IMPORT = "import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';";
const DECORATION = `
/** The same as in @graphql-typed-document-node/core, whose helpers therefore work on these documents. */
export interface DocumentTypeDecoration<TResult, TVariables> {
  __apiType?: (variables: TVariables) => TResult;
}
`;

const CLIENT_HEADER = `// Emitted from schema/operations.graphql by \`npm run codegen\`; a test fails when it is stale. Do not edit.
// Copy it into a front-end: it needs nothing but fetch at run time.
/* eslint-disable */
`;

const REQUEST = `
export interface GraphQLFault {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: { readonly code?: string };
}

/** The answer carried errors. \`data\` holds what came nevertheless. */
export class RequestError extends Error {
  readonly status: number;
  readonly errors: readonly GraphQLFault[];
  readonly data: unknown;

  constructor(status: number, errors: readonly GraphQLFault[], data: unknown) {
    super(errors.map((error) => error.message).join('; ') || \`HTTP status \${status}\`);
    this.name = 'RequestError';
    this.status = status;
    this.errors = errors;
    this.data = data;
  }

  /** The stable code of the first error, such as INPUT_INVALID. */
  get code(): string | undefined {
    return this.errors[0]?.extensions?.code;
  }
}

export interface RequestOptions extends Omit<RequestInit, 'method' | 'body'> {
  /** Hears what the answer carries besides data and errors, such as \`trace\` where the header \`vitrine-trace: 1\` asks for it. */
  readonly onExtensions?: (extensions: Readonly<Record<string, unknown>>) => void;
}

/**
 * Sends a document of this file to a server and returns its data.
 * @throws RequestError when the answer carries errors, and what fetch throws when there is none.
 */
export async function request<Result, Variables>(
  url: string | URL,
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  { onExtensions, ...init }: RequestOptions = {},
): Promise<Result> {
  const headers = new Headers(init.headers);
  headers.set('content-type', 'application/json');
  headers.set('accept', 'application/json');
  const body = JSON.stringify({ query: document.toString(), variables });
  const response = await fetch(url, { ...init, method: 'POST', headers, body });
  const text = await response.text();
  const answer = parseAnswer<Result>(text);
  if (answer?.extensions) onExtensions?.(answer.extensions);
  if (!answer || answer.errors || answer.data == null) {
    throw new RequestError(response.status, answer?.errors ?? [], answer?.data);
  }
  return answer.data;
}

interface Answer<Result> {
  readonly data?: Result | null;
  readonly errors?: readonly GraphQLFault[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}

function parseAnswer<Result>(text: string): Answer<Result> | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
`;

if (require.main === module) {
  main(process.argv.includes('--check')).catch((thrown: unknown) => {
    process.stderr.write(`${asError(thrown).stack}\n`);
    process.exitCode = 1;
  });
}
