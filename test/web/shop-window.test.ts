// The shop window in a real browser over a real release: every page, by mouse and keyboard, on
// desktop and phone, light and dark.

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { drawArticle } from '../../src/demo/drawing';
import { PROJECT_ROOT } from '../../src/config';
import { openStore, type Store } from '../../src/data/store/store';
import { createServer, type Server } from '../../src/api/http/server';
import { createHost, type Host } from '../../src/serving/host';
import { createLog } from '../../src/telemetry/log';
import {
  eventually,
  holdAnswers,
  overflow,
  picturesAreThere,
  provideBrowser,
  startBrowser,
  violations,
  visit,
  vitals,
  type Visit,
} from '../support/browser';
import { createWorld, type World } from '../support/world';

const BUILT = join(PROJECT_ROOT, 'dist', 'web');
const found = provideBrowser();
const described = 'path' in found ? describe : describe.skip;

described(`the shop window${'reason' in found ? ` (skipped: ${found.reason})` : ''}`, () => {
  let world: World;
  let store: Store;
  let host: Host;
  let server: Server;
  let url: string;
  let browser: Browser;
  let visitor: Visit;
  let page: Page;

  beforeAll(async () => {
    const log = createLog({ logLevel: 'silent' });
    world = await createWorld('window');
    store = openStore(world.database.url);
    host = createHost({ modelsDir: world.modelsDir, device: 'cpu', threads: 1, explore: 24 }, store, log);
    await host.start();
    server = await createServer({
      store,
      recommender: host.recommender,
      config: { host: '127.0.0.1', port: 0, introspection: true, corsOrigins: [] },
      log,
      report: () => host.report(),
      draw: drawArticle,
      shopWindow: BUILT,
      counters: host,
      ready: () => ({ ready: true }),
    });
    url = await server.listen();
    browser = await startBrowser('path' in found ? found.path : '');
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await host?.close();
    await store?.close();
    await world?.close();
  });
  beforeEach(async () => {
    visitor = await visit(browser, url);
    page = visitor.page;
  });
  afterEach(() => visitor?.close());

  const shelf = (name: string | RegExp) => page.getByRole('region', { name });
  const proposals = () => page.getByRole('list', { name: 'Other searches' }).getByRole('link');
  const namesIn = (name: string | RegExp) => shelf(name).locator('.card-link').allInnerTexts();
  /** As if the browser had kept it from an earlier visit. */
  async function remember(ofPage: Page, name: string, value: unknown): Promise<void> {
    const [key, text] = [`vitrine.${name}`, JSON.stringify(value)].map((one) => JSON.stringify(one));
    await ofPage.addInitScript(`localStorage.getItem(${key}) ?? localStorage.setItem(${key}, ${text})`);
  }
  async function home(): Promise<void> {
    await page.goto('/');
    await shelf('Trending now').locator('.card-link').first().waitFor();
  }

  test('lets in and sends out nothing but what is this server’s', async () => {
    for (const path of ['/', '/search', '/basket', '/article/1']) {
      const response = await fetch(url + path, { headers: { accept: 'text/html' } });
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
      const [, script] = /src="(\/assets\/[^"]+\.js)"/.exec(await response.text()) ?? [];
      const sent = await fetch(url + script, { headers: { 'accept-encoding': 'br' } });
      expect(sent.headers.get('content-encoding')).toBe('br');
      expect(sent.headers.get('cache-control')).toContain('immutable');
    }
  });

  test('home shows rows for a customer with a past, and what each article is', async () => {
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

  test('the time of ranking is its own, not that of all the page asked for', async () => {
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

  test('each customer sees another shop, a new visitor what sells', async () => {
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
    // Who was chosen is remembered.
    await page.reload();
    expect(await page.getByRole('button', { name: /^Customer: / }).innerText()).toContain(id.slice(0, 12));
    expect(visitor.troubles).toEqual([]);
  });

  test('an id that is nobody’s is told from a visitor’s, and from a customer’s who bought nothing', async () => {
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

    await world.database.sql('INSERT INTO customers (customer_id) VALUES ($1)', ['window-newcomer']);
    await page.getByRole('button', { name: /^Customer: / }).click();
    await field.fill(' window-newcomer ');
    await page.keyboard.press('Enter');
    await page.getByText('You are known here, and have bought nothing yet').waitFor();
    expect(visitor.troubles).toEqual([]);

    // One that was kept, and that the shop has no more.
    const later = await visit(browser, url);
    await remember(later.page, 'person', { id: 'gone', label: 'gone' });
    await later.page.goto('/');
    await later.page.getByText('The shop knows no customer “gone”').waitFor();
    await later.close();
  });

  test('what an earlier question found is pale until the next answer comes, and nothing moves', async () => {
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

  test('an article’s page shows it, its colours and what is like it; its address leads there directly', async () => {
    const [article] = (await store.articlesPage(100)).rows.filter(({ productCode }, i, all) =>
      all.some((other, j) => i !== j && other.productCode === productCode),
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

  test('proposes searches in the words of the shop, each of which finds what it says', async () => {
    await page.goto('/search');
    await proposals().first().waitFor();
    const texts = await proposals().allInnerTexts();
    expect(texts.length).toBeGreaterThan(2);
    const [searched] = texts;
    await proposals().first().click();
    await page.getByRole('heading', { name: `“${searched}”` }).waitFor();
    const { rows } = await world.store.articlesPage(500);
    const kinds = rows.map(({ colourGroupName, productTypeName }) =>
      `${colourGroupName} ${productTypeName}`.toLowerCase(),
    );
    for (const text of texts) expect(kinds).toContain(text);
    expect(await proposals().allInnerTexts()).not.toContain(searched);
  });

  test('search finds by words, and its address can be kept', async () => {
    await home();
    const [article] = (await store.articlesPage(1)).rows;
    const words = `${article.colourGroupName ?? ''} ${article.productTypeName ?? ''}`;
    await page.getByRole('searchbox').fill(words);
    await page.keyboard.press('Enter');
    await shelf('What fits best').locator('.card-link').first().waitFor();
    expect((await namesIn('What fits best')).join(' ')).toContain(article.productTypeName);
    await page.goto(`/search?q=${encodeURIComponent('</title> "quoted" & odd')}`);
    await shelf('What fits best').locator('.card-link').first().waitFor();
    expect(await page.getByRole('searchbox').inputValue()).toBe('</title> "quoted" & odd');
    expect(visitor.troubles).toEqual([]);
  });

  test('what is bought is recorded once, even when the answer gets lost, and changes the rows', async () => {
    await home();
    const before = await namesIn('For you');
    const id = await page.evaluate<string>(`JSON.parse(localStorage.getItem('vitrine.person')).id`);
    const bought = shelf('Trending now').locator('.card').nth(3);
    const name = await bought.locator('.card-name').innerText();
    await bought.hover();
    await bought.getByRole('button').click();
    await page.getByRole('link', { name: 'Basket, 1 pieces' }).click();
    await page.getByRole('button', { name: 'One more' }).click();
    // The first answer is lost on its way; the server has recorded it.
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
      'SELECT count(*)::int AS count FROM purchases WHERE customer_key = $1 AND bought_at = $2',
      [customer?.key, latest[0].boughtAt],
    );
    expect(count).toBe(2);
    expect(await page.getByRole('link', { name: 'Basket, 0 pieces' }).count()).toBe(1);
    expect(visitor.troubles.filter((trouble) => !trouble.includes('ERR_FAILED'))).toEqual([]);
  });

  test('the inspector shows the operation, its stages, the candidates and the reasons, and opens it in Sandbox', async () => {
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

  test('the inspector says of similar articles and of what a search found how near each is, and by what', async () => {
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
    expect(first).toMatch(/Same (type|colour|pattern|department)/);
    expect(first).toMatch(/\b[01]\.\d\d$/);
    expect(first).toContain(article.productTypeName);
    // What was asked for beside the page is answered last, and takes nobody's place.
    const proposed = await holdAnswers(page, 'query Proposals(');
    await page.goto(`/search?q=${encodeURIComponent(article.productTypeName ?? '')}`);
    await shelf('What fits best').locator('.card-link').first().waitFor();
    proposed.letGo();
    await proposals().first().waitFor();
    await lines('What fits best').first().waitFor();
    expect(await lines('What fits best').count()).toBe(24);
    expect(await lines('What fits best').first().innerText()).toMatch(
      /^1\n[^]*In its name, type or colour[^]*0\.\d\d$/,
    );
    expect(await violations(page)).toEqual([]);
    expect(visitor.troubles).toEqual([]);
  });

  test('nobody of whom no age is known is told what sells at their age', async () => {
    await page.route('**/graphql', async (route) => {
      const answer = await route.fetch();
      const text = await answer.text();
      // Both as the source, and as the one beside the towers.
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

  test('what nobody has bought yet says so, unless an earlier purchase speaks for it', async () => {
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

  test('the inspector takes the focus when it opens, and gives it back when Escape closes it, wherever one is in it', async () => {
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

  test('on a phone the keyboard reaches nothing that the inspector hides', async () => {
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
    // What is chosen in it is shown.
    await page.keyboard.press('Enter');
    await inspector.locator('.reasons a').first().click();
    await page.getByRole('button', { name: 'Into the basket', exact: true }).waitFor();
    expect(await inspector.count()).toBe(0);
    expect(visitor.troubles).toEqual([]);
  });

  test('the keyboard reaches everything, and each page begins at its beginning', async () => {
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

  test('what goes wrong is said in words that help', async () => {
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

  test('an address that leads nowhere shows a page that says so, and programs a plain answer', async () => {
    const response = await page.goto('/nope');
    expect(response?.status()).toBe(404);
    await page.getByRole('heading', { name: 'Nothing is here' }).waitFor();
    await page.getByRole('link', { name: 'To the shop window' }).click();
    await shelf('Trending now').locator('.card-link').first().waitFor();
    const plain = await fetch(`${url}/nope`);
    expect([plain.status, plain.headers.get('content-type')]).toEqual([404, 'application/json; charset=utf-8']);
    expect((await fetch(`${url}/assets/nope.js`)).headers.get('content-type')).toContain('json');
  });

  test.each([360, 390, 761, 1101, 1261])(
    'at %i pixels the words in the search field are whole, with the inspector open too, and nothing is too wide',
    async (width) => {
      await page.setViewportSize({ width, height: 800 });
      await home();
      const room = `(() => {
        const field = document.querySelector('.search-field input');
        const { font, paddingLeft, paddingRight } = getComputedStyle(field);
        const context = document.createElement('canvas').getContext('2d');
        context.font = font;
        return field.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight) - context.measureText(field.placeholder).width;
      })()`;
      expect(await page.evaluate<number>(room)).toBeGreaterThan(0);
      await page.getByRole('button', { name: 'Inspector', exact: true }).click();
      await page.getByRole('complementary', { name: 'Inspector' }).waitFor();
      expect(await page.evaluate<number>(room)).toBeGreaterThan(0);
      expect(await overflow(page)).toBe(0);
      expect(
        await page.evaluate<number>(
          `document.querySelector('.header').scrollWidth - document.querySelector('.header').clientWidth`,
        ),
      ).toBe(0);
    },
  );

  test('words of a card that are cut are there in full for the pointer', async () => {
    await home();
    const reason = shelf('For you').locator('.reason').first();
    expect(await reason.getAttribute('title')).toBe(await reason.innerText());
  });

  test('going back finds the place one left, going on begins at the top', async () => {
    const scrolled = () => page.evaluate<number>('scrollY');
    const leaveAt = async (y: number, row: string): Promise<void> => {
      await page.evaluate(`scrollTo(0, ${String(y)})`);
      // Clicked without being scrolled to.
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
    // From one search to the next, too.
    const proposed = await proposals().first().innerText();
    await proposals().first().dispatchEvent('click');
    await page.getByRole('heading', { name: `“${proposed}”` }).waitFor();
    await eventually(async () => (await scrolled()) === 0);
    await page.goBack();
    await eventually(async () => (await scrolled()) === 700);
    expect(visitor.troubles).toEqual([]);
  });

  test('what is not there, and what fails, is said; asking again helps', async () => {
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

  const LINE = { note: 'Blouse · Dusty rose', image: '/images/1', price: 0.05, quantity: 1 };

  test('taking the last piece out of the basket leaves the focus at what is next', async () => {
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

  test('two tabs have one basket', async () => {
    await home();
    const other = await page.context().newPage();
    await other.goto('/');
    await other.locator('.card-link').first().waitFor();
    const put = (tab: Page, i: number) => tab.locator('.card-add').nth(i).dispatchEvent('click');
    // Who hears of a change does not write it back: that could come after the next one and undo it.
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
    // Even where one has not heard of what the other did.
    const unheard = JSON.stringify([1, 2, 3].map((id) => ({ ...LINE, id: `unheard-${String(id)}`, name: String(id) })));
    await other.evaluate(`localStorage.setItem('vitrine.basket', ${JSON.stringify(unheard)})`);
    await put(other, 2);
    await other.getByRole('link', { name: 'Basket, 4 pieces' }).waitFor();
    await page.getByRole('link', { name: 'Basket, 4 pieces' }).waitFor();
  });

  test('a shop whose prices are none that were scaled down shows them as they are', async () => {
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

  test('the sum of a basket is of what has a price, and says how much has none', async () => {
    await remember(page, 'basket', [
      { ...LINE, id: 'a', name: 'a', quantity: 2 },
      { ...LINE, id: 'b', name: 'b', price: null, quantity: 3 },
    ]);
    await page.goto('/basket');
    expect(await page.locator('.sum').innerText()).toMatch(/5 pieces\s+59\.00/);
    await page.getByText('3 pieces have no price and are not in the sum.').waitFor();
  });

  test.each([360, 390])('long words leave everything of the basket on a phone’s screen of %i pixels', async (width) => {
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

  const SCREENS = [
    ['desktop, light', { viewport: { width: 1280, height: 900 }, colorScheme: 'light' }],
    ['desktop, dark', { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' }],
    ['phone, light', { viewport: { width: 390, height: 844 }, colorScheme: 'light', hasTouch: true, isMobile: true }],
    ['phone, dark', { viewport: { width: 360, height: 740 }, colorScheme: 'dark', hasTouch: true, isMobile: true }],
  ] as const;

  test.each(SCREENS)('on a %s every page is whole, quiet and accessible', async (_what, screen) => {
    const one = await visit(browser, url, screen);
    const [article] = (await store.articlesPage(1)).rows;
    for (const path of ['/report', '/', `/article/${article.id}`, '/search?q=red+dress', '/basket', '/search']) {
      await one.page.goto(path);
      await one.page.waitForLoadState('networkidle');
      await picturesAreThere(one.page);
      expect([path, await violations(one.page)]).toEqual([path, []]);
      expect([path, await overflow(one.page)]).toEqual([path, 0]);
      // Something for the basket's turn.
      if (path.startsWith('/article'))
        await one.page.getByRole('button', { name: 'Into the basket', exact: true }).click();
    }
    await one.page.locator('.person').click();
    expect(await violations(one.page)).toEqual([]);
    await one.page.keyboard.press('Escape');
    await one.page.getByRole('button', { name: 'Inspector' }).click();
    expect(await violations(one.page)).toEqual([]);
    expect(one.troubles).toEqual([]);
    await one.close();
  });

  test.each([SCREENS[0], SCREENS[2]])('on a %s the first paint is soon, and nothing moves', async (_what, screen) => {
    const one = await visit(browser, url, screen);
    const [article] = (await store.articlesPage(1)).rows;
    for (const path of ['/', `/article/${article.id}`, '/search?q=red+dress']) {
      await one.page.goto(path);
      await one.page.waitForLoadState('networkidle');
      const { paintMs, shift } = await vitals(one.page);
      expect([path, shift]).toEqual([path, 0]);
      expect(paintMs).toBeGreaterThan(0);
      // 1.5 s are wanted of a machine that has nothing else to do; this only finds a page that
      // hangs.
      expect(paintMs).toBeLessThan(10_000);
    }
    await one.close();
  });
});

describe('what a first visit loads', () => {
  const assets = readdirSync(join(BUILT, 'assets'));

  test('is less than 200 KB of script, compressed ahead', () => {
    const scripts = assets.filter((name) => name.endsWith('.js'));
    const compressed = scripts.map((name) => statSync(join(BUILT, 'assets', `${name}.br`)).size);
    const bytes = compressed.reduce((sum, size) => sum + size, 0);
    expect(bytes).toBeGreaterThan(5_000);
    expect(bytes).toBeLessThan(200_000);
  });
});
