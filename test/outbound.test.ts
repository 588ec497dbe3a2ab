// Nothing leaves the machine. A process that uses ONNX Runtime keeps no device id and no queue of
// reports, does not read the machine's id, and opens no socket.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'vitrine-outbound-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** ONNX Runtime's reports would be sent nine seconds after it is loaded. */
const REPORT_MS = 11_000;

/**
 * Loads a model on both kinds of threads, runs it, and waits until reports would have been sent.
 */
const COMPUTE = `
const { openModelRunner } = require(${JSON.stringify(join(__dirname, '../src/engine/model-runner.js'))});
const { encodeOnnx } = require(${JSON.stringify(join(__dirname, '../src/graph/onnx.js'))});
const { add } = require(${JSON.stringify(join(__dirname, '../src/graph/elementwise.js'))});
const { input } = require(${JSON.stringify(join(__dirname, '../src/graph/tensor.js'))});
(async () => {
  const x = input('x', ['n']);
  const model = encodeOnnx({ name: 'twice', outputs: { y: add(x, x) }, embeddings: 'inline' }).bytes;
  const engine = openModelRunner();
  for (const quick of [false, true]) {
    await engine.load('twice', { bytes: () => model, quick });
    const { y } = await engine.run('twice', { x: { data: Float32Array.of(21), shape: [1] } });
    process.stdout.write(y.data[0] + ' ');
  }
  await new Promise((resolve) => setTimeout(resolve, Number(process.argv[1])));
  await engine.close();
})();`;

async function compute(stayMs: number, tracer: readonly string[] = []): Promise<void> {
  const { ORT_DISABLE_TELEMETRY: _, ...env } = process.env;
  const [program = '', ...args] = [...tracer, process.execPath, '-e', COMPUTE, String(stayMs)];
  const child = spawn(program, args, {
    env: { ...env, HOME: home, TMPDIR: home, XDG_CACHE_HOME: join(home, 'cache') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  expect(await once(child, 'close')).toEqual([0, null]);
  expect(said).toBe('42 42 ');
}

test('a process that runs models leaves no file in the cache folder or the temporary folder', async () => {
  await compute(500);
  expect(readdirSync(home)).toEqual([]);
});

const traced = canTrace() ? test : test.skip;
traced(`a process that computes opens no socket and does not read the machine's id${hint()}`, async () => {
  const log = join(home, 'calls');
  const calls = ['-f', '-qq', '-e', 'trace=socket,openat', '-e', 'signal=none', '-o', log];
  await compute(REPORT_MS, ['strace', ...calls]);
  const lines = readFileSync(log, 'utf8').split('\n');
  // The trace covers the process with all of its threads.
  expect(lines.some((line) => line.includes('libonnxruntime'))).toBe(true);
  expect(lines.filter((line) => /AF_INET|machine-id|mat-debug|Microsoft|resolv\.conf/.test(line))).toEqual([]);
});

/** strace is a Debian package, which `.ci/run` installs. Some containers do not allow it. */
function canTrace(): boolean {
  try {
    execFileSync('strace', ['-qq', '-o', '/dev/null', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function hint(): string {
  return canTrace() ? '' : ' (strace is not here, or may not trace)';
}
