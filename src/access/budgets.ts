// Budgets: how much a key or a customer may ask for in a second, in units of query cost. Processes
// share a budget: each takes leases from the database, and asks it again only when a lease is
// spent.

import { LRUCache } from 'lru-cache';
import type { BudgetStore } from '../data/store/access/budgets';
import { VitrineError } from '../errors';
import type { Principal } from './principal';

export interface BudgetSettings {
  /** Cost per second of a key; undefined for no limit. */
  readonly key: number | undefined;
  /** Cost per second of a customer who has a token. */
  readonly customer: number | undefined;
}

/** What an operation left of the tightest budget. */
export interface Spent {
  /** What may be spent at once, at most. */
  readonly limit: number;
  /** What is left, as far as this process knows. */
  readonly remaining: number;
}

export interface Budgets {
  /**
   * Takes the cost of an operation from the budgets of whoever asks; undefined if there are none.
   * @throws VitrineError RATE_LIMITED with `retryAfterSeconds`
   */
  spend(principal: Principal, cost: number): Promise<Spent> | undefined;
}

/** The error of a spent budget. */
export class BudgetSpent extends VitrineError {
  constructor(
    message: string,
    readonly retryAfterSeconds: number,
  ) {
    super('RATE_LIMITED', message);
  }
}

/** A lease is worth a second, and is worth nothing afterwards. */
const LEASE_MS = 1_000;
const FORGET_MS = 60_000;
/** Budgets that a process remembers. */
const MOST_BUDGETS = 10_000;

interface Purse {
  /** What is left of the lease. */
  left: number;
  /** What the database had left for others. */
  shared: number;
  until: number;
  /** The lease that is being taken. */
  lease: Promise<void> | undefined;
  /** The latest refusal. Until its time is over, as much or more is refused without asking. */
  refused: { readonly need: number; readonly until: number };
}

export function openBudgets(store: BudgetStore, { key, customer }: BudgetSettings): Budgets {
  const purses = new LRUCache<string, Purse>({ max: MOST_BUDGETS });
  let forgotten = performance.now();

  function purseOf(name: string): Purse {
    const known = purses.get(name);
    if (known) return known;
    const purse: Purse = { left: 0, shared: 0, until: 0, lease: undefined, refused: { need: 0, until: 0 } };
    purses.set(name, purse);
    return purse;
  }

  async function take(name: string, rate: number, cost: number): Promise<Spent> {
    const purse = purseOf(name);
    for (;;) {
      if (performance.now() >= purse.until) purse.left = 0;
      if (purse.left >= cost) {
        purse.left -= cost;
        return { limit: rate, remaining: Math.max(0, Math.floor(purse.left + purse.shared)) };
      }
      if (purse.lease) {
        await purse.lease;
        continue;
      }
      const need = cost - purse.left;
      const { refused } = purse;
      if (need >= refused.need && performance.now() < refused.until) throw spent(name, rate, refused.until);
      let granted = 0;
      purse.lease = store.lease({ name, rate, need }).then((lease) => {
        granted = lease.granted;
        purse.left += lease.granted;
        purse.shared = lease.left;
        purse.until = performance.now() + LEASE_MS;
      });
      try {
        await purse.lease;
      } finally {
        purse.lease = undefined;
      }
      if (granted > 0) continue;
      const missing = Math.max(0, Math.min(need, rate) - purse.shared);
      purse.refused = { need, until: performance.now() + (missing / rate) * 1000 };
      throw spent(name, rate, purse.refused.until);
    }
  }

  async function takeAll(budgets: readonly (readonly [name: string, rate: number])[], cost: number): Promise<Spent> {
    let tightest: Spent | undefined;
    for (const [name, rate] of budgets) {
      const left = await take(name, rate, cost);
      if (!tightest || left.remaining < tightest.remaining) tightest = left;
    }
    return tightest ?? { limit: Infinity, remaining: Infinity };
  }

  return {
    spend({ keyId, customerId }, cost) {
      const budgets: [string, number][] = [];
      if (key !== undefined && keyId !== null) budgets.push([`key ${keyId}`, key]);
      if (customer !== undefined && customerId !== null) budgets.push([`customer ${customerId}`, customer]);
      if (budgets.length === 0) return undefined;
      if (performance.now() - forgotten > FORGET_MS) {
        forgotten = performance.now();
        // Rows of budgets that nobody uses do no harm, so a failure waits for the next time.
        store.forgetBudgets().catch(() => undefined);
      }
      return takeAll(budgets, cost);
    },
  };
}

function spent(name: string, rate: number, until: number): BudgetSpent {
  const seconds = Math.max(1, Math.ceil((until - performance.now()) / 1000));
  const whose = name.startsWith('key ') ? 'this key' : 'this customer';
  return new BudgetSpent(
    `the budget of ${whose} is spent: ${rate} units of cost per second; wait ${seconds} s, or ask for less`,
    seconds,
  );
}
