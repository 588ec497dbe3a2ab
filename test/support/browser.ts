// A browser for tests of the shop window, and what they ask of every page: nothing in the console,
// no request to another host, nothing that axe finds, nothing wider than the screen.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import axe from 'axe-core';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { PROJECT_ROOT } from '../../src/config';

/** The path of a Chromium, installed if need be; or why there is none. */
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

/** Starts it without what would go out to its maker's hosts. */
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
  /**
   * What should not have happened so far: messages of the console, errors, requests to others,
   * failed answers.
   */
  readonly troubles: string[];
  close(): Promise<void>;
}

/** A new visitor's page: nothing is remembered of others. */
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
 * Keeps answers of the API from the page until they are let go; all of them, or those to questions
 * that say `asked`.
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

/** What axe finds on the page as it is, a line each. */
export async function violations(page: Page): Promise<string[]> {
  // Evaluated by the browser itself: the page's policy lets no script in.
  await page.evaluate(axe.source);
  // Of what is right it is not told, nor of ways to find it again: that takes most of the time.
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

/** By how much the page is wider than the screen, in pixels. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}

/**
 * Largest contentful paint in milliseconds, and the sum of layout shifts. Both are told some time
 * after they happen, so they are taken 400 ms after the first paint is heard of; a page that paints
 * nothing in ten seconds never does.
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

/** Whether every picture in sight has arrived. */
export async function picturesAreThere(page: Page): Promise<void> {
  await eventually(() =>
    page.evaluate<boolean>(`[...document.images].every((image) => {
      const { top, left } = image.getBoundingClientRect();
      return image.complete && image.naturalWidth > 0 || top > innerHeight || left > innerWidth;
    })`),
  );
}

/**
 * Waits until something is so. What Playwright itself waits with, the page's policy does not let
 * in.
 */
export async function eventually(isSo: () => Promise<boolean>, limitMs = 10_000): Promise<void> {
  const started = performance.now();
  while (!(await isSo())) {
    if (performance.now() - started > limitMs) throw new Error(`not so within ${String(limitMs)} ms: ${String(isSo)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
