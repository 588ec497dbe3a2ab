// The program as a process: signals, exit statuses, full disks, the embedded Postgres.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, open, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ADDRESS,
  filesBelow,
  freePort,
  HEARD_MS,
  interrupt,
  MAIN,
  openProgram,
  SOON_MS,
  type Program,
  type Running,
} from './program';

let program: Program;
let base: string;
beforeAll(async () => {
  program = await openProgram('cli_process');
  base = program.base;
});
afterAll(() => program?.close());

describe('SIGTERM', () => {
  test.each([
    ['serve', 'SIGTERM', 0],
    ['serve', 'SIGINT', 130],
    ['train', 'SIGTERM', 143],
    ['train', 'SIGINT', 130],
  ] as const)('%s that waits for its database ends on %s at once, with status %d', async (command, signal, status) => {
    const silent = await silentDatabase();
    try {
      const waiting = program.start([command], { DATABASE_URL: silent.url });
      await silent.asked;
      const { code, took, stderr } = await interrupt(waiting, signal);
      expect({ code, stderr }).toEqual({ code: status, stderr: '' });
      expect(took).toBeLessThan(SOON_MS);
    } finally {
      silent.close();
    }
  });

  test('that comes while the program loads also ends serve in order', async () => {
    const hook = join(base, 'hook.cjs');
    await writeFile(
      hook,
      `const Module = require('node:module');
       const load = Module._load;
       Module._load = function (request, ...rest) {
         if (request.endsWith('/doctor')) process.kill(process.pid, 'SIGTERM');
         return load.call(this, request, ...rest);
       };`,
    );
    const { code, signal } = await program.vitrine(['serve', '--port', '0'], { NODE_OPTIONS: `--require ${hook}` });
    expect({ code, signal }).toEqual({ code: 0, signal: null });
  });
});

describe('a disk that cannot be written', () => {
  test.each([
    ['below a file', '', (dir: string) => join(dir, 'file', 'shop'), 'a file, not a folder'],
    ['where files may not become large', 'ulimit -f 16;', (dir: string) => join(dir, 'shop'), 'ulimit -f'],
  ])('ends generate with a remedy and leaves no half file: %s', async (_what, limit, place, reason) => {
    const dir = await mkdtemp(join(base, 'disk-'));
    await writeFile(join(dir, 'file'), '');
    const args = ['generate', place(dir), '--customers', '2000', '--articles', '100', '--transactions', '4000'];
    const command = `${limit} exec "$0" "$@"`;
    const child = spawn('bash', ['-c', command, process.execPath, MAIN, ...args], {
      env: { ...process.env, ...program.settings },
    });
    let stderr = '';
    child.stderr.on('data', (text) => (stderr += String(text)));
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(1);
    expect(stderr).toMatch(/^STORAGE_UNAVAILABLE: Cannot use .*\nMake room there or allow writing/m);
    expect(stderr).toContain(reason);
    expect(stderr).not.toContain('    at ');
    const left = await filesBelow(join(dir, 'shop'));
    expect(left.filter((file) => file.endsWith('customers.csv'))).toEqual([]);
  });

  test('stops a command that cannot print its answer, with a plain message and status 1', async () => {
    const full = await open('/dev/full', 'w');
    const child = spawn(process.execPath, [MAIN, 'doctor', '--json'], {
      env: { ...process.env, ...program.settings },
      stdio: ['ignore', full.fd, 'pipe'],
    });
    let stderr = '';
    child.stderr?.on('data', (text) => (stderr += String(text)));
    const [code] = (await once(child, 'close')) as [number];
    await full.close();
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('the disk is full') as string });
    expect(stderr).not.toContain('    at ');
  });

  test('for the log does not end a server', async () => {
    const full = await open('/dev/full', 'w');
    const port = await freePort();
    const env = { ...process.env, ...program.settings, LOG_LEVEL: 'trace', MODELS_DIR: join(base, 'no-log') };
    const child = spawn(process.execPath, [MAIN, 'serve', '--port', String(port)], {
      env,
      stdio: ['ignore', 'ignore', full.fd],
    });
    program.endWith(child);
    const ended = once(child, 'close');
    const live = async () => fetch(`http://127.0.0.1:${port}/health/live`).catch(() => undefined);
    const deadline = performance.now() + HEARD_MS;
    while (!(await live()) && child.exitCode === null && performance.now() < deadline) await sleep(50);
    for (let request = 0; request < 3; request++) {
      const query = {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"query":"{ nothing }"}',
      };
      await fetch(`http://127.0.0.1:${port}/graphql`, query).catch(() => undefined);
    }
    expect((await live())?.status).toBe(200);
    child.kill('SIGTERM');
    expect((await ended)[0]).toBe(0);
    await full.close();
  });
});

describe('serve without a release', () => {
  let server: Running;
  let address: string;
  let models: string;
  beforeAll(async () => {
    models = join(base, 'no-models');
    server = program.start(['serve', '--port', '0'], { MODELS_DIR: models });
    address = await server.heard(ADDRESS);
  });
  afterAll(async () => {
    await interrupt(server);
  });

  test('lives, and says that it is not ready', async () => {
    expect((await fetch(`${address}/health/live`)).status).toBe(200);
    const ready = await fetch(`${address}/health/ready`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ status: 'not ready' });
  });

  test('does not tell strangers where its files are', async () => {
    expect(await (await fetch(`${address}/health/ready`)).text()).not.toContain(models);
  });
});

test('without DATABASE_URL a command starts the embedded Postgres, and Ctrl-C stops both', async () => {
  const home = join(base, 'own-home');
  const server = program.start(['serve', '--port', '0'], { DATABASE_URL: '', VITRINE_HOME: home });
  const address = await server.heard(ADDRESS);
  expect((await fetch(`${address}/health/live`)).status).toBe(200);
  const pidFile = (await filesBelow(home)).find((file) => file.endsWith('postmaster.pid'));
  expect(pidFile).toBeDefined();
  const { signal, took } = await interrupt(server);
  expect(signal).toBeNull();
  expect(took).toBeLessThan(2 * SOON_MS);
  expect(await exists(pidFile ?? '')).toBe(false);
});

test('an import of wrong files is refused with the file and the reason', async () => {
  const odd = await mkdtemp(join(base, 'odd-'));
  await writeFile(join(odd, 'articles.csv'), 'colour\nred\n');
  await writeFile(join(odd, 'transactions.csv'), 'when\nnow\n');
  const { code, stderr } = await program.vitrine(['import', odd]);
  expect(code).toBe(1);
  expect(stderr).toContain('articles.csv');
  expect(stderr).not.toContain('    at ');
});

/**
 * Starts a database that accepts connections and never answers. `asked` resolves at the first
 * connection.
 */
async function silentDatabase(): Promise<{ url: string; asked: Promise<unknown>; close(): void }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `postgresql://me:secret@127.0.0.1:${(server.address() as AddressInfo).port}/shop`,
    asked: once(server, 'connection'),
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
