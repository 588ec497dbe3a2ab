// A browser for tests of the shop window. Tests check that a page logs nothing to the console,
// sends no requests to other hosts, satisfies axe, and fits the screen.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import axe from 'axe-core';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { PROJECT_ROOT } from '../../src/config';

/**
 * Returns the path of a Chromium, which may be installed first, or the reason why there is none.
 */
export function provideBrowser(): { readonly path: string } | { readonly reason: string } {
  try {
    const program = join(PROJECT_ROOT, 'src', 'setup', 'browser.mjs');
    const options = { encoding: 'utf8', stdio: 'pipe' } as const;
    return { path: execFileSync(process.execPath, [program], options).trim() };
  } catch (thrown) {
    const said = typeof thrown === 'object' && thrown !== null && 'stderr' in thrown ? String(thrown.stderr) : '';
    return { reason: said.trim() || 'no Chromium' };
  }
}

/** Starts Chromium without the services that contact Google's hosts. */
export function startBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export interface Visit {
  readonly page: Page;
  /** Console messages, errors, requests to other hosts and failed responses so far. */
  readonly troubles: string[];
  close(): Promise<void>;
}

/** Opens a page for a new visitor, without the cookies and storage of earlier visitors. */
export async function visit(browser: Browser, baseURL: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ baseURL, viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const troubles: string[] = [];
  page.on('console', (message) => troubles.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => troubles.push(`error: ${error.message}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(baseURL) && !request.url().startsWith('data:')) troubles.push(`to ${request.url()}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) troubles.push(`${String(response.status())} of ${response.url()}`);
  });
  return { page, troubles, close: () => context.close() };
}

/**
 * Delays API requests whose body contains `asked` until `letGo` is called. By default all API
 * requests are delayed.
 */
export async function holdAnswers(page: Page, asked = ''): Promise<{ letGo(): void }> {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  await page.route('**/graphql', async (route) => {
    if (route.request().postData()?.includes(asked)) await opened;
    await route.continue();
  });
  return { letGo: () => open() };
}

/** Runs axe on the page and returns a line for each fault. */
export async function violations(page: Page): Promise<string[]> {
  // The page's policy blocks script tags, so the browser evaluates the source itself.
  await page.evaluate(axe.source);
  // Passed checks and selectors are left out, because they take most of the time.
  const options = `{ resultTypes: ['violations'], selectors: false }`;
  const found = await page.evaluate<AxeViolation[]>(
    `axe.run(document, ${options}).then(({ violations }) => violations)`,
  );
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
}

interface AxeViolation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** Returns by how many pixels the page is wider than the screen. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}

/**
 * Measures the largest contentful paint in milliseconds, and the sum of layout shifts. The browser
 * reports both values late, so they are read 400 ms after the first report. The paint time is
 * Infinity if the page paints nothing within ten seconds.
 */
export function vitals(page: Page): Promise<{ paintMs: number; shift: number }> {
  return page.evaluate<{ paintMs: number; shift: number }>(`new Promise((resolve) => {
    const seen = { paintMs: Infinity, shift: 0 };
    const settle = (ms) => setTimeout(() => resolve(seen), ms);
    settle(10_000);
    new PerformanceObserver((list) => {
      if (seen.paintMs === Infinity) settle(400);
      for (const entry of list.getEntries()) seen.paintMs = entry.startTime;
    }).observe({ type: 'largest-contentful-paint', buffered: true });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) seen.shift += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });
  })`);
}

/** Waits until every picture in sight has loaded. */
export async function picturesAreThere(page: Page): Promise<void> {
  await eventually(() =>
    page.evaluate<boolean>(`[...document.images].every((image) => {
      const { top, left } = image.getBoundingClientRect();
      return image.complete && image.naturalWidth > 0 || top > innerHeight || left > innerWidth;
    })`),
  );
}

/**
 * Waits until a condition holds. Playwright's own waiting cannot be used, because the page's
 * content security policy blocks it.
 */
export async function eventually(isSo: () => Promise<boolean>, limitMs = 10_000): Promise<void> {
  const started = performance.now();
  while (!(await isSo())) {
    if (performance.now() - started > limitMs) throw new Error(`not so within ${String(limitMs)} ms: ${String(isSo)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
