// The inspector of the shop window in a real browser.

import type { Page } from 'playwright-core';
import type { Store } from '../../src/data/store/store';
import { eventually, holdAnswers, violations, type Visit } from '../support/browser';
import { described, showShopWindow, WHY_SKIPPED } from './shop-window';

described(`the inspector${WHY_SKIPPED}`, () => {
  const shown = showShopWindow('window_inspector');
  const { shelf, proposals, home } = shown;
  let page: Page;
  let visitor: Visit;
  let store: Store;
  let url: string;
  beforeEach(() => {
    ({ page, visitor, store, url } = shown);
  });

  test('the inspector shows the operation, stages, candidates and reasons, and opens the operation in Sandbox', async () => {
    await home();
    await page.getByRole('button', { name: 'Inspector' }).click();
    const inspector = page.getByRole('complementary', { name: 'Inspector' });
    const text = await inspector.innerText();
    for (const stage of ['execute', 'recommend', 'read', 'retrieve', 'score', 'articles'])
      expect(text).toContain(stage);
    for (const source of ['own purchases', 'co purchase', 'two tower', 'trending']) expect(text).toContain(source);
    expect(text).toContain('query HomePage(');
    for (const name of ['For you', 'Trending now', /Because you bought/]) {
      expect(await inspector.getByRole('list', { name }).getByRole('listitem').count()).toBe(12);
    }
    const link = (await inspector.getByRole('link', { name: 'Open in Sandbox' }).getAttribute('href')) ?? '';
    const sandbox = await (await fetch(new URL(link, url), { headers: { accept: 'text/html' } })).text();
    expect(sandbox).toContain('query HomePage(');
    for (const name of ['Report', 'Metrics', 'Health']) {
      const address = (await inspector.getByRole('link', { name }).getAttribute('href')) ?? '';
      expect((await fetch(new URL(address, url))).status).toBe(200);
    }
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    expect(await inspector.count()).toBe(0);
    expect(visitor.troubles).toEqual([]);
  });

  test('the inspector says how near similar articles and found articles are, and by which traits', async () => {
    const [article] = (await store.articlesPage(1)).rows;
    await page.goto(`/article/${article.id}`);
    await page.getByRole('button', { name: 'Inspector' }).click();
    const inspector = page.getByRole('complementary', { name: 'Inspector' });
    const lines = (name: string) => inspector.getByRole('list', { name: `Why: ${name}` }).getByRole('listitem');
    await lines('More like this').first().waitFor();
    expect(await lines('More like this').count()).toBe(12);
    expect(await lines('Bought with it').count()).toBe(6);
    const first = await lines('More like this').first().innerText();
    expect(first).toMatch(/^1\n/);
    expect(first).toMatch(/Same (kind|colour|brand)/);
    expect(first).toMatch(/\b[01]\.\d\d$/);
    expect(first).toContain(article.category.at(-1));
    // The answer with the proposals comes last. It must not replace the operation of the page.
    const proposed = await holdAnswers(page, 'query Proposals(');
    await page.goto(`/search?q=${encodeURIComponent(article.category.at(-1) ?? '')}`);
    await shelf('What fits best').locator('.card-link').first().waitFor();
    proposed.letGo();
    await proposals().first().waitFor();
    await lines('What fits best').first().waitFor();
    expect(await lines('What fits best').count()).toBe(24);
    expect(await lines('What fits best').first().innerText()).toMatch(
      /^1\n[^]*In its name, kind or colour[^]*0\.\d\d$/,
    );
    expect(await violations(page)).toEqual([]);
    expect(visitor.troubles).toEqual([]);
  });

  test('the inspector takes the focus when it opens, and Escape gives it back from anywhere within', async () => {
    await home();
    const focus = (what: string) => page.evaluate<boolean>(`document.activeElement.${what}`);
    const inspector = page.getByRole('complementary', { name: 'Inspector' });
    const places = ['.operations button', '.reasons a', 'pre', '.inspector-links a'];
    for (const place of [undefined, ...places]) {
      await page.getByRole('button', { name: 'Inspector', exact: true }).press('Enter');
      await inspector.waitFor();
      await eventually(() => focus('matches(".inspector")'));
      if (place !== undefined) await inspector.locator(place).last().focus();
      await page.keyboard.press('Escape');
      await inspector.waitFor({ state: 'detached' });
      await eventually(() => focus('getAttribute("aria-label") === "Inspector"'));
    }
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Close the inspector' }).press('Enter');
    await eventually(() => focus('getAttribute("aria-label") === "Inspector"'));
    expect(visitor.troubles).toEqual([]);
  });

  test('on a phone the keyboard reaches nothing behind the inspector', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await home();
    await page.getByRole('button', { name: 'Inspector', exact: true }).press('Enter');
    const inspector = page.getByRole('complementary', { name: 'Inspector' });
    await inspector.waitFor();
    const stops = await inspector.locator('a, button, pre').count();
    for (let stop = 0; stop < stops + 3; stop++) {
      await page.keyboard.press('Tab');
      expect(await page.evaluate(`document.activeElement.closest('.shop')?.className ?? 'none'`)).toBe('none');
    }
    await page.keyboard.press('Escape');
    await eventually(() => page.evaluate<boolean>(`document.activeElement.getAttribute('aria-label') === 'Inspector'`));
    // If an article is chosen in the inspector, its page is shown.
    await page.keyboard.press('Enter');
    await inspector.locator('.reasons a').first().click();
    await page.getByRole('button', { name: 'Into the basket', exact: true }).waitFor();
    expect(await inspector.count()).toBe(0);
    expect(visitor.troubles).toEqual([]);
  });
});
