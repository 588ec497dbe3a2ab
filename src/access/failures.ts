// Limits how often an address may come with wrong credentials: twenty at once, then one a second.
// Keys and sessions are too long to guess; the limit keeps guessing from costing the server much.

import { LRUCache } from 'lru-cache';
import { VitrineError } from '../errors';

/** Failures that an address may make at once. */
const MOST = 20;
/** How many it regains in a second. */
const REGAINED = 1;
/** Addresses that are remembered. */
const MOST_ADDRESSES = 10_000;

export interface Failures {
  /** @throws VitrineError RATE_LIMITED if too many failures came from the address */
  check(address: string): void;
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
    check(address) {
      if (failuresOf(address) <= MOST - 1) return;
      throw new VitrineError('RATE_LIMITED', 'too many wrong keys or tokens came from this address; wait a second');
    },
    add(address) {
      byAddress.set(address, { failures: failuresOf(address) + 1, at: now() });
    },
  };
}
