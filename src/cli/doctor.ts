// Looks at everything that the program stands on and says what works, what does not and what to do:
// `vitrine doctor`. Changes nothing but that it starts the embedded database for a moment. Knows
// nothing of how findings are asked for.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import { DEVICES, PROJECT_ROOT, type Config, type Device } from '../config';
import { describeUrl, missingWriteRights, openDatabase, type Database } from '../data/postgres/postgres';
import { openStore } from '../data/store/store';
import { openEngine } from '../engine/engine';
import { asError, VitrineError } from '../errors';
import { encodeOnnx } from '../graph/onnx';
import { add } from '../graph/operators';
import { input } from '../graph/tensor';
import { currentFolder, openRelease } from '../release/open';
import { faissStatus } from '../index/local-index';
import { formatCount } from '../telemetry/format';
import { print } from './answers';
import { example, json } from './arguments';
import { run } from './session';

/**
 * `warn`: the program works, with less than it could have. `fail`: something that it needs does not
 * work.
 */
export interface Finding {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  readonly remedy?: string;
}

/** Every finding, in the order in which to mend things. Never throws: what fails is a finding. */
export async function examine(config: Config): Promise<Finding[]> {
  const findings = [await guarded('node', () => examineNode()), await guarded('packages', () => examinePackages())];
  findings.push(await guarded('device', () => examineDevice(config.device)));
  const others = DEVICES.filter((device) => device !== config.device);
  for (const device of others) findings.push(await examineOtherDevice(device));
  findings.push(await guarded('faiss', () => examineFaiss()));
  findings.push(await guarded('database', () => examineDatabase(config)));
  findings.push(await guarded('release', () => examineRelease(config)));
  return findings;
}

/** Findings as lines for a terminal, remedies below what they mend. */
export function formatFindings(findings: readonly Finding[]): string {
  const marks = { ok: '✔', warn: '!', fail: '✘' } as const;
  const width = Math.max(0, ...findings.map(({ name }) => name.length));
  return findings
    .flatMap(({ name, status, detail, remedy }) => {
      const [first, ...rest] = detail.split('\n');
      const indent = ' '.repeat(width + 4);
      const lines = [`${marks[status]} ${name.padEnd(width)}  ${first}`, ...rest.map((line) => `${indent}${line}`)];
      return remedy === undefined ? lines : [...lines, `${indent}→ ${remedy}`];
    })
    .join('\n');
}

async function guarded(name: string, work: () => Finding | Promise<Finding>): Promise<Finding> {
  try {
    return await work();
  } catch (thrown) {
    const { message } = asError(thrown);
    return thrown instanceof VitrineError
      ? { name, status: 'fail', detail: message, remedy: thrown.remedy }
      : { name, status: 'fail', detail: message };
  }
}

function examineNode(): Finding {
  const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
  const machine = `${process.platform}-${process.arch}, ${availableParallelism()} processors, ${memory}`;
  return { name: 'node', status: 'ok', detail: `${process.versions.node} on ${machine}` };
}

/** The packages that do the main work: installed in the versions that package.json asks for? */
function examinePackages(): Finding {
  const main = [
    '@apollo/server',
    'graphql',
    'type-graphql',
    'dataloader',
    '@prisma/client',
    'onnxruntime-node',
    'faiss-node',
  ];
  const wanted = readPackage('package.json').dependencies ?? {};
  const found = main.map((name) => ({ name, version: installedVersion(name) }));
  const wrong = found.filter(({ name, version }) => version !== wanted[name]);
  if (wrong.length === 0) {
    return {
      name: 'packages',
      status: 'ok',
      detail: found.map(({ name, version }) => `${name} ${version}`).join(', '),
    };
  }
  const detail = wrong.map(({ name, version }) => `${name}: expected ${wanted[name]}, got ${version}`).join('; ');
  return { name: 'packages', status: 'fail', detail, remedy: 'npm run setup' };
}

async function examineDevice(device: Device): Promise<Finding> {
  await tryDevice(device);
  return {
    name: 'device',
    status: 'ok',
    detail: `${device}: onnxruntime ${installedVersion('onnxruntime-node')} computes`,
  };
}

/**
 * A device that nobody asked for may be missing. Tried in another process: drivers write to the
 * terminal, or crash.
 */
