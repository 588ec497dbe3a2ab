// Keys: made once, found by hash, ended everywhere within a second.

import { createGate, type Gate } from '../../src/access/gate';
import { makeKeyText, readKeyText } from '../../src/access/key-text';
import { openKeys, type Keys } from '../../src/access/keys';
import { openStore } from '../../src/data/store/open-store';
import type { Store } from '../../src/data/store/store';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { GATE } from '../support/keyed-shop';

let database: TestDatabase;
let store: Store;
let keys: Keys;
beforeAll(async () => {
  database = await createTestDatabase('keys');
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.sql('TRUNCATE api_keys, audit_entries');
  store = openStore(database.url);
  keys = openKeys(store.access);
});
afterEach(() => store.close());

const ADMIN = { name: 'ops', kind: 'secret', scopes: ['admin'], expiresAt: null } as const;
const asked = (key: string, address = '10.0.0.1') => ({
  authorization: `Bearer ${key}`,
  customerToken: undefined,
  address,
});

describe('the text of a key', () => {
  test('reads as its kind, its id and the hash of its secret', () => {
    for (const kind of ['secret', 'publishable'] as const) {
      const { text, ...parts } = makeKeyText(kind);
      expect(readKeyText(text)).toEqual(parts);
      expect(text).toMatch(kind === 'secret' ? /^vitrine_sk_/ : /^vitrine_pk_/);
    }
  });

  test('has 192 random bits, so that no two are alike', () => {
    const secrets = new Set(Array.from({ length: 2_000 }, () => makeKeyText('secret').hash.toString('hex')));
    expect(secrets.size).toBe(2_000);
    expect(makeKeyText('secret').text.split('_')[3]).toHaveLength(48 + 8);
  });

  test('is refused with any one character changed', () => {
    const { text } = makeKeyText('secret');
    for (let at = 0; at < text.length; at++) {
      const other = text[at] === '0' ? '1' : '0';
      expect(readKeyText(text.slice(0, at) + other + text.slice(at + 1))).toBeUndefined();
    }
  });
});

