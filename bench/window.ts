// Measures the shop window in Chromium, with the demo's synthetic shop. The figures are the script
// size of a first visit, the largest contentful paint, layout shift, findings of axe, console
// messages and requests to other hosts. Each page is opened several times without a cache, on a
// desktop and on a phone. `--quick` uses a smaller shop and opens each page once. `--save` writes
// into results/. The last line is JSON.
import { parseArgs } from 'node:util';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { DEFAULT_SHOP } from '../src/demo/synthetic/options';
import { picturesAreThere, provideBrowser, startBrowser, violations, visit, vitals } from '../test/support/browser';
import { withCleanup } from './serving/cleanup';
import { drawArticles } from './serving/draws';
import { percentile } from './serving/load/load';
import { finish, machine, wantedTable } from './serving/results';
import { connectTo, emptyShop, fillShop } from './serving/shops';
import { startServer } from './serving/subject';

/** The shop of the demo. */
const { customers, articles, transactions, days } = DEFAULT_SHOP;
const DEMO = { customers, articles, transactions, days };
const SMALL = { customers: 1_000, articles: 500, transactions: 20_000, days: 180 };
const TIMES = 7;
const SCREENS = {
  'desktop, light': { viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
  'desktop, dark': { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
  'phone, light': { viewport: { width: 390, height: 844 }, colorScheme: 'light', hasTouch: true, isMobile: true },
  'phone, dark': { viewport: { width: 360, height: 740 }, colorScheme: 'dark', hasTouch: true, isMobile: true },
} satisfies Record<string, BrowserContextOptions>;

/** Measurements of a page that was opened once. */
interface Opening {
  /** Compressed size of all scripts, as sent. */
  readonly scriptBytes: number;
  readonly paintMs: number;
  readonly shift: number;
  readonly violations: number;
  readonly troubles: readonly string[];
}

const { values: flags } = parseArgs({ options: { quick: { type: 'boolean' }, save: { type: 'boolean' } } });
const { quick = false, save = false } = flags;

void withCleanup(async (closing) => {
  const started = performance.now();
  const found = provideBrowser();
  if ('reason' in found) throw new Error(`there is no browser to measure with: ${found.reason}`);
  const shop = await emptyShop(closing, { embedded: true });
  await fillShop(shop, quick ? SMALL : DEMO, closing);
  const host = machine(shop.postgres);
  const control = await connectTo(shop.databaseUrl, closing);
  const server = await startServer(shop, control, closing);
  const browser = await startBrowser(found.path);
  closing(() => browser.close());
  const url = `http://127.0.0.1:${String(server.port)}`;
  const [article] = await drawArticles(control, 1);
  const pages = { home: '/', article: `/article/${article}`, search: '/search?q=pink+sweater', basket: '/basket' };
  // The first answers of a server are slow, so each page is opened once before measuring.
  for (const path of Object.values(pages)) await open(browser, url, path, {});

  const measured: Record<string, ReturnType<typeof summary>> = {};
  for (const [screen, options] of Object.entries(SCREENS)) {
    for (const [page, path] of Object.entries(pages)) {
      const openings: Opening[] = [];
      for (let n = 0; n < (quick ? 1 : TIMES); n++) openings.push(await open(browser, url, path, options));
      const one = (measured[`${page}, ${screen}`] = summary(openings));
      for (const trouble of one.troubles) console.log(`${page}, ${screen}: ${trouble}`);
      console.log(
        `${`${page}, ${screen}`.padEnd(24)} largest paint ${one.paintMs.toFixed(0).padStart(4)} ms (at most ${one.mostPaintMs.toFixed(0)}), ` +
          `shift ${String(one.shift)}, axe ${String(one.violations)}, script ${(one.scriptBytes / 1000).toFixed(1)} KB`,
      );
    }
  }
  const all = Object.values(measured);
  const most = (of: (one: (typeof all)[number]) => number): number => Math.max(...all.map(of));
  const figures = {
    scriptBytes: most(({ scriptBytes }) => scriptBytes),
    paintMs: most(({ paintMs }) => paintMs),
    shift: most(({ shift }) => shift),
    violations: most((one) => one.violations),
    troubles: most(({ troubles }) => troubles.length),
  };
  const table = wantedTable([
    { what: 'script of a first visit, compressed', got: figures.scriptBytes / 1000, unit: 'KB', most: 200 },
    { what: 'largest paint, median of the slowest page', got: figures.paintMs, unit: 'ms', most: 1500 },
    { what: 'layout shift, pictures below included', got: figures.shift, unit: '', most: 0 },
    { what: 'what axe finds', got: figures.violations, unit: '', most: 0 },
    { what: 'console messages, failures, requests to others', got: figures.troubles, unit: '', most: 0 },
  ]);
  console.log(`\n${table}`);
  if (figures.violations + figures.troubles > 0) process.exitCode = 1;
  const seconds = (performance.now() - started) / 1000;
  const chromium = browser.version();
  await finish('window', save, { quick, machine: host, chromium, ...figures, pages: measured, seconds });
});

async function open(browser: Browser, url: string, path: string, options: BrowserContextOptions): Promise<Opening> {
  const visitor = await visit(browser, url, options);
  const { page, troubles } = visitor;
  await page.goto(path);
  await page.waitForLoadState('networkidle');
  await picturesAreThere(page);
  const { paintMs } = await vitals(page);
  const scriptBytes = await page.evaluate<number>(`performance.getEntriesByType('resource')
    .filter(({ name }) => new URL(name).pathname.endsWith('.js'))
    .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)`);
  // Pictures further down load only when they come near the visible part, so this scrolls through
  // the page.
  const height = await page.evaluate<number>('document.documentElement.scrollHeight');
  for (let y = 0; y < height; y += 600) {
    await page.evaluate(`scrollTo(0, ${String(y)})`);
    await page.waitForLoadState('networkidle');
    await picturesAreThere(page);
  }
  const { shift } = await vitals(page);
  const found = await violations(page);
  await visitor.close();
  return {
    scriptBytes,
    paintMs,
    shift,
    violations: found.length,
    troubles: [...troubles, ...found.map((one) => `axe: ${one}`)],
  };
}

/** Returns the median paint time, and the worst value of all other figures. */
function summary(openings: readonly Opening[]) {
  const worst = (of: (opening: Opening) => number): number => Math.max(...openings.map(of));
  const paints = openings.map(({ paintMs }) => paintMs);
  return {
    scriptBytes: worst(({ scriptBytes }) => scriptBytes),
    paintMs: percentile(paints, 0.5),
    mostPaintMs: worst(({ paintMs }) => paintMs),
    shift: worst(({ shift }) => shift),
    violations: worst((opening) => opening.violations),
    troubles: [...new Set(openings.flatMap(({ troubles }) => troubles))],
  };
}
