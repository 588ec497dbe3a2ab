// Makes a clone ready to run: packages, native parts, generated client, compiled program, shop window. Does only what is missing,
// so every command begins with it. Plain JavaScript without dependencies, since it runs before anything is installed;
// the steps lie in setup/. `--retry`: try again to get FAISS where an earlier attempt failed.

import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');

export async function setUp({ root = ROOT, retry = false } = {}) {
  const { packagesAreThere, installPackages, postgresLinksAreThere, linkPostgres } =
    await import('./setup/packages.mjs');
  const { faissIsSettled, faissIsThere, provideFaiss } = await import('./setup/faiss.mjs');
  const { clientIsFresh, generateClient, programIsFresh, compileProgram, windowIsFresh, buildWindow } =
    await import('./setup/compile.mjs');
  const checks = [
    packagesAreThere,
    postgresLinksAreThere,
    faissIsSettled,
    clientIsFresh,
    programIsFresh,
    windowIsFresh,
  ];
  if (checks.every((isReady) => isReady(root)) && !(retry && !faissIsThere(root))) return;
  const { withLock } = await import('./setup/lock.mjs');
  // Each step looks again whether it is needed: another set-up may have been through meanwhile.
  await withLock(join(root, '.vitrine', 'setup.lock'), async () => {
    await installPackages(root);
    await linkPostgres(root);
    await provideFaiss(root, retry);
    await generateClient(root);
    await compileProgram(root);
    await buildWindow(root);
  });
}

/** As `setUp`, but ends the process with a readable message where it fails. */
export async function setUpOrExit(options) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`Vitrine needs Node 20.19 or later, this is ${process.versions.node}; see https://nodejs.org`);
    process.exit(1);
  }
  const { SetupError } = await import('./setup/shell.mjs');
  try {
    await setUp(options);
  } catch (error) {
    console.error(error instanceof SetupError ? `set-up: ${error.message}` : error);
    process.exit(1);
  }
}

const started = process.argv[1] && pathToFileURL(realpathSync(process.argv[1])).href;
if (started === import.meta.url) await setUpOrExit({ retry: process.argv.includes('--retry') });
