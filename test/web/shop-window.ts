// The shop window in a real browser over a real release, for the tests of its pages.

import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { openGate, type Gate } from '../../src/access/gate';
import { createServer } from '../../src/api/server';
import { PROJECT_ROOT } from '../../src/config';
import type { Store } from '../../src/data/store/store';
import { openStore } from '../../src/data/store/open-store';
import { drawArticle } from '../../src/demo/drawing/drawing';
import { createHost } from '../../src/serving/host';
import { createLog } from '../../src/telemetry/log';
import { provideBrowser, startBrowser, visit, type Visit } from '../support/browser';
import { createWorld, type World } from '../support/world';

/** The folder of the built shop window. */
export const BUILT = join(PROJECT_ROOT, 'dist', 'web');
const found = provideBrowser();
/** Skips the tests if there is no browser. */
export const described = 'path' in found ? describe : describe.skip;
export const WHY_SKIPPED = 'reason' in found ? ` (skipped: ${found.reason})` : '';

/** A server, and a browser that visits it. Each test gets its own visit and page. */
export interface Shown {
  world: World;
  store: Store;
  url: string;
  browser: Browser;
  visitor: Visit;
  page: Page;
  readonly shelf: (name: string | RegExp) => ReturnType<Page['getByRole']>;
  readonly proposals: () => ReturnType<Page['getByRole']>;
  readonly namesIn: (name: string | RegExp) => Promise<string[]>;
  /** Opens the home page and waits for its last row. */
  readonly home: () => Promise<void>;
}

/**
 * Starts the server and the browser for the tests of one file.
 * @param gateOf makes the gate of the server. Default: an open one
 */
export function showShopWindow(name: string, gateOf?: (store: Store) => Promise<Gate>): Shown {
  const shelf = (title: string | RegExp) => shown.page.getByRole('region', { name: title });
  const shown = {
    shelf,
    proposals: () => shown.page.getByRole('list', { name: 'Other searches' }).getByRole('link'),
    namesIn: (title) => shelf(title).locator('.card-link').allInnerTexts(),
    async home() {
      await shown.page.goto('/');
      await shelf('Trending now').locator('.card-link').first().waitFor();
    },
  } as Shown;
  const opened: { close(): Promise<unknown> }[] = [];

  beforeAll(async () => {
    const log = createLog({ logLevel: 'silent' });
    opened.push((shown.world = await createWorld(name)));
    opened.push((shown.store = openStore(shown.world.database.url)));
    const settings = { modelsDir: shown.world.modelsDir, device: 'cpu', threads: 1, explore: 24 } as const;
    const host = createHost(settings, shown.store, log);
    opened.push(host);
    await host.start();
    const server = await createServer({
      gate: (await gateOf?.(shown.store)) ?? openGate(),
      store: shown.store,
      recommender: host.recommender,
      config: { host: '127.0.0.1', port: 0, introspection: true, corsOrigins: [] },
      log,
      report: () => host.report(),
      draw: drawArticle,
      shopWindow: BUILT,
      counters: host,
      ready: () => ({ ready: true }),
    });
    opened.push(server);
    shown.url = await server.listen();
    opened.push((shown.browser = await startBrowser('path' in found ? found.path : '')));
  });
  afterAll(async () => {
    for (const one of opened.reverse()) await one.close();
  });
  beforeEach(async () => {
    shown.visitor = await visit(shown.browser, shown.url);
    shown.page = shown.visitor.page;
  });
  afterEach(() => shown.visitor?.close());
  return shown;
}

/** Stores a value in the browser, as if an earlier visit had stored it. */
export async function remember(page: Page, name: string, value: unknown): Promise<void> {
  const [key, text] = [`vitrine.${name}`, JSON.stringify(value)].map((one) => JSON.stringify(one));
  await page.addInitScript(`localStorage.getItem(${key}) ?? localStorage.setItem(${key}, ${text})`);
}
