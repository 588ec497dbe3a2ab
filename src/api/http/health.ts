// Whether the server can answer requests. The check never throws and never hangs: it reports a
// failure or a timeout as “not ready”.

import type { Store } from '../../data/store/store';

export type Readiness =
  ({ readonly ready: true } & Partial<Stale>) | { readonly ready: false; readonly reason: string };

/** Says that the served release is older than the wanted release. */
interface Stale {
  readonly release: string | undefined;
  readonly wanted: string;
  readonly reason: string;
}

export interface HealthParts {
  readonly store: Pick<Store, 'ping'>;
  /**
   * Whether the process can serve: it has a release to recommend from, and nothing else is missing.
   */
  readonly ready: () => Readiness | Promise<Readiness>;
  /** Time that the database may take to answer, in ms. Default: 2000. */
  readonly pingLimitMs?: number;
}

/**
 * Checks the process and the database. Anyone may read the reasons, so they contain no host names,
 * no paths and no messages from other programs.
 */
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
