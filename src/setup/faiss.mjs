// Provides FAISS for Node, since faiss-node's package has source only. It tries the binary of an
// earlier set-up, then the published binary, then a build against Debian's libfaiss. If none works,
// set-up says so in one line and continues, since the program can serve from its exact index. Plain
// JavaScript without dependencies.

import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { installDebianPackages } from './debian.mjs';
import { run, say, step } from './shell.mjs';

const DEBIAN_PACKAGES = ['libfaiss-dev', 'libopenblas-dev', 'g++'];
const REMEDY = `install ${DEBIAN_PACKAGES.join(', ')} (Debian, Ubuntu), then \`npm run setup -- --retry\``;

export function faissIsThere(root) {
  return existsSync(placesIn(root).binary);
}

/**
 * Whether set-up has nothing to do: FAISS is there, or an attempt failed and nothing has changed
 * since.
 */
export function faissIsSettled(root) {
  return faissIsThere(root) || (existsSync(placesIn(root).failure) && !canBuildNow(root));
}

/** @param {boolean} retry try again after an earlier attempt failed */
export async function provideFaiss(root, retry = false) {
  const places = placesIn(root);
  if (!existsSync(places.package) || faissIsThere(root)) return;
  if (!retry && faissIsSettled(root)) {
    say(readFileSync(places.failure, 'utf8').trim());
    return;
  }
  const reasons = [];
  const ways = [
    ['from the earlier build', () => fromCache(places)],
    ['published binary', () => download(places)],
    ['built against libfaiss', () => build(root, places)],
  ];
  await step('FAISS', async () => {
    for (const [name, attempt] of ways) {
      const reason = (await attempt()) ?? (await whyItDoesNotLoad(root));
      if (reason === undefined) {
        keep(places);
        return name;
      }
      if (reason !== '') reasons.push(`${name}: ${reason}`);
      rmSync(dirname(places.binary), { recursive: true, force: true });
    }
    return 'not available';
  });
  if (faissIsThere(root)) {
    rmSync(places.failure, { force: true });
    return;
  }
  const line = `set-up: FAISS is not available (${reasons.join('; ')}); the exact index serves instead. To have it: ${REMEDY}`;
  mkdirSync(places.cache, { recursive: true });
  writeFileSync(places.failure, `${line}\n`);
  say(line);
}

function placesIn(root) {
  const folder = join(root, 'node_modules', 'faiss-node');
  const version = existsSync(folder) ? JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version : '';
  const cache = join(root, '.vitrine', 'native');
  const key = `faiss-node-${version}-${process.platform}-${process.arch}`;
  return {
    package: folder,
    /** The path that faiss-node loads. Shared libraries of the published binary lie next to it. */
    binary: join(folder, 'build', 'Release', 'faiss-node.node'),
    cache,
    cached: join(cache, key),
    failure: join(cache, `${key}.failure`),
  };
}

/**
 * Each way returns undefined after success, otherwise the reason why it failed. '' is a reason that
 * is not shown.
 */
async function fromCache({ cached, binary }) {
  if (!existsSync(cached)) return '';
  mkdirSync(dirname(binary), { recursive: true });
  for (const name of readdirSync(cached)) copyFileSync(join(cached, name), join(dirname(binary), name));
  return undefined;
}

async function download({ package: folder, binary }) {
  const installer = join(folder, '..', 'prebuild-install', 'bin.js');
  if (!existsSync(installer)) return 'prebuild-install is missing';
  const { output } = await run(process.execPath, [installer, '--runtime', 'napi'], { cwd: folder, timeoutMs: 10_000 });
  if (existsSync(binary)) return undefined;
  const reason = /(?:ERR!|warn install) (?!This package)(.*)/.exec(output)?.[1] ?? 'not reachable within 10 s';
  return reason.trim();
}

