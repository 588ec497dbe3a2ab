// Makes the generated database client, the compiled program and the built shop window. Each of them
// is made again only after its sources have changed. Plain JavaScript without dependencies.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, SetupError, step, tail } from './shell.mjs';

const SOURCES = ['src', 'test', 'bench'];

export function clientIsFresh(root) {
  const { stamp, wanted } = clientStamp(root);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
}

/**
 * Generates the database client. Every command of Prisma looks for an engine, but `generate` does
 * not run it, so any file will do.
 */
export async function generateClient(root) {
  if (clientIsFresh(root)) return;
  await step('database client', async () => {
    const { ok, output } = await run(
      process.execPath,
      [join('node_modules', 'prisma', 'build', 'index.js'), 'generate'],
      {
        cwd: root,
        env: {
          PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
          CHECKPOINT_DISABLE: '1',
          PRISMA_HIDE_UPDATE_MESSAGE: '1',
        },
      },
    );
    if (!ok) throw new SetupError(`prisma generate failed\n${tail(output)}`);
    const { stamp, wanted } = clientStamp(root);
    writeFileSync(stamp, wanted);
  });
}

export function programIsFresh(root) {
  const stamp = join(root, 'dist', '.stamp');
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint(root);
}

export async function compileProgram(root) {
  if (programIsFresh(root)) return;
  await step('program', async () => {
    // The fingerprint is taken before the compiler runs, so that a file saved in the meantime
    // counts as changed.
    const wanted = fingerprint(root);
    const compiler = join('node_modules', 'typescript', 'bin', 'tsc');
    const { ok, output } = await run(process.execPath, [compiler, '-p', '.'], { cwd: root });
    if (!ok) throw new SetupError(`the program does not compile\n${tail(output, 30)}`);
    for (const folder of SOURCES) removeOrphans(join(root, 'dist', folder), join(root, folder));
    mkdirSync(join(root, 'dist'), { recursive: true });
    writeFileSync(join(root, 'dist', '.stamp'), wanted);
  });
}

export function windowIsFresh(root) {
  const stamp = join(root, 'dist', 'web', '.stamp');
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === windowFingerprint(root);
}

/** Builds src/web into static files for the server. */
export async function buildWindow(root) {
  if (windowIsFresh(root)) return;
  await step('shop window', async () => {
    const wanted = windowFingerprint(root);
    const vite = join('node_modules', 'vite', 'bin', 'vite.js');
    const { ok, output } = await run(process.execPath, [vite, 'build', join('src', 'web'), '--logLevel', 'warn'], {
      cwd: root,
    });
    if (!ok) throw new SetupError(`the shop window cannot be built\n${tail(output, 30)}`);
    writeFileSync(join(root, 'dist', 'web', '.stamp'), wanted);
  });
}

function clientStamp(root) {
  const hash = createHash('sha256').update(readFileSync(join(root, 'prisma', 'schema.prisma')));
  const prisma = join(root, 'node_modules', 'prisma', 'package.json');
  if (existsSync(prisma)) hash.update(readFileSync(prisma));
  return { stamp: join(root, 'src', 'data', 'store', 'prisma', '.stamp'), wanted: hash.digest('hex') };
}

/**
 * A hash of names, sizes and times of change. Reading all files before each command is too slow.
 */
function fingerprint(root) {
  return stampOf([
    join(root, 'tsconfig.json'),
    join(root, 'package-lock.json'),
    ...SOURCES.flatMap((folder) => filesBelow(join(root, folder), '.ts')),
  ]);
}

function windowFingerprint(root) {
  return stampOf([
    join(root, 'package-lock.json'),
    join(root, 'schema', 'client.ts'),
    ...filesBelow(join(root, 'src', 'web'), ''),
  ]);
}

function stampOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths) {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** Removes compiled files without a source, since jest would still run removed tests. */
function removeOrphans(compiled, source) {
  for (const path of filesBelow(compiled, '.js')) {
    const origin = join(source, path.slice(compiled.length)).replace(/\.js$/, '');
    if (['.ts', '.tsx'].some((ending) => existsSync(origin + ending))) continue;
    for (const leftover of [path, `${path}.map`]) rmSync(leftover, { force: true });
  }
}

function filesBelow(folder, ending) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesBelow(path, ending);
      return entry.name.endsWith(ending) ? [path] : [];
    });
}
