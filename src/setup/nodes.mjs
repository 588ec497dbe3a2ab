// Runs the fast part of the tests under each Node that Vitrine supports, the oldest one first: `npm
// run test:nodes`, or `npm run test:nodes -- 24 26` for some of them. npm has Node's binaries as
// packages; they are kept in .vitrine/nodes. Plain JavaScript without dependencies.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setUpOrExit } from '../setup.mjs';
import { run, SetupError, step, tail } from './shell.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
/** The oldest one that is supported, the newest of its line, and those of the lines after it. */
const VERSIONS = ['20.19', '20', '22', '24', '26'];
/**
 * These files train models, start whole programs or drive a browser. They take nine tenths of the
 * time and do nothing that depends on Node and is not done in the others.
 */
const SLOW = [
  'cli/cli',
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
  'web/shop-window',
  'evaluation/similar-quality',
  'training/stages/warm-start',
  'engine/webgpu',
];

await setUpOrExit();
const wanted = process.argv.length > 2 ? process.argv.slice(2) : VERSIONS;
const results = [];
for (const version of wanted) results.push(await testUnder(version));
for (const { line } of results) console.log(line);
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;

/** A Node that npm does not have is a failure: nothing is left out in silence. */
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
 * @returns {Promise<string>} the path of the newest Node that `version` allows, as of the day it
 * was fetched
 */
async function provideNode(version) {
  const folder = join(ROOT, '.vitrine', 'nodes', version);
  const name = `node-${process.platform}-${process.arch}`;
  const node = join(folder, 'node_modules', name, 'bin', 'node');
  if (existsSync(node)) return node;
  await step(`Node ${version}`, async () => {
    mkdirSync(folder, { recursive: true });
    // Without one, npm would install into the project above.
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    const { ok, output } = await run('npm', ['install', `${name}@${version}`, '--no-audit', '--no-fund'], {
      cwd: folder,
    });
    if (!ok) throw new SetupError(`npm has no ${name}@${version}\n${tail(output)}`);
  });
  return node;
}
