// The pages of the shop window in a real browser: home, article, search, faults, keyboard and
// history.

import type { Browser, Page } from 'playwright-core';
import type { Store } from '../../src/data/store/store';
import { eventually, holdAnswers, violations, visit, vitals, type Visit } from '../support/browser';
import type { World } from '../support/world';
import { described, remember, showShopWindow, WHY_SKIPPED } from './shop-window';

described(`the pages of the shop window${WHY_SKIPPED}`, () => {
  const shown = showShopWindow('window_pages');
  const { shelf, proposals, namesIn, home } = shown;
  let page: Page;
  let visitor: Visit;
  let store: Store;
  let url: string;
  let world: World;
  let browser: Browser;
  beforeEach(() => {
    ({ page, visitor, store, url, world, browser } = shown);
  });

  test('every page may load only this server’s files, which are compressed and immutable', async () => {
    for (const path of ['/', '/search', '/basket', '/article/1']) {
      const response = await fetch(url + path, { headers: { accept: 'text/html' } });
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
      const [, script] = /src="(\/assets\/[^"]+\.js)"/.exec(await response.text()) ?? [];
      const sent = await fetch(url + script, { headers: { 'accept-encoding': 'br' } });
      expect(sent.headers.get('content-encoding')).toBe('br');
      expect(sent.headers.get('cache-control')).toContain('immutable');
    }
  });

  test('the home page shows rows for a customer with purchases, and a reason for each article', async () => {
    await home();
    expect(await namesIn('For you')).toHaveLength(12);
    expect(await namesIn(/^Because you bought/)).toHaveLength(12);
    expect(await namesIn('Trending now')).toHaveLength(12);
    const card = shelf('For you').locator('.card').first();
    expect(await card.locator('.reason').innerText()).not.toBe('');
    expect(await card.locator('img').getAttribute('src')).toMatch(/^\/images\/\d+\?width=320$/);
    expect(await shelf('For you').innerText()).toMatch(/\d+ candidates ranked in [\d.]+ ms/);
    expect(visitor.troubles).toEqual([]);
  });

  test('the shown time of ranking is that of the ranking alone', async () => {
    await page.route('**/graphql', async (route) => {
      const response = await route.fetch();
      const answer = (await response.json()) as {
        extensions: { trace: { totalMs: number; recommendations: { stages: { startMs: number; ms: number }[] }[] } };
      };
      const { trace } = answer.extensions;
      trace.totalMs = 4321;
      if (trace.recommendations[0]) {
        trace.recommendations[0].stages = [
          { ...trace.recommendations[0].stages[0], startMs: 2, ms: 5 },
          { ...trace.recommendations[0].stages[1], startMs: 6, ms: 19 },
        ];
      }
      await route.fulfill({ response, json: answer });
    });
    await home();
    expect(await shelf('For you').innerText()).toMatch(/candidates ranked in 23 ms/);
  });

  test('each customer sees another shop, and a new visitor sees what sells', async () => {
    await home();
    const first = await namesIn('For you');
    await page.getByRole('button', { name: /^Customer: / }).click();
    const people = page.locator('.people button');
    expect(await people.count()).toBeGreaterThanOrEqual(4);
    await people.nth(1).click();
    await eventually(async () => (await namesIn('For you')).join() !== first.join());
    await page.getByRole('button', { name: /^Customer: / }).click();
    await page.getByRole('button', { name: /^New visitor/ }).click();
    await page.getByRole('heading', { name: 'Welcome in' }).waitFor();
    expect(await shelf(/^Because you bought/).count()).toBe(0);
    await page.getByRole('button', { name: /^Customer: / }).click();
    const [{ id }] = (await store.customersPage(1)).rows;
    await page.getByLabel('Any customer, by id').fill(id);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Picked for you' }).waitFor();
    // The chosen customer is remembered.
    await page.reload();
    expect(await page.getByRole('button', { name: /^Customer: / }).innerText()).toContain(id.slice(0, 12));
    expect(visitor.troubles).toEqual([]);
  });

  test('an unknown id, a new visitor and a customer without purchases get different words', async () => {
    await home();
    await page.getByRole('button', { name: /^Customer: / }).click();
    const [{ id }] = (await store.customersPage(1)).rows;
    const before = await page.locator('.person-name').innerText();
    const field = page.getByLabel('Any customer, by id');
    await field.fill(id.slice(0, -1));
    await page.keyboard.press('Enter');
    await page
      .getByRole('alert')
      .getByText(/The shop knows no customer/)
      .waitFor();
    expect(await page.getByRole('dialog').isVisible()).toBe(true);
    expect(await page.locator('.person-name').innerText()).toBe(before);
    expect(await violations(page)).toEqual([]);
    await page.setViewportSize({ width: 360, height: 640 });
    await field.press('Enter');
    const offer = page.getByRole('button', { name: 'Look as a new visitor' });
    await eventually(async () => {
      const box = await offer.boundingBox();
      return box !== null && box.y + box.height <= 640;
    });
    await page.setViewportSize({ width: 1280, height: 900 });
    await offer.click();
    await page.getByText('We know nothing of you yet').waitFor();

    await world.database.sql('INSERT INTO customers (customer_id) VALUES ($1)', ['window-cold']);
    await page.getByRole('button', { name: /^Customer: / }).click();
    await field.fill(' window-cold ');
    await page.keyboard.press('Enter');
    await page.getByText('You are known here, and have bought nothing yet').waitFor();
    expect(visitor.troubles).toEqual([]);

    // The customer stored in the browser no longer exists in the shop.
    const later = await visit(browser, url);
    await remember(later.page, 'person', { id: 'gone', label: 'gone' });
    await later.page.goto('/');
    await later.page.getByText('The shop knows no customer “gone”').waitFor();
    await later.close();
  });

  test('cards of an earlier question are pale until the next answer comes, and nothing moves', async () => {
    const pale = () => page.evaluate<boolean>(`getComputedStyle(document.querySelector('.cards')).opacity < 0.5`);
    await home();
    await page.getByRole('button', { name: /^Customer: / }).click();
    await page.locator('.people button').nth(1).waitFor();
    let answers = await holdAnswers(page);
    await page.locator('.people button').nth(1).click();
    await page.getByRole('heading', { name: 'Your shop window' }).waitFor();
    await shelf('For you').getByText('One moment …').waitFor();
    expect(await pale()).toBe(true);
    await page.getByText(/candidates/).waitFor({ state: 'detached' });
    answers.letGo();
    await page.getByRole('heading', { name: 'Picked for you' }).waitFor();
    expect(await pale()).toBe(false);

    await page.goto('/search?q=dress');
    await shelf('What fits best').locator('.card-link').first().waitFor();
    const proposed = await proposals().first().innerText();
    answers = await holdAnswers(page);
    await proposals().first().click();
    await page.getByRole('heading', { name: `“${proposed}”` }).waitFor();
    await shelf('What fits best').getByText('One moment …').waitFor();
    expect(await pale()).toBe(true);
    answers.letGo();
    await page.getByText('By meaning; the answer took').waitFor();
    expect(await pale()).toBe(false);

    await shelf('What fits best').locator('.card-link').first().click();
    await shelf('More like this').locator('.card-link').first().waitFor();
    answers = await holdAnswers(page);
    await shelf('More like this').locator('.card-link').first().click();
    await page.getByRole('heading', { level: 1 }).waitFor({ state: 'detached' });
    expect(await namesIn('More like this')).toEqual([]);
    answers.letGo();
    await shelf('More like this').locator('.card-link').first().waitFor();
    expect((await vitals(page)).shift).toBe(0);
    expect(visitor.troubles).toEqual([]);
  });

  test('an article’s page has its own address, and shows its text, its colours and similar articles', async () => {
    const [article] = (await store.articlesPage(100)).rows.filter(({ productId }, i, all) =>
      all.some((other, j) => i !== j && other.productId === productId),
    );
    await page.goto(`/article/${article.id}`);
    await page.getByRole('heading', { level: 1, name: article.name ?? '' }).waitFor();
    expect(await page.title()).toBe(`${article.name ?? ''} · Vitrine`);
    expect(await page.locator('.about').innerText()).toContain(article.description);
    expect(await namesIn('More like this')).toHaveLength(12);
    expect(await namesIn('Bought with it')).toHaveLength(6);
    await page.locator('.colours a').first().click();
    await page.waitForURL((address) => !address.pathname.endsWith(article.id));
    await page.getByRole('heading', { level: 1, name: article.name ?? '' }).waitFor();
    await page.goBack();
    await page.getByText(article.id, { exact: true }).waitFor();
    expect(visitor.troubles).toEqual([]);
  });

  test('the search page proposes searches in the shop’s own words', async () => {
    await page.goto('/search');
    await proposals().first().waitFor();
    const texts = await proposals().allInnerTexts();
    expect(texts.length).toBeGreaterThan(2);
    const [searched] = texts;
    await proposals().first().click();
    await page.getByRole('heading', { name: `“${searched}”` }).waitFor();
    const { rows } = await world.store.articlesPage(500);
    const kinds = rows.map(({ colour, category }) => `${String(colour)} ${String(category.at(-1))}`.toLowerCase());
    for (const text of texts) expect(kinds).toContain(text);
    expect(await proposals().allInnerTexts()).not.toContain(searched);
  });

  test('a search finds articles by words, and its address can be kept', async () => {
    await home();
    const [article] = (await store.articlesPage(1)).rows;
    const words = `${article.colour ?? ''} ${article.category.at(-1) ?? ''}`;
    await page.getByRole('searchbox').fill(words);
    await page.keyboard.press('Enter');
    await shelf('What fits best').locator('.card-link').first().waitFor();
    expect((await namesIn('What fits best')).join(' ')).toContain(article.category.at(-1));
    await page.goto(`/search?q=${encodeURIComponent('</title> "quoted" & odd')}`);
    await shelf('What fits best').locator('.card-link').first().waitFor();
    expect(await page.getByRole('searchbox').inputValue()).toBe('</title> "quoted" & odd');
    expect(visitor.troubles).toEqual([]);
  });

  test('a customer of unknown age is not told what sells at their age', async () => {
    await page.route('**/graphql', async (route) => {
      const answer = await route.fetch();
      const text = await answer.text();
      // Makes every recommendation look as if the two towers, the trend of the age group and the
      // general trend had found it.
      const found = '"source":"TWO_TOWER","sources":["TWO_TOWER","TRENDING_PEERS","TRENDING"]';
      await route.fulfill({ response: answer, body: text.replaceAll(/"source":"\w+","sources":\[[^\]]*\]/g, found) });
    });
    await page.goto('/');
    await page.getByRole('button', { name: /^Customer: / }).click();
    await page.getByRole('button', { name: /^New visitor/ }).click();
    await page.getByRole('heading', { name: 'Welcome in' }).waitFor();
    expect(await shelf('For you').innerText()).not.toContain('your age');
    expect(await shelf('For you').innerText()).toContain('Sells well now');
  });

  test('an article that was never sold says so, unless it is there because of a purchase', async () => {
    await page.route('**/graphql', async (route) => {
      const answer = await route.fetch();
      const text = await answer.text();
      await route.fulfill({ response: answer, body: text.replaceAll('"neverSold":false', '"neverSold":true') });
    });
    await home();
    const reasons = await shelf('For you').locator('.reason').allInnerTexts();
    expect(reasons).toContain('Be the first to have it');
    for (const reason of reasons) expect(reason).toMatch(/^(Be the first to have it|Like your .+|Goes with .+)$/);
  });

  test('the keyboard reaches everything, and starts at the beginning of each page', async () => {
    await home();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toContain('Skip to the content');
    await page.locator('.person').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    expect(await page.evaluate('document.activeElement.classList.contains("person")')).toBe(true);
    await shelf('For you').locator('.card-link').first().focus();
    await page.keyboard.press('Enter');
    await page.waitForURL('**/article/*');
    await page.getByRole('button', { name: 'Into the basket', exact: true }).waitFor();
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await page.getByRole('button', { name: 'Into the basket', exact: true }).press('Enter');
    await page.getByRole('status').getByText('is in your basket').waitFor();
    expect(visitor.troubles).toEqual([]);
  });

  test('failures are explained in words that help', async () => {
    await page.goto(`/search?q=${encodeURIComponent('😀')}`);
    await page.getByText('There are no words in that to search by').waitFor();
    expect(visitor.troubles).toEqual([]);
    await page.route('**/graphql', (route) => route.abort());
    await page.goto('/search?q=hat');
    expect(await page.getByRole('alert').innerText()).toMatch(/^That did not work\. The shop does not answer/);
    await page.unroute('**/graphql');
    const errors = [{ message: 'raw', extensions: { code: 'OVERLOADED' } }];
    await page.route('**/graphql', (route) => route.fulfill({ json: { errors } }));
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('The shop is busy').waitFor();
    expect(await page.locator('body').innerText()).not.toContain('raw');
  });

  test('an address that leads nowhere shows a page to people and a plain answer to programs', async () => {
    const response = await page.goto('/nope');
    expect(response?.status()).toBe(404);
    await page.getByRole('heading', { name: 'Nothing is here' }).waitFor();
    await page.getByRole('link', { name: 'To the shop window' }).click();
    await shelf('Trending now').locator('.card-link').first().waitFor();
    const plain = await fetch(`${url}/nope`);
    expect([plain.status, plain.headers.get('content-type')]).toEqual([404, 'application/json; charset=utf-8']);
    expect((await fetch(`${url}/assets/nope.js`)).headers.get('content-type')).toContain('json');
  });

  test('the full text of a card that is cut is in its title', async () => {
    await home();
    const reason = shelf('For you').locator('.reason').first();
    expect(await reason.getAttribute('title')).toBe(await reason.innerText());
  });

  test('going back restores the place on the page, and going on begins at the top', async () => {
    const scrolled = () => page.evaluate<number>('scrollY');
    const leaveAt = async (y: number, row: string): Promise<void> => {
      await page.evaluate(`scrollTo(0, ${String(y)})`);
      // A real click would scroll to the card first.
      await shelf(row).locator('.card-link').first().dispatchEvent('click');
      await page.waitForURL('**/article/*');
      await eventually(async () => (await scrolled()) === 0);
      await page.getByRole('button', { name: 'Into the basket', exact: true }).waitFor();
      expect(await scrolled()).toBe(0);
    };
    await home();
    await leaveAt(1100, 'For you');
    await page.goBack();
    await shelf('Trending now').locator('.card-link').first().waitFor();
    await eventually(async () => (await scrolled()) === 1100);
    await page.goForward();
    await page.getByRole('button', { name: 'Into the basket', exact: true }).waitFor();
    await eventually(async () => (await scrolled()) === 0);

    await page.goto('/search?q=red+dress');
    await shelf('What fits best').locator('.card-link').first().waitFor();
    await leaveAt(700, 'What fits best');
    await page.goBack();
    await shelf('What fits best').locator('.card-link').first().waitFor();
    await eventually(async () => (await scrolled()) === 700);
    // The same is true when one search leads to another.
    const proposed = await proposals().first().innerText();
    await proposals().first().dispatchEvent('click');
    await page.getByRole('heading', { name: `“${proposed}”` }).waitFor();
    await eventually(async () => (await scrolled()) === 0);
    await page.goBack();
    await eventually(async () => (await scrolled()) === 700);
    expect(visitor.troubles).toEqual([]);
  });

  test('missing articles and failed requests are explained, and asking again helps', async () => {
    await page.goto('/article/no-such-article');
    await page.getByRole('heading', { name: 'There is no such article' }).waitFor();
    await page.goto('/basket');
    await page.getByRole('heading', { name: 'Your basket is empty' }).waitFor();
    await page.route('**/graphql', (route) => route.abort());
    await page.goto('/search?q=hat');
    await page.getByRole('alert').waitFor();
    await page.unroute('**/graphql');
    await page.getByRole('button', { name: 'Try again' }).click();
    await shelf('What fits best').locator('.card-link').first().waitFor();
  });

  test('prices that are not scaled down are shown as they are', async () => {
    await page.route('**/graphql', async (route) => {
      const answer = await route.fetch();
      let count = 0;
      const body = (await answer.text()).replaceAll(/"price":[\d.]+/g, () => `"price":${count++ % 2 ? 24.5 : 0.49}`);
      await route.fulfill({ response: answer, body });
    });
    await home();
    const texts = (await shelf('Trending now').innerText()).match(/\d+\.\d\d/g) ?? [];
    expect(new Set(texts)).toEqual(new Set(['24.50', '0.49']));
  });
});
