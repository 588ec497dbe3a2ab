// The gate: who sends a request. The server asks it before anything else.

import type { AccessStore } from '../data/store/access/access-store';
import { VitrineError } from '../errors';
import { openBudgets, type Budgets, type BudgetSettings } from './budgets';
import { limitFailures } from './failures';
import { openKeys } from './keys';
import { openPrincipal, type Principal } from './principal';
import { openTokens, type TokenSettings } from './tokens';

/** What a request brings. */
export interface Credentials {
  /** The header `Authorization`. */
  readonly authorization: string | undefined;
  /** A token of a customer, which the shop has signed. */
  readonly customerToken: string | undefined;
  /** The address that it comes from; failures are counted by it. */
  readonly address: string;
}

export interface Gate extends Budgets {
  /** Whether everybody may do everything, as far as is known now. */
  isOpen(): boolean;
  /**
   * @throws VitrineError UNAUTHENTICATED for missing or wrong credentials, RATE_LIMITED after too
   * many
   *   of them
   */
  identify(credentials: Credentials): Principal | Promise<Principal>;
}

export interface GateSettings {
  /** Whether the server stays open when there are keys, since a gateway guards it. */
  readonly open: boolean;
  readonly tokens: TokenSettings;
  readonly budgets: BudgetSettings;
}

/** A gate that lets everybody in. */
export function openGate(): Gate {
  const anyone = openPrincipal();
  return { isOpen: () => true, identify: () => anyone, spend: () => undefined };
}

/** Time after which an open gate looks again for a first key, in ms. */
const LOOK_MS = 750;

/**
 * A gate that is open until there is a key. Once there was one it is closed for good, even if all
 * keys are revoked.
 */
export async function createGate(store: AccessStore, settings: GateSettings): Promise<Gate> {
  const keys = openKeys(store);
  const tokens = await openTokens(settings.tokens);
  const failures = limitFailures();
  const anyone = openPrincipal();
  const budgets = openBudgets(store, settings.budgets);
  let closed = !settings.open && (await store.hasKeys());
  let looked = performance.now();

  async function look(): Promise<void> {
    looked = performance.now();
    // While the database is gone nobody can make a key.
    closed ||= await store.hasKeys().catch(() => false);
  }

  async function known({ authorization, customerToken, address }: Credentials): Promise<Principal> {
    const tooMany = failures.areTooMany(address);
    try {
      const principal = await keys.principalOf(keyIn(authorization), tooMany);
      if (customerToken === undefined) return principal;
      return { ...principal, customerId: await tokens.customerOf(customerToken) };
    } catch (thrown) {
      if (!(thrown instanceof VitrineError) || thrown.code !== 'UNAUTHENTICATED') throw thrown;
      failures.add(address);
      if (!tooMany) throw thrown;
      throw new VitrineError('RATE_LIMITED', 'too many wrong keys or tokens came from this address; wait a second');
    }
  }

  async function lookFirst(credentials: Credentials): Promise<Principal> {
    await look();
    return closed ? known(credentials) : anyone;
  }

  return {
    isOpen: () => !closed,
    identify(credentials) {
      if (settings.open) return anyone;
      if (closed) return known(credentials);
      return performance.now() - looked < LOOK_MS ? anyone : lookFirst(credentials);
    },
    spend: (principal, cost) => budgets.spend(principal, cost),
  };
}

function keyIn(authorization: string | undefined): string {
  const [, key] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? [];
  if (key !== undefined) return key;
  throw new VitrineError(
    'UNAUTHENTICATED',
    authorization === undefined
      ? 'this server answers to keys: send one as `Authorization: Bearer KEY`'
      : 'expected `Authorization: Bearer KEY`, got another form',
  );
}
