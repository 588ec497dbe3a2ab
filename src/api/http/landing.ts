// The pages that a browser gets: Apollo Sandbox at /graphql, opened on the project's own operations
// with ids that exist, so that its button answers at once, or on one of them
// (/graphql?operation=Search&variables={"text":"hat"}); and a signpost at /.

import type { ApolloServerPlugin, GraphQLServerContext } from '@apollo/server';
import { ApolloServerPluginLandingPageLocalDefault } from '@apollo/server/plugin/landingPage/default';
import { parse, print, separateOperations, type DocumentNode } from 'graphql';
import type { Store } from '../../data/store/store';
import type { Context } from '../graphql/context';
import { readOperations } from '../graphql/client/operations';

/**
 * Sandbox's page, made for each visit: the ids that it proposes are those of the store at that
 * time.
 */
export interface Sandbox {
  readonly plugin: ApolloServerPlugin<Context>;
  /** The page, on all operations or on the one proposed. */
  page(proposal?: Proposal): Promise<string>;
}

export function createSandbox(store: Store): Sandbox {
  const document = readOperations();
  let service: GraphQLServerContext | undefined;
  const page = async (proposal?: Proposal): Promise<string> => {
    const sandbox = ApolloServerPluginLandingPageLocalDefault({
      document,
      variables: await exampleVariables(store),
      ...proposal,
      footer: false,
      embed: { runTelemetry: false, initialState: { pollForSchemaUpdates: false } },
    });
    const listener = service && (await sandbox.serverWillStart?.(service));
    const made = await listener?.renderLandingPage?.();
    if (!made) throw new Error('Apollo Sandbox has no landing page in this version of @apollo/server');
    return typeof made.html === 'string' ? made.html : made.html();
  };
  return {
    page,
    plugin: {
      async serverWillStart(started) {
        service = started;
        return {
          async renderLandingPage() {
            return { html: () => page() };
          },
        };
      },
    },
  };
}

/** One operation of the project's own, with variables from a page's address. */
export interface Proposal {
  readonly document: string;
  readonly variables: Record<string, Json>;
}

/** What Sandbox proposes for an address; undefined: the address names no operation of ours. */
export function proposalOf(query: Readonly<Record<string, unknown>>): Proposal | undefined {
  const { operation, variables } = query;
  if (typeof operation !== 'string' || !Object.hasOwn(OPERATIONS, operation)) return undefined;
  return { document: print(OPERATIONS[operation]), variables: harmlessVariables(variables) };
}

const OPERATIONS: Readonly<Record<string, DocumentNode>> = separateOperations(parse(readOperations()));

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/**
 * Anybody can make such an address, and the page carries what stands in it within a script: only
 * plain texts get there.
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

/**
 * Variables for the operations, with the first customer's and article's ids where they can be read.
 */
async function exampleVariables(store: Store): Promise<Record<string, string | number>> {
  const [customers, articles] = await Promise.all([
    store.customersPage(1).catch(() => null),
    store.articlesPage(1).catch(() => null),
  ]);
  return {
    customerId: harmlessId(customers?.rows[0]?.id) ?? 'CUSTOMER_ID',
    articleId: harmlessId(articles?.rows[0]?.id) ?? 'ARTICLE_ID',
    first: 12,
  };
}

/** Ids come from files of others, and Sandbox's page carries them within a script. */
function harmlessId(id: string | undefined): string | undefined {
  return id !== undefined && /^[\w.-]{1,128}$/.test(id) ? id : undefined;
}

/** Where things are, for people and for programs. */
export const SIGNPOST = Object.freeze({
  name: 'Vitrine',
  graphql: '/graphql',
  report: '/report',
  metrics: '/metrics',
  images: '/images/{articleId}',
  health: { live: '/health/live', ready: '/health/ready' },
});

export const SIGNPOST_PAGE = page(
  'Vitrine',
  `<p>Recommendations and similar articles, learnt from this shop's own data.</p>
    <ul>
      <li><a href="/graphql">/graphql</a>: the API; in a browser, Apollo Sandbox with queries to try</li>
      <li><a href="/report">/report</a>: how good the recommendations are, measured on purchases that training has not seen</li>
      <li><a href="/metrics">/metrics</a>: what it has done since it runs</li>
      <li><a href="/health/ready">/health/ready</a>: whether it can answer now</li>
      <li><a href="/health/live">/health/live</a>: whether it runs</li>
    </ul>`,
);

export const NO_REPORT_PAGE = page(
  'No report yet',
  `<p>A report comes with each release that was measured. Either there is no release yet, or it was made with
    <code>--no-evaluate</code>, or the shop had too little to measure on.</p>
    <p><code>npx vitrine train</code> measures and publishes one; this server moves to it by itself.
    <a href="/">What else is here</a></p>`,
);

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${title}</title>
    <style>
      :root { color-scheme: light dark }
      body { font: 16px/1.5 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto; padding: 0 1rem }
    </style>
  </head>
  <body>
    <h1>${title}</h1>
    ${body}
  </body>
</html>
`;
}
