// Trusted documents: operations that were reviewed ahead, in manifests. A client may send the id of
// such a document instead of its text, and with VITRINE_OPERATIONS=trusted nothing else runs.
// Manifests have Apollo's form, or are plain objects of texts by id, as other tools write them.

import { readFileSync } from 'node:fs';
import { Kind, parse, print, validate, type DefinitionNode, type GraphQLSchema } from 'graphql';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { sha256 } from '../../../bytes';
import { asError, VitrineError } from '../../../errors';
import { LIMITS } from '../../limits';

/** The part of a request that names its document. */
export interface Asked {
  readonly query?: unknown;
  readonly documentId?: unknown;
  readonly extensions?: unknown;
}

export interface TrustedDocuments {
  /**
   * Returns the request with the text of its document.
   * @throws VitrineError NOT_FOUND for an unknown id, FORBIDDEN if nothing but trusted documents
   * runs
   */
  resolve<Request extends Asked>(request: Request): Request;
}

export interface TrustedSettings {
  /** Whether nothing else runs. */
  readonly only: boolean;
  /** Absolute paths of manifests. */
  readonly manifests: readonly string[];
}

const apollosForm = z.object({ operations: z.array(z.object({ id: z.string(), body: z.string() })) });
const plainForm = z.record(z.string(), z.string());

/** Texts whose normal form is remembered. */
const KNOWN_TEXTS = 1_000;

/** @throws VitrineError CONFIG_INVALID for a manifest or a document that cannot be used */
export function openTrustedDocuments(schema: GraphQLSchema, { only, manifests }: TrustedSettings): TrustedDocuments {
  const documents = manifests.flatMap((path) => readManifest(path, schema));
  const byId = new Map(documents.map(({ id, body }) => [id, body]));
  const trusted = new Set(documents.map(({ body }) => hashOf(body)));
  const known = new LRUCache<string, { readonly isTrusted: boolean }>({ max: KNOWN_TEXTS });

  function isTrusted(text: string): boolean {
    let entry = known.get(text);
    if (!entry) known.set(text, (entry = { isTrusted: trusted.has(hashOf(text)) }));
    return entry.isTrusted;
  }

  function textOf(id: string): string {
    const text = byId.get(id.replace(/^sha256:/, ''));
    if (text !== undefined) return text;
    const message = `no trusted document has the id ${JSON.stringify(id.slice(0, 100))}; see TRUSTED_DOCUMENTS`;
    throw new VitrineError('NOT_FOUND', message);
  }

  return {
    resolve(request) {
      const { documentId, query } = request;
      if (typeof documentId === 'string' && query === undefined) {
        return { ...request, documentId: null, query: textOf(documentId) };
      }
      if (!only) return request;
      const hash = typeof query === 'string' ? undefined : persistedHash(request);
      // The text is known here, so Apollo need not look for it.
      if (hash !== undefined) return { ...request, extensions: null, query: textOf(hash) };
      if (typeof query === 'string' && isTrusted(query)) return { ...request, extensions: null };
      throw new VitrineError(
        'FORBIDDEN',
        'this server runs trusted documents only; add the document to a manifest of TRUSTED_DOCUMENTS',
      );
    },
  };
}

interface TrustedDocument {
  readonly id: string;
  readonly body: string;
}

/** The hash of a document, whatever its spaces, its comments and the order of its definitions. */
export function hashOf(text: string): string {
  try {
    const { definitions } = parse(text, { noLocation: true, maxTokens: LIMITS.tokens });
    const sorted = [...definitions].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    return sha256(print({ kind: Kind.DOCUMENT, definitions: sorted }));
  } catch {
    return sha256(text);
  }
}

function keyOf(definition: DefinitionNode): string {
  const name = 'name' in definition ? definition.name?.value : undefined;
  return `${definition.kind} ${name ?? ''}`;
}

function persistedHash({ extensions }: Asked): string | undefined {
  const given = typeof extensions === 'string' ? parsed(extensions) : extensions;
  const found = z.object({ persistedQuery: z.object({ sha256Hash: z.string() }) }).safeParse(given);
  return found.data?.persistedQuery.sha256Hash;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readManifest(path: string, schema: GraphQLSchema): TrustedDocument[] {
  const fault = (what: string): VitrineError =>
    new VitrineError('CONFIG_INVALID', `TRUSTED_DOCUMENTS: ${path} ${what}`);
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (thrown) {
    throw fault(`cannot be read: ${asError(thrown).message}`);
  }
  const documents =
    apollosForm.safeParse(content).data?.operations ??
    Object.entries(plainForm.safeParse(content).data ?? {}).map(([id, body]) => ({ id, body }));
  if (documents.length === 0) {
    throw fault("has no document: expected Apollo's persisted query manifest, or an object of texts by id");
  }
  const faults = documents.flatMap(({ id, body }) => {
    const found = faultOf(body, schema);
    return found === undefined ? [] : [`${id.slice(0, 100)}: ${found}`];
  });
  if (faults.length > 0)
    throw fault(`has documents that this API does not answer:\n  ${faults.slice(0, 20).join('\n  ')}`);
  return documents;
}

function faultOf(body: string, schema: GraphQLSchema): string | undefined {
  try {
    return validate(schema, parse(body, { maxTokens: LIMITS.tokens }))[0]?.message;
  } catch (thrown) {
    return asError(thrown).message;
  }
}
