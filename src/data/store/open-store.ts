// Opens the store: connects to Postgres and assembles the store from its parts, one file for each
// noun.

import type { ClockMode } from '../../config';
import { VitrineError } from '../../errors';
import { LIMITS, type ConnectionLimits, type Connections } from '../postgres/connections';
import { accessStore } from './access/access-store';
import { storeArticles } from './articles';
import { openClock } from './clock';
import { storeCustomers } from './customers';
import { storeFacts } from './facts';
import { recordOrder } from './orders';
import { Prisma } from './prisma/client';
import { storePurchases } from './purchases';
import { storeSales } from './sales';
import { openStatements } from './sql/statements';
import type { Store } from './store';

export interface StoreOptions {
  /** Called with the table of every statement that is sent. */
  readonly onQuery?: (table: string) => void;
  /** The mode of the shop's clock. Default: the mode of the fact `clock`, else by the data. */
  readonly clock?: ClockMode | undefined;
  /** Numbers of connections and time limits. Default: LIMITS. */
  readonly limits?: Partial<ConnectionLimits>;
}

/** Opens the store. The first statement opens the first connection. */
export function openStore(url: string, options: StoreOptions = {}): Store {
  const statements = openStatements(url, { ...LIMITS, ...options.limits }, options.onQuery);
  const { connections } = statements;
  const clock = openClock(statements, options.clock);
  return {
    ...storeArticles(statements),
    ...storeCustomers(statements),
    ...storePurchases(statements),
    ...storeSales(statements, clock),
    ...storeFacts(statements),
    access: accessStore(statements),
    clock: () => clock.read(),
    recordOrder: (order) => statements.transaction((ask) => recordOrder(ask, order, clock)),
    alone: (name, work) => alone(connections, name, work),
    clear: () =>
      statements.execute(Prisma.sql`TRUNCATE articles, customers, purchases, receipts, recommendation_lists, facts`),
    ping: () => connections.ping(),
    close: () => statements.close(),
  };
}

async function alone<T>(connections: Connections, name: string, work: () => Promise<T>): Promise<T> {
  const dedicated = await connections.dedicated(`vitrine ${name}`);
  try {
    const [{ mine }] = await dedicated.query<{ mine: boolean }>(
      'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS mine',
      [`vitrine ${name}`],
    );
    if (!mine) {
      throw new VitrineError(
        'DATABASE_UNAVAILABLE',
        `Another \`${name}\` runs on this database; run this one when it has ended.`,
      );
    }
    return await work();
  } finally {
    await dedicated.end();
  }
}
