// The gate: who sends a request. The server asks it before anything else.

import { VitrineError } from '../errors';
import { openPrincipal, type Principal } from './principal';

/** What a request brings. */
export interface Credentials {
  /** The header `Authorization`. */
  readonly authorization: string | undefined;
  /** A token of a customer, which the shop has signed. */
  readonly customerToken: string | undefined;
  /** The address that it comes from; failures are counted by it. */
  readonly address: string;
}

export interface Gate {
  /** Whether everybody may do everything: on loopback before the first key, or by VITRINE_OPEN. */
  isOpen(): boolean;
  /**
   * @throws VitrineError UNAUTHENTICATED for missing or wrong credentials, RATE_LIMITED after too many
   *   of them
   */
  identify(credentials: Credentials): Principal | Promise<Principal>;
}

/** A gate that lets everybody in. */
export function openGate(): Gate {
  const anyone = openPrincipal();
  return {
    isOpen: () => true,
    identify({ authorization, customerToken }) {
      if (customerToken !== undefined && authorization === undefined) {
        throw new VitrineError(
          'UNAUTHENTICATED',
          'a token of a customer needs a key beside it, and this server has none',
        );
      }
      return anyone;
    },
  };
}
