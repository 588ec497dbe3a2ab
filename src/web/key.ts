// The key with which the shop window asks a server that is not open. It stays in this tab.

import { effect, signal } from '@preact/signals';

const STORED = 'vitrine key';

/** Empty if there is none. */
export const key = signal(sessionStorage.getItem(STORED) ?? '');
/** Why the server wants a key, or another one. Undefined while it does not. */
export const keyWanted = signal<string | undefined>(undefined);

effect(() => {
  if (key.value === '') sessionStorage.removeItem(STORED);
  else sessionStorage.setItem(STORED, key.value);
});
