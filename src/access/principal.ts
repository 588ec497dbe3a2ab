// Who asks: a program with a key, a customer of the shop with a token beside it, or anyone where
// the server is open.

import { VitrineError } from '../errors';
import { SCOPES, type Scope } from './scopes';

export interface Principal {
  /** `open` where no key is needed. */
  readonly kind: 'open' | 'key';
  /** The key's id; null where no key is needed. */
  readonly keyId: string | null;
  /** The key's name, for people. */
  readonly name: string;
  /** Whether the key is one that pages in browsers have. Anyone can read it there. */
  readonly publishable: boolean;
  /** With those that they include. */
  readonly scopes: ReadonlySet<Scope>;
  /** The customer of the token that came with the key; null without a token. */
  readonly customerId: string | null;
}

/** Anyone, where the server is open. */
export function openPrincipal(): Principal {
  return {
    kind: 'open',
    keyId: null,
    name: 'anyone',
    publishable: false,
    scopes: new Set(SCOPES),
    customerId: null,
  };
}

/**
 * Whether the principal acts for all customers. A publishable key never does, and a token narrows
 * any key to its customer.
 */
export function actsForAll({ publishable, customerId }: Principal): boolean {
  return !publishable && customerId === null;
}

/**
 * Refuses a customer that the principal may not act for.
 * @throws VitrineError FORBIDDEN
 */
export function checkCustomer(principal: Principal, customerId: string): void {
  if (actsForAll(principal) || principal.customerId === customerId) return;
  throw new VitrineError(
    'FORBIDDEN',
    principal.customerId === null
      ? `the key "${principal.name}" is publishable, so a customer's own token must come with it`
      : 'expected the customer of the token; it reads and writes that customer alone',
  );
}