async function build(root, { package: folder, binary }) {
  const obtained = await provideCompiler();
  if (obtained !== undefined) return obtained;
  const target = dirname(binary);
  mkdirSync(target, { recursive: true });
  // Debian's FAISS 1.7.3 has idx_t within Index. faiss-node needs it outside, as in 1.7.4.
  const compatibility = join(target, 'compatibility.h');
  writeFileSync(compatibility, '#include <faiss/Index.h>\nnamespace faiss { using idx_t = Index::idx_t; }\n');
  const needsAlias = !/^using idx_t\b/m.test(readHeader('MetricType.h'));
  const output = join(target, 'faiss-node.building');
  const modules = join(root, 'node_modules');
  const addonApi = [join(folder, 'node_modules', 'node-addon-api'), join(modules, 'node-addon-api')].find(existsSync);
  const { ok, output: said } = await run(
    'g++',
    [
      ...['-O3', '-std=c++17', '-shared', '-fPIC', '-fopenmp', '-DNAPI_CPP_EXCEPTIONS', '-DNAPI_VERSION=6'],
      // Every x64 server since 2013 has AVX2 and FMA, but other machines may not.
      ...(supportsAvx2() ? ['-march=x86-64-v3'] : []),
      ...(needsAlias ? ['-include', compatibility] : []),
      `-I${addonApi}`,
      `-I${join(modules, 'node-api-headers', 'include')}`,
      join(folder, 'src', 'faiss.cc'),
      ...['-o', output, '-lfaiss', '-lopenblas', '-lgomp'],
    ],
    { cwd: folder, timeoutMs: 300_000 },
  );
  if (!ok) return `g++ failed: ${/error: .*/.exec(said)?.[0] ?? said.split('\n')[0]}`;
  rmSync(compatibility);
  renameSync(output, binary);
  return undefined;
}

/** Installs the compiler and libfaiss unless they are there. */
async function provideCompiler() {
  if (await compilerIsThere()) return undefined;
  return installDebianPackages(DEBIAN_PACKAGES);
}

async function compilerIsThere() {
  return headersAreThere() && (await run('g++', ['--version'])).ok;
}

function headersAreThere() {
  return readHeader('IndexFlat.h') !== '';
}

function readHeader(name) {
  const file = ['/usr/include/faiss', '/usr/local/include/faiss'].map((folder) => join(folder, name)).find(existsSync);
  return file ? readFileSync(file, 'utf8') : '';
}

/**
 * Whether a compiler and libfaiss have been installed since the failure. If the build itself
 * failed, it would fail again.
 */
function canBuildNow(root) {
  const compiler = (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, 'g++')));
  return compiler && headersAreThere() && !readFileSync(placesIn(root).failure, 'utf8').includes('g++ failed');
}

function supportsAvx2() {
  if (process.arch !== 'x64' || !existsSync('/proc/cpuinfo')) return false;
  const flags = readFileSync('/proc/cpuinfo', 'utf8');
  return /\bavx2\b/.test(flags) && /\bfma\b/.test(flags) && /\bbmi2\b/.test(flags);
}

/**
 * Returns the reason why the binary does not load, found by trying it in another process. The C
 * library may be too old, or libopenblas missing.
 */
async function whyItDoesNotLoad(root) {
  const trial =
    "const { IndexFlatIP } = require('faiss-node'); const i = new IndexFlatIP(2); i.add([1, 0, 0, 1]); if (i.search([0, 1], 1).labels[0] !== 1) throw new Error('it finds the wrong vector');";
  const { ok, output } = await run(process.execPath, ['-e', trial], { cwd: root, timeoutMs: 30_000 });
  return ok ? undefined : `does not load: ${/Error: .*/.exec(output)?.[0] ?? 'it crashes'}`;
}

function keep({ binary, cache, cached }) {
  if (existsSync(cached)) return;
  const fresh = join(cache, `new-${process.pid}`);
  mkdirSync(cache, { recursive: true });
  cpSync(dirname(binary), fresh, { recursive: true });
  renameSync(fresh, cached);
}
