// Whether the server can answer requests. The check never throws and never hangs: a failure or a
// timeout becomes its answer.

import type { Store } from '../../data/store/store';

export type Readiness =
  ({ readonly ready: true } & Partial<Stale>) | { readonly ready: false; readonly reason: string };

/** The served release is older than the wanted one. */
interface Stale {
  readonly release: string | undefined;
  readonly wanted: string;
  readonly reason: string;
}

export interface HealthParts {
  readonly store: Pick<Store, 'ping'>;
  /** Whether there is a release to recommend from, and what else the process needs. */
  readonly ready: () => Readiness | Promise<Readiness>;
  /** How long the database may take. Default 2000. */
  readonly pingLimitMs?: number;
}

/** Strangers may read the reasons: they name no hosts, no paths and no messages of others. */
export async function checkReady({ store, ready, pingLimitMs = 2000 }: HealthParts): Promise<Readiness> {
  const [process, database] = await Promise.all([
    settle(async () => ready(), 'the state of the server is unknown'),
    settle(() => pingWithin(store, pingLimitMs), 'the database does not answer'),
  ]);
  return process.ready && !database.ready ? database : process;
}

async function settle(check: () => Promise<Readiness>, failure: string): Promise<Readiness> {
  try {
    return await check();
  } catch {
    return { ready: false, reason: failure };
  }
}

async function pingWithin(store: Pick<Store, 'ping'>, limitMs: number): Promise<Readiness> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Readiness>((resolve) => {
    timer = setTimeout(() => resolve({ ready: false, reason: `the database took over ${limitMs} ms` }), limitMs);
  });
  try {
    return await Promise.race([store.ping().then((): Readiness => ({ ready: true })), late]);
  } finally {
    clearTimeout(timer);
  }
}
