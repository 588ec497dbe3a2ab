// Apollo Sandbox, the page that a browser gets at /graphql. The page opens with the project's own
// operations and with ids that exist, so that every operation can be run at once.

import type { ApolloServerPlugin, GraphQLServerContext } from '@apollo/server';
import { ApolloServerPluginLandingPageLocalDefault } from '@apollo/server/plugin/landingPage/default';
import type { Gate } from '../../../access/gate';
import type { Store } from '../../../data/store/store';
import type { Context } from '../context';
import { readOperations, type Proposal } from './operations';

/**
 * Apollo Sandbox. Its page is made again for each visit, with ids that exist in the store at that
 * time.
 */
export interface Sandbox {
  readonly plugin: ApolloServerPlugin<Context>;
  /** Returns the page with the proposed operation, or with all operations if none is proposed. */
  page(proposal?: Proposal): Promise<string>;
}

/** Without a key the page shows no ids, and has a header to put a key into. */
export function createSandbox(store: Store, gate: Pick<Gate, 'isOpen'>): Sandbox {
  const document = readOperations();
  let service: GraphQLServerContext | undefined;
  const page = async (proposal?: Proposal): Promise<string> => {
    const sandbox = ApolloServerPluginLandingPageLocalDefault({
      document,
      variables: gate.isOpen() ? await exampleVariables(store) : {},
      ...(gate.isOpen() ? {} : { headers: { Authorization: 'Bearer YOUR_KEY' } }),
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

/**
 * Variables for the operations: the ids of the first customer and of the first article, if there
 * are any.
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

/**
 * Returns the id if it is harmless in a script. Ids come from the shop's files, and the page embeds
 * them in a script.
 */
function harmlessId(id: string | undefined): string | undefined {
  return id !== undefined && /^[\w.-]{1,128}$/.test(id) ? id : undefined;
}