describe('a key', () => {
  test('lets its program in with its scopes and those that they include', async () => {
    const { text, key } = await keys.make({ ...ADMIN, name: 'lists', scopes: ['recommend'] }, 'test');
    const principal = await keys.principalOf(text);
    expect(principal).toMatchObject({
      kind: 'key',
      keyId: key.id,
      name: 'lists',
      publishable: false,
      customerId: null,
    });
    expect([...principal.scopes].sort()).toEqual(['catalogue:read', 'recommend']);
  });

  test('is kept as a hash only', async () => {
    const { text } = await keys.make(ADMIN, 'test');
    const [row] = await database.sql('SELECT api_keys::text AS row FROM api_keys');
    expect(String(row['row'])).not.toContain(text.split('_')[3].slice(0, 48));
  });

  test('with the secret of another one is unknown', async () => {
    const one = await keys.make(ADMIN, 'test');
    const forged = makeKeyText('secret').text.replace(/_[0-9a-f]{12}_/, `_${one.key.id}_`);
    await expect(keys.principalOf(forged)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('does not become another kind by its prefix', async () => {
    const { key } = await keys.make({ ...ADMIN, kind: 'publishable', scopes: ['recommend'] }, 'test');
    await database.sql('UPDATE api_keys SET hash = $1', [makeKeyText('secret').hash]);
    const { text } = makeKeyText('secret');
    await expect(keys.principalOf(text.replace(/_[0-9a-f]{12}_/, `_${key.id}_`))).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  });

  test('that has expired says so', async () => {
    const { text, key } = await keys.make(ADMIN, 'test');
    await database.sql(`UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE id = $1`, [key.id]);
    await expect(keys.principalOf(text)).rejects.toMatchObject({
      message: expect.stringContaining('expired on') as string,
    });
  });

  test('notes its use, at most once a minute', async () => {
    const { text } = await keys.make(ADMIN, 'test');
    await keys.principalOf(text);
    const used = async () => (await keys.list())[0].lastUsedAt;
    for (let tries = 0; tries < 100 && (await used()) === null; tries++) await pause(20);
    const first = await used();
    expect(first).not.toBeNull();
    await pause(50);
    await keys.principalOf(text);
    await pause(50);
    expect(await used()).toEqual(first);
  });

  test.each<[string, object, string]>([
    ['an unknown scope', { scopes: ['everything'] }, 'got "everything"'],
    ['no scope', { scopes: [] }, 'got none'],
    ['a scope that pages may not have', { kind: 'publishable', scopes: ['customers:read'] }, 'of a publishable key'],
    ['no name', { name: '  ' }, 'name: '],
    ['an expiry in the past', { expiresAt: new Date(0) }, 'a time to come'],
  ])('with %s is not made', async (_what, more, message) => {
    await expect(keys.make({ ...ADMIN, ...more }, 'test')).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining(message) as string,
    });
    expect(await keys.list()).toEqual([]);
  });
});

describe('a revoked key', () => {
  test('is refused by all processes within a second', async () => {
    const { text, key } = await keys.make(ADMIN, 'test');
    const stores = [openStore(database.url), openStore(database.url)];
    const gates = await Promise.all(stores.map((one) => createGate(one.access, GATE)));
    const isIn = async (gate: Gate, i: number) => {
      try {
        await gate.identify(asked(text, `10.0.1.${i}`));
        return true;
      } catch {
        return false;
      }
    };
    expect(await Promise.all(gates.map(isIn))).toEqual([true, true]);
    await keys.revoke([key.id], 'test');
    const revoked = performance.now();
    await pause(1_000 - (performance.now() - revoked));
    expect(await Promise.all(gates.map(isIn))).toEqual([false, false]);
    await Promise.all(stores.map((one) => one.close()));
  });

  test('stays revoked when its expiry is set, and closes no door behind it', async () => {
    const { text, key } = await keys.make(ADMIN, 'test');
    await keys.revoke([key.id, 'nothing'], 'test');
    const [again] = await keys.expire([key.id], new Date(Date.now() + 60_000), 'test');
    expect(again).toMatchObject({ id: key.id, expiresAt: null });
    await expect(keys.principalOf(text)).rejects.toMatchObject({ message: 'the key is revoked' });
    // There was a key once, so nobody comes in without one.
    const gate = await createGate(store.access, GATE);
    expect(gate.isOpen()).toBe(false);
  });

  test('is answered for each id, with an error for an unknown one', async () => {
    const { key, text } = await keys.make(ADMIN, 'test');
    const [first, second] = await keys.revoke([text, 'unknown'], 'test');
    expect(first).toMatchObject({ id: key.id });
    expect(second).toMatchObject({ code: 'NOT_FOUND' });
  });
});

test('what was made, revoked and set to expire stands in the audit, the newest first', async () => {
  const { key } = await keys.make(ADMIN, 'ada');
  const at = new Date(Date.now() + 60_000);
  await keys.expire([key.id], at, 'bo');
  await keys.revoke([key.id], 'cy');
  await keys.revoke([key.id], 'cy');
  const entries = await store.access.auditEntries(10);
  expect(entries.map(({ actor, action, subject }) => [actor, action, subject])).toEqual([
    ['cy', 'key.revoke', key.id],
    ['bo', 'key.expire', key.id],
    ['ada', 'key.make', key.id],
  ]);
  expect(entries[1]).toMatchObject({ before: { expiresAt: null }, after: { expiresAt: at.toISOString() } });
  expect(JSON.stringify(entries)).not.toContain('hash');
  expect(await store.access.auditEntries(10, entries[1].id)).toEqual([entries[2]]);
});

describe('a gate', () => {
  test('is open until the first key, which closes it within a second', async () => {
    const gate = await createGate(store.access, GATE);
    const nobody = { authorization: undefined, customerToken: undefined, address: '10.0.0.2' };
    expect(await gate.identify(nobody)).toMatchObject({ kind: 'open' });
    await keys.make(ADMIN, 'test');
    await pause(1_000);
    await expect((async () => gate.identify(nobody))()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(gate.isOpen()).toBe(false);
  });

  test('refuses wrong keys from an address without a statement after twenty, and lets known ones in', async () => {
    const { text } = await keys.make(ADMIN, 'test');
    const other = await keys.make({ ...ADMIN, name: 'unknown to the gate' }, 'test');
    let statements = 0;
    const keysById = (ids: readonly string[]) => ((statements += 1), store.access.keysById(ids));
    const gate = await createGate({ ...store.access, keysById }, GATE);
    await gate.identify(asked(text));
    const codes: unknown[] = [];
    for (let tries = 0; tries < 25; tries++) {
      codes.push(await failure(async () => gate.identify(asked(makeKeyText('secret').text))));
    }
    expect(codes.filter((code) => code === 'UNAUTHENTICATED').length).toBeGreaterThanOrEqual(19);
    expect(codes.at(-1)).toBe('RATE_LIMITED');
    const before = statements;
    expect(await failure(async () => gate.identify(asked(other.text)))).toBe('RATE_LIMITED');
    expect(statements).toBe(before);
    // Clients behind a proxy share its address with whoever guesses.
    expect(await gate.identify(asked(text))).toMatchObject({ name: 'ops' });
    await pause(800);
    expect(await gate.identify(asked(text))).toMatchObject({ name: 'ops' });
    expect(await gate.identify(asked(other.text, '10.0.0.3'))).toMatchObject({ name: 'unknown to the gate' });
  });

  test('lets known keys in while the database is gone', async () => {
    const { text } = await keys.make(ADMIN, 'test');
    const lost = openStore(database.url);
    const gate = await createGate(lost.access, GATE);
    await gate.identify(asked(text));
    await lost.close();
    await pause(800);
    expect(await gate.identify(asked(text))).toMatchObject({ name: 'ops' });
  });
});

async function failure(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work();
    return undefined;
  } catch (thrown) {
    return (thrown as { code?: unknown }).code;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
