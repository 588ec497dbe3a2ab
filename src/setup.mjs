// Makes a clone ready to run: packages, native parts, generated client, compiled program and shop
// window. It does only what is missing, so every command begins with it. `--retry` tries again to
// get FAISS after a failure. The steps are in setup/. Plain JavaScript without dependencies, since
// it runs before anything is installed.

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
  // Each step checks again whether it is needed, since another set-up may have run in the meantime.
  await withLock(join(root, '.vitrine', 'setup.lock'), async () => {
    await installPackages(root);
    await linkPostgres(root);
    await provideFaiss(root, retry);
    await generateClient(root);
    await compileProgram(root);
    await buildWindow(root);
  });
}

/** Like `setUp`, but a failure ends the process with a readable message. */
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
    console.error(error instanceof SetupError ? `set-up: ${error.message}` : (refusalOf(error) ?? error));
    process.exit(1);
  }
}

/** The usual faults of disks. The program has a longer list, but may not be compiled yet. */
const REFUSALS = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of this user on the disk is used up',
  EROFS: 'the disk is read-only',
  EACCES: 'this user has no right to',
  EPERM: 'this user has no right to',
  ENOTDIR: 'a part of this path is a file, not a folder',
  EEXIST: 'a part of this path is a file, not a folder',
};

/** One line with the remedy for a fault of the disk; undefined for other errors. */
function refusalOf({ code, syscall, path }) {
  const reason = syscall && REFUSALS[code];
  if (!reason) return undefined;
  const place = path ?? 'the folder of the project';
  return `set-up: Cannot use ${place}: ${reason} (${code}). Make room there or allow writing, then run the command again.`;
}

const started = process.argv[1] && pathToFileURL(realpathSync(process.argv[1])).href;
if (started === import.meta.url) await setUpOrExit({ retry: process.argv.includes('--retry') });
