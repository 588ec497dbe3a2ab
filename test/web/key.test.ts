// The shop window of a server that asks for a key.

import { createGate } from '../../src/access/gate';
import { openKeys } from '../../src/access/keys';
import type { Scope } from '../../src/access/scopes';
import { GATE } from '../support/keyed-shop';
import { described, showShopWindow, WHY_SKIPPED } from './shop-window';

described(`the shop window of a server with keys${WHY_SKIPPED}`, () => {
  const shown = showShopWindow('window-key', async ({ access }) => {
    await makeKey(access, ['admin']);
    return createGate(access, GATE);
  });
  const dialog = () => shown.page.getByRole('dialog', { name: 'A key, please' });
  const enter = async (key: string) => {
    await dialog().getByLabel('Key', { exact: true }).fill(key);
    await dialog().getByRole('button', { name: 'Open the shop' }).click();
  };

  test('asks for a key, says which scopes it needs, and shows the shop with it', async () => {
    await shown.page.goto('/');
    await dialog().waitFor();
    expect(await dialog().innerText()).toContain('send one as');
    await enter(await makeKey(shown.store.access, ['recommend', 'customers:read', 'events:write']));
    await shown.shelf('Trending now').locator('.card-link').first().waitFor();
    expect(await dialog().count()).toBe(0);
    // The key stays for other pages of this tab.
    await shown.page.goto('/search?q=dress');
    await shown.page.locator('.card-link').first().waitFor();
    expect(await dialog().count()).toBe(0);
  });

  test('says what a key that allows too little lacks', async () => {
    await shown.page.goto('/');
    await dialog().waitFor();
    await enter(await makeKey(shown.store.access, ['catalogue:read']));
    await dialog().getByText('needs the scope').waitFor();
  });
});

async function makeKey(access: Parameters<typeof openKeys>[0], scopes: readonly Scope[]): Promise<string> {
  const key = { name: scopes.join(' '), kind: 'secret', scopes, expiresAt: null } as const;
  return (await openKeys(access).make(key, 'test')).text;
}
