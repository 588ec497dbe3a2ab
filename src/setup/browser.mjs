// Finds a Chromium for tests of the shop window, or installs Debian's. Only tests need a browser,
// so set-up does not provide it. `node src/setup/browser.mjs` prints its path, or the reason why
// there is none. Plain JavaScript without dependencies.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { installDebianPackages } from './debian.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'];
const ELSEWHERE = ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];

/** The path of a browser; undefined if there is none. */
export function findBrowser() {
  const folders = (process.env.PATH ?? '').split(':').filter(Boolean);
  return [...folders.flatMap((folder) => NAMES.map((name) => join(folder, name))), ...ELSEWHERE].find(existsSync);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const reason = findBrowser() ? undefined : await installDebianPackages(['chromium']);
  const browser = findBrowser();
  if (browser) console.log(browser);
  else {
    console.error(`no Chromium, and none could be installed: ${reason ?? 'it is not where it was expected'}`);
    process.exitCode = 1;
  }
}
