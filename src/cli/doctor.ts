// `vitrine doctor` examines everything that the program needs, and says what works, what does not
// and how to fix it. It changes nothing, but it may start the embedded database for a moment.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import { holds, openKeys } from '../access/keys';
import { isLoopback } from '../api/http/hosts';
import { DEVICES, PROJECT_ROOT, type Config, type Device } from '../config';
import { describeUrl, missingWriteRights, openDatabase, type Database } from '../data/postgres/postgres';
import { openStore } from '../data/store/open-store';
import { inMemory, openModelRunner } from '../engine/model-runner';
import { asError, VitrineError } from '../errors';
import { encodeOnnx } from '../graph/onnx';
import { add } from '../graph/elementwise';
import { input } from '../graph/tensor';
import { openRelease } from '../release/open';
import { currentFolder } from '../release/files';
import { faissStatus } from '../index/local-index';
import { formatCount } from '../telemetry/format';
import { print } from './output/answers';
import { example, json } from './arguments';
import { run } from './running';

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('check versions, devices, FAISS, database and release, and say how to fix what does not work')
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

/**
 * `warn`: something useful is missing, but the program works without it. `fail`: something that the
 * program needs is missing.
 */
export interface Finding {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  readonly remedy?: string;
}

/**
 * Returns all findings, in the order in which to fix them. Never throws: every failure becomes a
 * finding.
 */
export async function examine(config: Config): Promise<Finding[]> {
  const findings = [await guarded('node', () => examineNode()), await guarded('packages', () => examinePackages())];
  findings.push(await guarded('device', () => examineDevice(config.device)));
  const others = DEVICES.filter((device) => device !== config.device);
  for (const device of others) findings.push(await examineOtherDevice(device));
  findings.push(await guarded('faiss', () => examineFaiss()));
  findings.push(await guarded('database', () => examineDatabase(config)));
  findings.push(await guarded('keys', () => examineKeys(config)));
  findings.push(await guarded('release', () => examineRelease(config)));
  return findings;
}

/** Writes findings as lines for a terminal. The remedy is below its finding. */
function formatFindings(findings: readonly Finding[]): string {
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

/** Compares the main packages with the versions in package.json. */
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
 * Tries a device that the settings do not name, so it is no failure if the device is missing. The
 * device is tried in a separate process, since drivers may write to the terminal or crash.
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

/** Adds numbers on a device, in the way in which models are run. @throws the engine's errors */
async function tryDevice(device: Device): Promise<void> {
  const x = input('x', ['rows']);
  const { bytes } = encodeOnnx({ name: 'doctor', outputs: { y: add(x, x) }, embeddings: 'inline' });
  const engine = openModelRunner({ device });
  try {
    await engine.load('doctor', inMemory(bytes));
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

async function examineDatabase(config: Pick<Config, 'databaseUrl' | 'home'>): Promise<Finding> {
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

/** Tells who may read and write, as the server would see it. */
async function examineKeys(config: Config): Promise<Finding> {
  const name = 'keys';
  const database = await openDatabase(config);
  const store = openStore(database.url);
  try {
    const keys = await openKeys(store.access).list();
    const holding = keys.filter(holds);
    const tokens = config.tokens.secrets.length > 0 || config.tokens.jwks !== undefined;
    const told = `${formatCount(holding.length)} of ${formatCount(keys.length)} hold; ${tokens ? 'takes' : 'takes no'} tokens of customers`;
    if (config.open) {
      const remedy = keys.length > 0 ? 'unset VITRINE_OPEN unless a gateway guards the server' : undefined;
      return { name, status: 'warn', detail: 'none is asked for (VITRINE_OPEN)', ...(remedy ? { remedy } : {}) };
    }
    if (holding.length > 0) return { name, status: 'ok', detail: told };
    const remedy = 'npx vitrine keys make NAME --scopes admin';
    if (keys.length > 0) return { name, status: 'warn', detail: `${told}: nobody gets in`, remedy };
    return isLoopback(config.host)
      ? { name, status: 'ok', detail: `none yet: open to programs on this machine` }
      : { name, status: 'fail', detail: `none yet, and HOST=${config.host} lets other machines in`, remedy };
  } finally {
    await store.close();
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

/** Opens the release in the same way as the server: checks every hash and loads every model. */
async function examineRelease({
  device,
  modelsDir,
  encoderDir,
}: Pick<Config, 'device' | 'modelsDir' | 'encoderDir'>): Promise<Finding> {
  const engine = openModelRunner({ device });
  try {
    const { manifest, textEncoder } = await openRelease(await currentFolder(modelsDir), engine, encoderDir);
    const { articles, createdAt, data } = manifest;
    const detail = `${manifest.name} of ${createdAt}: ${formatCount(articles)} articles, ${formatCount(data.purchases)} purchases, texts by ${textEncoder.name}`;
    return { name: 'release', status: 'ok', detail };
  } catch (thrown) {
    // Before the first training there is no release, which is not a failure.
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
