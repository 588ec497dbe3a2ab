// Runs the fast part of the tests under each Node that Vitrine supports, the oldest one first. Run
// it by `npm run test:nodes`, or by `npm run test:nodes -- 24 26` for some of them. npm has Node's
// binaries as packages; they are kept in .vitrine/nodes. Plain JavaScript without dependencies.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setUpOrExit } from '../setup.mjs';
import { run, SetupError, step, tail } from './shell.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
/** The oldest supported version, the newest of the same line, and the newest of each later line. */
const VERSIONS = ['20.19', '20', '22', '24', '26'];
/**
 * These files train models, start whole programs or drive a browser. They take nine tenths of the
 * time, and the other files cover everything that depends on Node.
 */
const SLOW = [
  'cli/arguments',
  'cli/process',
  'cli/shop',
  'dataset/dataset',
  'training/stages/determinism',
  'training/stages/embed',
  'evaluation/evaluate',
  'training/stages/go-on',
  'serving/precompute',
  'serving/recommender',
  'serving/answers',
  'serving/host',
  'serving/damaged-release',
  'web/basket',
  'web/inspector',
  'web/pages',
  'web/screens',
  'evaluation/similar-quality',
  'training/stages/warm-start',
  'engine/webgpu',
];

await setUpOrExit();
const wanted = process.argv.length > 2 ? process.argv.slice(2) : VERSIONS;
process.exitCode = (await testUnderAll(wanted)) ? 0 : 1;

/**
 * Tests under one version after another. The results are printed last, below all output of the
 * tests.
 */
async function testUnderAll(versions) {
  const results = [];
  for (const version of versions) results.push(await testUnder(version));
  for (const { line } of results) console.log(line);
  return results.every(({ ok }) => ok);
}

/** A Node that npm does not have is a failure, so that no version is left out unnoticed. */
async function testUnder(version) {
  try {
    const node = await provideNode(version);
    const { output } = await run(node, ['--version']);
    const report = join(dirname(node), '..', 'tests.json');
    rmSync(report, { force: true });
    const jest = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
    const slow = SLOW.map((name) => `/dist/test/${name}\\.test\\.js$`);
    const child = spawn(
      node,
      [
        '--experimental-vm-modules',
        '--disable-warning=ExperimentalWarning',
        jest,
        '--ci',
        '--json',
        `--outputFile=${report}`,
        ...slow.flatMap((pattern) => ['--testPathIgnorePatterns', pattern]),
      ],
      { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] },
    );
    const [status] = await once(child, 'close');
    if (!existsSync(report)) return { ok: false, line: `Node ${output}: jest ended with ${status} and no report` };
    const { numPassedTests: passed, numFailedTests: failed } = JSON.parse(readFileSync(report, 'utf8'));
    return { ok: status === 0, line: `Node ${output}: ${passed} passed, ${failed} failed` };
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    return { ok: false, line: `Node ${version}: ${error.message}` };
  }
}

/**
 * @returns {Promise<string>} the path of the newest Node that `version` allowed when it was
 *   downloaded
 */
async function provideNode(version) {
  const folder = join(ROOT, '.vitrine', 'nodes', version);
  const name = `node-${process.platform}-${process.arch}`;
  const node = join(folder, 'node_modules', name, 'bin', 'node');
  if (existsSync(node)) return node;
  await step(`Node ${version}`, async () => {
    mkdirSync(folder, { recursive: true });
    // Without a package.json, npm would install into the project above.
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    const { ok, output } = await run('npm', ['install', `${name}@${version}`, '--no-audit', '--no-fund'], {
      cwd: folder,
    });
    if (!ok) throw new SetupError(`npm has no ${name}@${version}\n${tail(output)}`);
  });
  return node;
}
