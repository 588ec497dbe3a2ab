// The basket of the shop window in a real browser.

import type { Browser, Page } from 'playwright-core';
import type { Store } from '../../src/data/store/store';
import { eventually, overflow, visit, type Visit } from '../support/browser';
import type { World } from '../support/world';
import { described, remember, showShopWindow, WHY_SKIPPED } from './shop-window';

described(`the basket${WHY_SKIPPED}`, () => {
  const shown = showShopWindow('window_basket');
  const { shelf, namesIn, home } = shown;
  let page: Page;
  let visitor: Visit;
  let store: Store;
  let url: string;
  let world: World;
  let browser: Browser;
  beforeEach(() => {
    ({ page, visitor, store, url, world, browser } = shown);
  });

  const LINE = { note: 'Blouse · Dusty rose', image: '/images/1', price: 0.05, quantity: 1 };

  test('an order is recorded once, even if the answer gets lost, and changes the rows', async () => {
    await home();
    const before = await namesIn('For you');
    const id = await page.evaluate<string>(`JSON.parse(localStorage.getItem('vitrine.person')).id`);
    const bought = shelf('Trending now').locator('.card').nth(3);
    const name = await bought.locator('.card-name').innerText();
    await bought.hover();
    await bought.getByRole('button').click();
    await page.getByRole('link', { name: 'Basket, 1 pieces' }).click();
    await page.getByRole('button', { name: 'One more' }).click();
    // The server records the order, but its first answer gets lost.
    let lost = false;
    await page.route('**/graphql', async (route) => {
      const answer = await route.fetch();
      if (lost || !(route.request().postData() ?? '').includes('mutation RecordPurchases')) {
        await route.fulfill({ response: answer });
        return;
      }
      lost = true;
      await route.abort();
    });
    await page.getByRole('button', { name: 'Buy' }).click();
    await page.getByText('That did not work').waitFor();
    await page.getByRole('button', { name: 'Buy' }).click();
    await page.getByText('Your shop window has changed').waitFor();
    await shelf(`Because you bought ${name}`).waitFor();
    const after = await namesIn('For you');
    expect(after).not.toEqual(before);
    expect(await shelf('For you').innerText()).toMatch(/\d+ of 12 are new since you bought/);
    const [customer] = await store.customersById([id]);
    const latest = (await store.latestPurchases([customer?.key ?? 0], 3))[0];
    const [{ count }] = await world.database.sql<{ count: number }>(
      'SELECT sum(quantity)::int AS count FROM purchases WHERE customer_key = $1 AND bought_at = $2',
      [customer?.key, latest[0].boughtAt],
    );
    expect(count).toBe(2);
    expect(await page.getByRole('link', { name: 'Basket, 0 pieces' }).count()).toBe(1);
    expect(visitor.troubles.filter((trouble) => !trouble.includes('ERR_FAILED'))).toEqual([]);
  });

  test('taking the last piece of an article out of the basket moves the focus to the next one', async () => {
    await remember(
      page,
      'basket',
      ['a', 'b', 'c'].map((id) => ({ ...LINE, id, name: id })),
    );
    await page.goto('/basket');
    const focused = () =>
      page.evaluate<string>(
        `document.activeElement.parentElement.getAttribute('aria-label') ?? document.activeElement.innerText`,
      );
    await page.getByRole('group', { name: 'Pieces of b' }).getByRole('button', { name: 'One less' }).focus();
    for (const next of ['Pieces of c', 'Pieces of a', 'Your basket is empty']) {
      await page.keyboard.press('Enter');
      await eventually(async () => (await focused()) === next);
    }
  });

  test('two tabs share one basket', async () => {
    await home();
    const other = await page.context().newPage();
    await other.goto('/');
    await other.locator('.card-link').first().waitFor();
    const put = (tab: Page, i: number) => tab.locator('.card-add').nth(i).dispatchEvent('click');
    // A tab that is notified of a change must not store it again, since that could undo the next
    // change.
    await other.evaluate(`{
      const { setItem } = Storage.prototype;
      window.writes = 0;
      Storage.prototype.setItem = function (...args) { window.writes++; setItem.apply(this, args); };
    }`);
    await put(page, 0);
    await other.getByRole('link', { name: 'Basket, 1 pieces' }).waitFor();
    expect(await other.evaluate('window.writes')).toBe(0);
    await put(other, 1);
    await page.getByRole('link', { name: 'Basket, 2 pieces' }).waitFor();
    // The basket is right even if a tab was not notified of the other tab's change.
    const unheard = JSON.stringify([1, 2, 3].map((id) => ({ ...LINE, id: `unheard-${String(id)}`, name: String(id) })));
    await other.evaluate(`localStorage.setItem('vitrine.basket', ${JSON.stringify(unheard)})`);
    await put(other, 2);
    await other.getByRole('link', { name: 'Basket, 4 pieces' }).waitFor();
    await page.getByRole('link', { name: 'Basket, 4 pieces' }).waitFor();
  });

  test('the sum of a basket covers the pieces with a price, and says how many have none', async () => {
    await remember(page, 'basket', [
      { ...LINE, id: 'a', name: 'a', quantity: 2 },
      { ...LINE, id: 'b', name: 'b', price: null, quantity: 3 },
    ]);
    await page.goto('/basket');
    expect(await page.locator('.sum').innerText()).toMatch(/5 pieces\s+59\.00/);
    await page.getByText('3 pieces have no price and are not in the sum.').waitFor();
  });

  test.each([360, 390])('a basket with long words fits a phone of %i pixels', async (width) => {
    const one = await visit(browser, url, { viewport: { width, height: 740 }, hasTouch: true, isMobile: true });
    const line = {
      image: '/images/1',
      price: 0.05,
      quantity: 2,
      name: 'Oversized turtleneck jumper',
      note: 'Underwear bottom · Light turquoise',
    };
    const unbroken = { ...line, id: '2', note: 'Knickers/Donaudampfschifffahrtsgesellschaftskapitänsmützenblau' };
    await remember(one.page, 'basket', [{ ...line, id: '1' }, unbroken]);
    await one.page.goto('/basket');
    for (const name of ['One less', 'One more']) {
      for (const button of await one.page.getByRole('button', { name }).all()) {
        const box = await button.boundingBox();
        expect((box?.x ?? width) + (box?.width ?? 0)).toBeLessThanOrEqual(width);
      }
    }
    const cut = `[...document.querySelectorAll('.card-note')].filter((note) => note.scrollWidth > note.clientWidth).length`;
    expect(await one.page.evaluate(cut)).toBe(0);
    expect(await overflow(one.page)).toBe(0);
    await one.page.getByRole('button', { name: 'One more' }).first().click();
    expect(await overflow(one.page)).toBe(0);
    await one.close();
  });
});
