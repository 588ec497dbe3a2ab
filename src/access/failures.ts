// Counts how often wrong credentials come from an address: twenty at once are well, then one a
// second. Keys and sessions are too long to guess; the limit keeps guessing from costing the server
// much. Right keys pass nevertheless, since many clients may share the address of a proxy.

import { LRUCache } from 'lru-cache';

/** Failures that an address may make at once. */
const MOST = 20;
/** How many it regains in a second. */
const REGAINED = 1;
/** Addresses that are remembered. */
const MOST_ADDRESSES = 10_000;

export interface Failures {
  /** Whether too many came from the address. */
  areTooMany(address: string): boolean;
  add(address: string): void;
}

/** @param now the time in ms, for tests */
export function limitFailures(now: () => number = () => performance.now()): Failures {
  const byAddress = new LRUCache<string, { readonly failures: number; readonly at: number }>({ max: MOST_ADDRESSES });
  const failuresOf = (address: string): number => {
    const before = byAddress.get(address);
    return before ? Math.max(0, before.failures - ((now() - before.at) / 1000) * REGAINED) : 0;
  };
  return {
    areTooMany: (address) => failuresOf(address) > MOST - 1,
    add(address) {
      byAddress.set(address, { failures: failuresOf(address) + 1, at: now() });
    },
  };
}