async function examineOtherDevice(device: Device): Promise<Finding> {
  const name = `device ${device}`;
  const script =
    'require(process.argv[1]).tryDevice(process.argv[2]).catch((e) => { console.log(e.message); process.exit(1); })';
  try {
    await promisify(execFile)(process.execPath, ['-e', script, __filename, device], { timeout: 30_000 });
    return { name, status: 'ok', detail: `works; VITRINE_DEVICE=${device} chooses it` };
  } catch (thrown) {
    const said = thrown instanceof Error && 'stdout' in thrown ? String(thrown.stdout).trim() : '';
    const reason = said.split('\n')[0] || 'the driver crashed or did not answer';
    return {
      name,
      status: 'ok',
      detail: `not available here (${reason.length > 140 ? `${reason.slice(0, 140)}…` : reason})`,
    };
  }
}

/** Adds numbers on a device, the way every model is run. @throws what the engine throws */
export async function tryDevice(device: Device): Promise<void> {
  const x = input('x', ['rows']);
  const { bytes } = encodeOnnx({ name: 'doctor', outputs: { y: add(x, x) }, embeddings: 'inline' });
  const engine = openEngine({ device });
  try {
    await engine.load('doctor', bytes);
    const { y } = await engine.run('doctor', { x: { data: Float32Array.of(1, 2), shape: [2] } });
    if (y.data[0] !== 2 || y.data[1] !== 4) throw new Error(`1 + 1 and 2 + 2 came out as ${y.data.join(' and ')}`);
  } finally {
    await engine.close();
  }
}

function examineFaiss(): Finding {
  const status = faissStatus();
  if (status.available)
    return { name: 'faiss', status: 'ok', detail: `faiss-node ${status.version}: flat and HNSW indexes` };
  const detail = `not available (${status.reason}); the exact index serves instead`;
  return { name: 'faiss', status: 'warn', detail, remedy: status.remedy };
}

async function examineDatabase(config: Config): Promise<Finding> {
  const database = await openDatabase(config);
  try {
    const { articles, customers, purchases } = await countRows(database);
    const where = describeUrl(database.url);
    const kind = database.embedded ? `embedded, at ${where}, files in ${config.home}` : where;
    const rows = `${formatCount(articles)} articles, ${formatCount(customers)} customers, ${formatCount(purchases)} purchases`;
    const detail = `Postgres ${database.version} (${kind}): ${rows}`;
    const missing = await missingWriteRights(database.url);
    if (missing.length > 0) {
      return {
        name: 'database',
        status: 'warn',
        detail: `${detail}; its user may only read`,
        remedy: missing.join(' '),
      };
    }
    if (purchases > 0) return { name: 'database', status: 'ok', detail };
    const remedy = 'npx vitrine import DIR, or npm run demo for a synthetic shop';
    return { name: 'database', status: 'warn', detail, remedy };
  } finally {
    await database.close();
  }
}

async function countRows(database: Database): Promise<{ articles: number; customers: number; purchases: number }> {
  const store = openStore(database.url);
  try {
    return await store.counts();
  } finally {
    await store.close();
  }
}

/** Opens the release as serving would: every hash, every model. */
async function examineRelease(config: Config): Promise<Finding> {
  const engine = openEngine({ device: config.device });
  try {
    const { manifest, textEncoder } = await openRelease(
      await currentFolder(config.modelsDir),
      engine,
      config.encoderDir,
    );
    const { articles, createdAt, data } = manifest;
    const detail = `${manifest.name} of ${createdAt}: ${formatCount(articles)} articles, ${formatCount(data.purchases)} purchases, texts by ${textEncoder.name}`;
    return { name: 'release', status: 'ok', detail };
  } catch (thrown) {
    // Before the first training there is none, and that is no fault.
    if (!(thrown instanceof VitrineError && thrown.code === 'RELEASE_MISSING')) throw thrown;
    return { name: 'release', status: 'warn', detail: thrown.message, remedy: thrown.remedy };
  } finally {
    await engine.close();
  }
}

interface PackageJson {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

function installedVersion(name: string): string {
  try {
    return readPackage(join('node_modules', name, 'package.json')).version;
  } catch {
    return 'none';
  }
}

function readPackage(path: string): PackageJson {
  return JSON.parse(readFileSync(join(PROJECT_ROOT, path), 'utf8')) as PackageJson;
}

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('tell what works here and what does not: versions, devices, FAISS, database, release')
    .addOption(json())
    .addHelpText('after', example('vitrine doctor'))
    .action((options: { json?: boolean }) =>
      run(async ({ config }) => {
        const findings = await examine(config);
        print(options, findings, formatFindings(findings));
        if (findings.some(({ status }) => status === 'fail')) process.exitCode = 1;
      }),
    );
}
