// The keys of programs: making them, ending them, and finding whose a key is. Processes remember a
// key for less than a second, so that a revocation holds everywhere within one.

import { timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { AccessStore, KeyRow, KeyWithHash } from '../data/store/access/access-store';
import { VitrineError } from '../errors';
import { makeKeyText, readKeyText, type KeyKind, type KeyParts } from './key-text';
import type { Principal } from './principal';
import { isScope, PUBLISHABLE_SCOPES, SCOPES, withIncluded, type Scope } from './scopes';

export interface KeyToMake {
  /** For people: which program has it. */
  readonly name: string;
  readonly kind: KeyKind;
  readonly scopes: readonly string[];
  /** Null: it holds until it is revoked. */
  readonly expiresAt: Date | null;
}

export interface MadeKey {
  readonly key: KeyRow;
  /** What the program sends. It is not kept, so nobody sees it again. */
  readonly text: string;
}

/** Time for which a process remembers a key, in ms. */
const REMEMBERED_MS = 750;
/** Keys that a process remembers, wrong ones included. */
const MOST_KEYS = 10_000;
/** A key's last use is written down at most this often, in ms. */
const TOUCH_MS = 60_000;

export interface Keys {
  /**
   * Makes a key.
   * @param actor who makes it, for the audit
   * @throws VitrineError INPUT_INVALID for a scope that is unknown or that such a key may not have
   */
  make(key: KeyToMake, actor: string): Promise<MadeKey>;
  /** All keys, the newest first, with those that no longer hold. */
  list(): Promise<KeyRow[]>;
  /**
   * Revokes keys: no process takes them a second from now. Returns each key or a NOT_FOUND error.
   */
  revoke(ids: readonly string[], actor: string): Promise<(KeyRow | VitrineError)[]>;
  /** Lets keys expire at a time, which gives programs time to move to new ones. */
  expire(ids: readonly string[], at: Date, actor: string): Promise<(KeyRow | VitrineError)[]>;
  /**
   * Whose a key is.
   * @param onlyKnown refuses keys that this process has not met, without a statement
   * @throws VitrineError UNAUTHENTICATED with the reason
   */
  principalOf(text: string, onlyKnown?: boolean): Promise<Principal>;
}

export function openKeys(store: AccessStore): Keys {
  const known = new LRUCache<string, Known>({ max: MOST_KEYS });
  const touched = new LRUCache<string, true>({ max: MOST_KEYS, ttl: TOUCH_MS });

  /**
   * Reads a key again when what is known of it is old. Requests at the same time share the reading.
   */
  function rowOf(id: string): Promise<KeyWithHash | null> {
    const before = known.get(id);
    if (before && performance.now() < before.until) return before.row;
    const read = store.keysById([id]).then(([row]) => row);
    // Nobody can revoke a key while the database is gone, so what was known holds on.
    const row = before ? read.catch(() => before.row) : read;
    const entry: Known = { row, until: performance.now() + REMEMBERED_MS, isThere: before?.isThere ?? false };
    known.set(id, entry);
    row.then(
      (found) => (entry.isThere = found !== null),
      () => known.delete(id),
    );
    return row;
  }

  function touch(id: string): void {
    if (touched.has(id)) return;
    touched.set(id, true);
    // The use of a key is written beside the request. If that fails, the next use is written.
    store.touchKeys([id]).catch(() => touched.delete(id));
  }

  async function end(ids: readonly string[], at: 'now' | Date, actor: string): Promise<(KeyRow | VitrineError)[]> {
    const keys = await store.endKeys(ids.map(idOf), at, actor);
    for (const key of keys) if (key) known.delete(key.id);
    return keys.map((key, i) => key ?? new VitrineError('NOT_FOUND', `there is no key ${ids[i].slice(0, 100)}`));
  }

  return {
    async make({ name, kind, scopes, expiresAt }, actor) {
      checkScopes(kind, scopes);
      if (name.trim() === '' || name.length > 100) {
        throw new VitrineError('INPUT_INVALID', `name: expected 1 to 100 characters, got ${name.length}`);
      }
      if (expiresAt && expiresAt.getTime() <= Date.now()) {
        throw new VitrineError('INPUT_INVALID', `expiresAt: expected a time to come, got ${expiresAt.toISOString()}`);
      }
      const { text, id, hash } = makeKeyText(kind);
      const key = await store.addKey({ id, name: name.trim(), kind, scopes, hash, expiresAt }, actor);
      return { key, text };
    },

    list: () => store.keys(),
    revoke: (ids, actor) => end(ids, 'now', actor),
    expire: (ids, at, actor) => end(ids, at, actor),

    async principalOf(text, onlyKnown = false) {
      const given = readKeyText(text);
      if (!given) throw unauthenticated('expected a key of this server; the one that came is mistyped or cut off');
      if (onlyKnown && known.get(given.id)?.isThere !== true) throw unauthenticated(UNKNOWN);
      const row = await rowOf(given.id);
      const fault = faultOf(row, given);
      if (!row || fault !== undefined) throw unauthenticated(fault ?? UNKNOWN);
      touch(row.id);
      return principalFor(row);
    },
  };
}

/** People may give a whole key where its id is asked for. */
function idOf(text: string): string {
  return readKeyText(text)?.id ?? text;
}

interface Known {
  readonly row: Promise<KeyWithHash | null>;
  readonly until: number;
  /** Whether there was such a key when the row was last read. */
  isThere: boolean;
}

const UNKNOWN = 'this server has no such key';

/** Why a key does not hold; undefined if it does. A wrong secret reveals nothing about the key. */
function faultOf(row: KeyWithHash | null, given: KeyParts): string | undefined {
  if (row?.kind !== given.kind || !timingSafeEqual(row.hash, given.hash)) return UNKNOWN;
  if (row.revokedAt !== null) return 'the key is revoked';
  if (row.expiresAt !== null && row.expiresAt.getTime() <= Date.now()) {
    return `the key expired on ${row.expiresAt.toISOString()}`;
  }
  return undefined;
}

/** Whether a key still lets its program in. */
export function holds({ revokedAt, expiresAt }: KeyRow): boolean {
  return revokedAt === null && (expiresAt === null || expiresAt.getTime() > Date.now());
}

function principalFor({ id, name, kind, scopes }: KeyRow): Principal {
  return {
    kind: 'key',
    keyId: id,
    name,
    publishable: kind === 'publishable',
    // A scope of a newer version of this program allows nothing here.
    scopes: withIncluded(scopes.filter(isScope)),
    customerId: null,
  };
}

function checkScopes(kind: KeyKind, scopes: readonly string[]): void {
  const allowed: readonly Scope[] = kind === 'publishable' ? PUBLISHABLE_SCOPES : SCOPES;
  const wrong = scopes.filter((scope) => !allowed.some((one) => one === scope));
  if (scopes.length > 0 && wrong.length === 0) return;
  const got = scopes.length === 0 ? 'none' : wrong.map((scope) => JSON.stringify(scope.slice(0, 50))).join(', ');
  const kinds = kind === 'publishable' ? 'of a publishable key ' : '';
  throw new VitrineError('INPUT_INVALID', `scopes: expected scopes ${kinds}(${allowed.join(', ')}), got ${got}`);
}

function unauthenticated(message: string): VitrineError {
  return new VitrineError('UNAUTHENTICATED', message);
}
