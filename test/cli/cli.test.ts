// The program as people run it: in processes of its own, with arguments, settings, signals, pipes
// and exit statuses.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, cp, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { SETTING_NAMES } from '../../src/config';
import { writeEncoder } from '../support/clip-folder';
import { createTestDatabase, type TestDatabase } from '../support/database';

const MAIN = join(__dirname, '..', '..', 'src', 'main.js');
/** Ctrl-C must be heard at once, whatever runs; a busy machine included. */
const SOON_MS = 5_000;
/**
 * What is waited for comes within seconds, on a busy machine within a minute; anything later is
 * stuck.
 */
const HEARD_MS = 80_000;
const ADDRESS = /http:\/\/(?:localhost|127\.0\.0\.1):\d+/;

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What the pattern finds on standard error, as soon as it is there. */
  heard(pattern: RegExp): Promise<string>;
}

let base: string;
let database: TestDatabase;
let settings: Record<string, string>;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'vitrine-cli-'));
  database = await createTestDatabase('cli');
  settings = {
    DATABASE_URL: database.url,
    VITRINE_HOME: join(base, 'home'),
    MODELS_DIR: join(base, 'models'),
    VITRINE_THREADS: '1',
    LOG_LEVEL: 'error',
  };
});
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  await database.close();
  await rm(base, { recursive: true, force: true });
});

/** Starts `vitrine ARGS` with the settings of these tests and `more`. */
function start(args: readonly string[], more: Record<string, string> = {}): Running {
  const inherited = Object.entries(process.env).filter(([key]) => !SETTING_NAMES.includes(key));
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...Object.fromEntries(inherited), ...settings, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: base,
  });
  running.add(child);
  let [stdout, stderr] = ['', ''];
  const listeners = new Set<() => void>();
  child.stdout.on('data', (text) => (stdout += String(text)));
  child.stderr.on('data', (text) => {
    stderr += String(text);
    for (const listener of listeners) listener();
  });
  const ended = once(child, 'close').then(([code, signal]): Ended => {
    running.delete(child);
    for (const listener of listeners) listener();
    return { code: code as number | null, signal: signal as NodeJS.Signals | null, stdout, stderr };
  });
  return {
    child,
    ended,
    heard: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = pattern.exec(stderr);
          if (found) resolve(found[1] ?? found[0]);
          else if (!running.has(child)) reject(new Error(`it ended without saying ${pattern.source}: ${stderr}`));
          else return;
          listeners.delete(look);
          clearTimeout(timer);
        };
        const timer = setTimeout(() => {
          reject(new Error(`it has not said ${pattern.source}: ${stderr}`));
        }, HEARD_MS);
        listeners.add(look);
        look();
      }),
  };
}

function vitrine(args: readonly string[], more: Record<string, string> = {}): Promise<Ended> {
  return start(args, more).ended;
}

/** The answer of a command that must succeed: JSON and nothing else on standard output. */
async function answerOf<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await vitrine([...args, '--json']);
  if (code !== 0) throw new Error(`vitrine ${args.join(' ')} exited with ${String(code)}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

/**
 * Presses Ctrl-C, or sends another signal; how the program ended, and after how many milliseconds.
 */
async function interrupt(
  { child, ended }: Running,
  signal: NodeJS.Signals = 'SIGINT',
): Promise<Ended & { took: number }> {
  const started = performance.now();
  child.kill(signal);
  return { ...(await ended), took: performance.now() - started };
}

/** A database that takes connections and never answers; `asked` when the first has come. */
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

describe('help', () => {
  test('lists the commands, and each has an example that begins with itself', async () => {
    const { stdout } = await vitrine(['--help']);
    const commands = [...stdout.matchAll(/^ {2}([a-z]+) .*/gm)]
      .map(([, name]) => name)
      .filter((name) => name !== 'help');
    expect(commands).toEqual(
      expect.arrayContaining('doctor generate import train evaluate recommend similar serve demo'.split(' ')),
    );
    const pages = await Promise.all(commands.map((command) => vitrine([command, '--help'])));
    pages.forEach(({ code, stdout: page }, i) => {
      expect(code).toBe(0);
      expect(page).toContain(`Example:\n  $ npx vitrine ${commands[i]}`);
      expect(page).toContain('Options:');
    });
  });
});

describe('what the program does not understand', () => {
  test.each([
    ['an unknown command', ['trian'], "unknown command 'trian'"],
    ['an unknown option', ['train', '--fast'], "unknown option '--fast'"],
    ['a command without its argument', ['recommend'], "missing required argument 'id'"],
    ['a count of nothing', ['generate', 'x', '--customers', '0'], 'Expected a whole number above 0'],
    ['a count in pieces', ['generate', 'x', '--transactions', '1.5'], 'Expected a whole number'],
    ['a size that there is not', ['train', '--size', 'huge'], 'Allowed choices are tiny, small, full'],
    ['a port beyond the last', ['serve', '--port', '65536'], 'Expected a port from 0 to 65535'],
    ['a date in another order', ['evaluate', '--cut', '15.09.2020'], 'Expected a date as YYYY-MM-DD'],
    ['a protocol that there is not', ['evaluate', '--protocol', 'lottery'], 'temporal, leave-one-out, rolling'],
  ])('is refused in one line, with where to look: %s', async (_what, args, message) => {
    const { code, stdout, stderr } = await vitrine(args);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
    expect(stderr).toContain('--help');
    expect(stderr).not.toContain('    at '); // a stack is for bugs
  });

  test.each([
    ['--cut', 'rolling', ['--cut', '2020-09-01', '--end', '2020-09-15'], 'temporal'],
    ['--days', 'leave-one-out', ['--days', '7'], 'temporal'],
    ['--weeks', 'temporal', ['--weeks', '3'], 'rolling'],
    ['--end', 'leave-one-out', ['--end', '2020-09-15'], 'rolling'],
    ['--validation', 'temporal', ['--validation'], 'leave-one-out'],
  ])('is refused before any work: %s with --protocol %s', async (option, protocol, args, owner) => {
    const { code, stderr } = await vitrine(['evaluate', '--protocol', protocol, ...args]);
    expect(code).toBe(1);
    expect(stderr).toContain(`${option} belongs to --protocol ${owner}, and this is ${protocol}`);
  });

  test('is refused before any work: weeks without an end, and a report that could not be written', async () => {
    expect((await vitrine(['evaluate', '--protocol', 'rolling'])).stderr).toContain('needs --end');
    const { code, stderr } = await vitrine(['evaluate', '--report', join(base, 'nowhere', 'report.html')]);
    expect(code).toBe(1);
    expect(stderr).toContain(join(base, 'nowhere'));
  });

  test('is refused in one line: a day that no month has', async () => {
    expect((await vitrine(['evaluate', '--cut', '2020-02-31'])).stderr).toContain('Expected a date');
  });
});

describe('what stands in the way', () => {
  test('of settings is told all at once', async () => {
    const { code, stdout, stderr } = await vitrine(['doctor'], {
      PORT: 'abc',
      VITRINE_DEVICE: 'abacus',
      LOG_LEVEL: 'x',
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('3 settings are not valid');
    expect(stderr).toContain("PORT: expected a whole number from 0 to 65535, got 'abc'");
    expect(stderr).toContain("VITRINE_DEVICE: expected one of cpu, cuda, webgpu, got 'abacus'");
    expect(stderr).toContain('.env.example');
  });

  test.each([
    ['no database', ['train'], { DATABASE_URL: 'postgresql://me:secret@127.0.0.1:1/shop' }, '127.0.0.1:1/shop'],
    ['no purchases', ['train', '--size', 'tiny'], {}, 'npx vitrine import'],
    ['no release', ['recommend', 'somebody'], {}, 'npx vitrine train'],
    ['no folder', ['import', 'nowhere'], {}, 'nowhere'],
  ])('is told with the remedy, without a stack or a password: %s', async (_what, args, more, message) => {
    const { code, stdout, stderr } = await vitrine(args, more);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^ {4}at |secret/m);
  });
});

test('an error is JSON as well where JSON was asked for: its code, its message and what to do', async () => {
  const { code, stdout } = await vitrine(['recommend', 'somebody', '--json']);
  expect(code).toBe(1);
  const { error } = JSON.parse(stdout) as { error: Record<string, string> };
  expect(error).toMatchObject({ code: 'RELEASE_MISSING' });
  expect(error.message).toContain(join(base, 'models'));
  expect(error.remedy).toContain('npx vitrine train');
});

describe('SIGTERM', () => {
  test.each([
    ['serve', 'SIGTERM', 0],
    ['serve', 'SIGINT', 130],
    ['train', 'SIGTERM', 143],
    ['train', 'SIGINT', 130],
  ] as const)('%s that waits for its database ends on %s at once, with status %d', async (command, signal, status) => {
    const silent = await silentDatabase();
    try {
      const waiting = start([command], { DATABASE_URL: silent.url });
      await silent.asked;
      const { code, took, stderr } = await interrupt(waiting, signal);
      expect({ code, stderr }).toEqual({ code: status, stderr: '' });
      expect(took).toBeLessThan(SOON_MS);
    } finally {
      silent.close();
    }
  });

  test('that comes while the program is still being loaded ends serve in order, too', async () => {
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
    const { code, signal } = await vitrine(['serve', '--port', '0'], { NODE_OPTIONS: `--require ${hook}` });
    expect({ code, signal }).toEqual({ code: 0, signal: null });
  });
});

describe('a disk that cannot be written', () => {
  test.each([
    ['below a file', '', (dir: string) => join(dir, 'file', 'shop'), 'a file, not a folder'],
    ['where files may not become large', 'ulimit -f 16;', (dir: string) => join(dir, 'shop'), 'ulimit -f'],
  ])('ends generate in a remedy and leaves no half file: %s', async (_what, limit, place, reason) => {
    const dir = await mkdtemp(join(base, 'disk-'));
    await writeFile(join(dir, 'file'), '');
    const args = ['generate', place(dir), '--customers', '2000', '--articles', '100', '--transactions', '4000'];
    const command = `${limit} exec "$0" "$@"`;
    const child = spawn('bash', ['-c', command, process.execPath, MAIN, ...args], {
      env: { ...process.env, ...settings },
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

  test('for the answer is an error in words, with status 1', async () => {
    const full = await open('/dev/full', 'w');
    const child = spawn(process.execPath, [MAIN, 'doctor', '--json'], {
      env: { ...process.env, ...settings },
      stdio: ['ignore', full.fd, 'pipe'],
    });
    let stderr = '';
    child.stderr?.on('data', (text) => (stderr += String(text)));
    const [code] = (await once(child, 'close')) as [number];
    await full.close();
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('the disk is full') as string });
    expect(stderr).not.toContain('    at ');
  });

  test('for the log ends no server', async () => {
    const full = await open('/dev/full', 'w');
    const port = await freePort();
    const env = { ...process.env, ...settings, LOG_LEVEL: 'trace', MODELS_DIR: join(base, 'no-log') };
    const child = spawn(process.execPath, [MAIN, 'serve', '--port', String(port)], {
      env,
      stdio: ['ignore', 'ignore', full.fd],
    });
    running.add(child);
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
    running.delete(child);
    await full.close();
  });
});

describe('generate', () => {
  test('writes the shop as it was asked for, and says how', async () => {
    const one = join(base, 'one');
    const options = '--customers 50 --articles 30 --transactions 500 --seed 3'.split(' ');
    const answer = await answerOf('generate', one, ...options);
    expect(answer).toMatchObject({ dir: one, customers: 50, articles: 30, transactions: 500, seed: 3 });
    const files = ['articles.csv', 'customers.csv', 'synthetic.json', 'transactions_train.csv'];
    expect((await readdir(one)).sort()).toEqual(files);
    expect((await readFile(join(one, 'transactions_train.csv'), 'utf8')).trim().split('\n')).toHaveLength(501);
  });
});

describe('a shop from files to recommendations', () => {
  interface Ranked {
    rank: number;
    score: number;
    articleId: string;
    article: { id: string; name: string };
  }
  let shop: string;
  let releaseName: string;

  beforeAll(async () => {
    shop = join(base, 'shop');
    await answerOf('generate', shop, ...'--customers 150 --articles 60 --transactions 3000 --days 120'.split(' '));
  });

  test('import tells what it did, file by file', async () => {
    const answer = await answerOf<Record<string, unknown>>('import', shop);
    expect(answer).toMatchObject({
      articles: { file: 'articles.csv', rows: 60, inserted: 60, rejected: 0 },
      customers: { rows: 150 },
      transactions: { rows: 3000, inserted: 3000, rejected: 0 },
      rejected: 0,
    });
    const { stdout } = await vitrine(['import', shop]);
    expect(stdout).toMatch(/transactions_train\.csv +3,000 +0 +0 +3,000 +0/);
  });

  test('train publishes a release and gives its manifest', async () => {
    const manifest = await answerOf<{ name: string; articles: number; evaluation: object; training: object }>(
      ...'train --size tiny --seed 2'.split(' '),
    );
    expect(manifest).toMatchObject({ articles: 60, training: { size: 'tiny', seed: 2 } });
    expect(manifest.evaluation).toMatchObject({ protocol: 'temporal', days: 7 });
    releaseName = manifest.name;
    expect((await readFile(join(base, 'models', 'current'), 'utf8')).trim()).toBe(releaseName);
    expect(await releasesIn(join(base, 'models'))).toEqual([releaseName, 'current'].sort());
  });

  interface Evaluated {
    customers: number;
    cases: number;
    models: Record<string, Record<string, number>>;
  }
  const MODELS = ['two-stage', 'retrieval', 'popularity', 'recent-popularity', 'repurchase', 'item-to-item', 'oracle'];

  test('evaluate gives every model’s measures on the days that were held out, and publishes nothing', async () => {
    const evaluation = await answerOf<Evaluated>(
      ...'evaluate --size tiny --cut 2020-09-10 --days 10 --max-customers 40'.split(' '),
    );
    expect(evaluation).toMatchObject({ protocol: 'temporal', cut: '2020-09-10', days: 10 });
    expect(evaluation.customers).toBeGreaterThan(20);
    expect(Object.keys(evaluation.models)).toEqual(MODELS);
    for (const metrics of Object.values(evaluation.models)) {
      for (const name of ['hr@10', 'ndcg@10', 'map@12', 'recall@100']) {
        expect(metrics[name]).toBeGreaterThan(0);
        expect(metrics[name]).toBeLessThanOrEqual(1);
      }
    }
    expect(await releasesIn(join(base, 'models'))).toEqual([releaseName, 'current'].sort());
  });

  test('evaluate asks by the other protocols, and writes the report where it is told to', async () => {
    const file = join(base, 'rolling.html');
    const rolling = await answerOf<Evaluated>(
      ...`evaluate --protocol rolling --weeks 2 --end 2020-09-15 --size tiny --max-customers 60 --report ${file}`.split(
        ' ',
      ),
    );
    expect(rolling).toMatchObject({ protocol: 'rolling', cut: '2020-09-02', weeks: 2, end: '2020-09-15', cases: 60 });
    expect(rolling.customers).toBeLessThan(60);
    expect(await readFile(file, 'utf8')).toContain('each of the 2 weeks until 2020-09-15');

    const { code, stdout } = await vitrine(
      'evaluate --protocol leave-one-out --validation --size tiny --max-customers 40'.split(' '),
    );
    expect(code).toBe(0);
    expect(stdout).toContain('each customer’s last article but one');
    expect(stdout).toContain('40 cases of 40 customers');
    expect(stdout).toMatch(/Two-stage NDCG@10 against \S+, the best baseline: [+−]0\.\d{4}/);
  });

  test('evaluate refuses a cut outside the data', async () => {
    const { code, stderr } = await vitrine(['evaluate', '--cut', '2031-01-01']);
    expect(code).toBe(1);
    expect(stderr).toContain('2031-01-01');
    expect(stderr).toContain('to 2020-09-22');
  });

  test('recommend answers for each customer, in their order, unknown ones too', async () => {
    const [{ id }] = await database.sql<{ id: string }>(
      'SELECT customer_id AS id FROM customers JOIN purchases ON customer_key = customers.key GROUP BY 1 ORDER BY count(*) DESC LIMIT 1',
    );
    const answer = await answerOf<{ customerId: string; recommendations: (Ranked & { coldStart: boolean })[] }[]>(
      ...['recommend', 'nobody', id, '--first', '5'],
    );
    expect(answer.map(({ customerId }) => customerId)).toEqual(['nobody', id]);
    for (const { recommendations } of answer) {
      expect(recommendations.map(({ rank }) => rank)).toEqual([1, 2, 3, 4, 5]);
      for (const { article, articleId } of recommendations) expect(article.id).toBe(articleId);
    }
    expect(answer.map(({ recommendations }) => recommendations[0].coldStart)).toEqual([true, false]);

    const { stdout } = await vitrine(['recommend', id, '--first', '5']);
    const [first] = answer[1].recommendations;
    expect(stdout).toContain(`For customer ${id}`);
    expect(stdout).toMatch(new RegExp(`^1 +0\\.\\d{3} +${first.articleId}`, 'm'));
  });

  test('similar answers for each article, and refuses one that there is not', async () => {
    const rows = await database.sql<{ id: string }>('SELECT article_id AS id FROM articles ORDER BY key LIMIT 2');
    const ids = rows.map(({ id }) => id);
    const answer = await answerOf<{ articleId: string; similar: Ranked[] }[]>('similar', ...ids, '--first', '4');
    expect(answer.map(({ articleId }) => articleId)).toEqual(ids);
    for (const { articleId, similar } of answer) {
      expect(similar).toHaveLength(4);
      expect(similar.map((one) => one.articleId)).not.toContain(articleId);
    }
    const { code, stdout, stderr } = await vitrine(['similar', ids[0], 'no-such-article']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('"no-such-article"');
  });

  test('embed publishes the release again, and refuses a folder that is no encoder', async () => {
    const more = { MODELS_DIR: join(base, 'embedded') };
    await cp(join(base, 'models'), more.MODELS_DIR, { recursive: true });
    const { code, stdout, stderr } = await vitrine(['embed', '--encoder', 'built-in', '--json'], more);
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('texts') as string });
    const answer = JSON.parse(stdout) as { release: string; encoder: { name: string }; texts: number; read: number };
    expect(answer.encoder.name).toBe('built-in');
    expect(answer.read).toBe(answer.texts);
    expect(await releasesIn(more.MODELS_DIR)).toEqual([releaseName, answer.release, 'current']);

    const refused = await vitrine(['embed', '--encoder', join(base, 'shop')], more);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/INPUT_INVALID: .*shop cannot be used: expected one of onnx\/text_model\.onnx/);
    expect(await releasesIn(more.MODELS_DIR)).toHaveLength(3);
  });

  test('measure-similar measures an encoder from a folder and shares of co-purchases too, and draws where it is told to', async () => {
    const more = { MODELS_DIR: join(base, 'measured') };
    const folder = await writeEncoder(join(base, 'small-clip'));
    const picture = join(base, 'similar.svg');
    const args = `measure-similar --size tiny --articles 40 --days 3 --co-purchase 0.1,0.5 --encoder ${folder} --picture ${picture}`;
    const { code, stdout, stderr } = await vitrine([...args.split(' '), '--json'], more);
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining(picture) as string });
    const { methods } = JSON.parse(stdout) as { methods: object };
    const encoders = [
      'encoder',
      ...[0.08, 0.1, 0.5].map((share) => `encoder, co-purchase ${share}`),
      'encoder small-clip',
    ];
    expect(Object.keys(methods)).toEqual(['random', 'same type', 'TF-IDF', ...encoders]);
    expect(await readFile(picture, 'utf8')).toMatch(/^<svg /);
    expect(await readdir(join(more.MODELS_DIR, '.embeddings'))).toHaveLength(1);
  });

  test.each([
    [['--co-purchase', '0.1,2'], 'Expected numbers from 0 to 1, separated by commas'],
    [['--co-purchase', '0.1,'], 'Expected numbers from 0 to 1, separated by commas'],
    [['--show', 'a,,b'], 'Expected ids, separated by commas'],
    [['--picture', join('no', 'such', 'folder', 'similar.svg')], 'Cannot write into'],
    [['--encoder', 'no-such-folder'], 'there is no such folder'],
  ])('measure-similar refuses %p before any work', async (args, why) => {
    const { code, stderr } = await vitrine(['measure-similar', ...args]);
    expect(code).toBe(1);
    expect(stderr).toContain(why);
  });

  test('an answer may be read in part: a pipe that closes early is no crash', async () => {
    const { child, ended } = start(['recommend', 'a', 'b', 'c', '--first', '60', '--json']);
    child.stdout?.destroy();
    expect((await ended).stderr).not.toContain('EPIPE');
  });

  test('whoever reads slowly gets the whole answer', async () => {
    const customers = Array.from({ length: 20 }, (_, i) => `nobody ${i}`);
    const { child, ended } = start(['recommend', ...customers, '--first', '60', '--json']);
    child.stdout?.pause();
    // It has written all at once. From then on it has nothing more to do, or ends without having
    // been read.
    while (child.exitCode === null && child.stdout?.readableLength === 0) await sleep(20);
    await Promise.race([once(child, 'exit'), sleep(1_000)]);
    child.stdout?.resume();
    const { stdout } = await ended;
    expect(stdout.length).toBeGreaterThan(2 ** 17);
    expect(JSON.parse(stdout)).toHaveLength(20);
  });

  test('doctor finds all of it in order', async () => {
    const findings = await answerOf<{ status: string }[]>('doctor');
    expect(findings.length).toBeGreaterThan(4);
    expect(findings.filter(({ status }) => status === 'fail')).toEqual([]);
  });

  test('serve answers over HTTP, and Ctrl-C ends it though connections are open', async () => {
    const server = start(['serve', '--port', '0']);
    const address = await server.heard(ADDRESS);
    const ready = await fetch(`${address}/health/ready`);
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready' }]);
    expect((await fetch(`${address}/health/live`)).status).toBe(200);
    const kept = await readFile(join(base, 'models', releaseName, 'report.html'), 'utf8');
    expect(await (await fetch(`${address}/report`)).text()).toBe(kept);
    const response = await fetch(`${address}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ recommendations(customerId: "nobody", first: 3) { rank } }' }),
    });
    expect(await response.json()).toEqual({ data: { recommendations: [{ rank: 1 }, { rank: 2 }, { rank: 3 }] } });

    const { code, signal, stderr, took } = await interrupt(server);
    expect({ code, signal }).toEqual({ code: 130, signal: null });
    expect(stderr).not.toContain('Error');
    expect(took).toBeLessThan(SOON_MS);
    await expect(fetch(`${address}/health/live`)).rejects.toThrow();
  });

  test.each([
    ['finishes the request in flight, and has status 0', 1, { code: 0, signal: null }],
    ['twice does not wait for it', 2, { code: null, signal: 'SIGTERM' }],
  ])('SIGTERM to serve %s', async (_what, times, end) => {
    const server = start(['serve', '--port', '0']);
    const address = await server.heard(ADDRESS);
    // The address that it listens on: a name may lead a browser to somebody else's server.
    expect(address).toContain('127.0.0.1');
    const lock = new Client({ connectionString: database.url });
    await lock.connect();
    try {
      await lock.query('BEGIN');
      await lock.query('LOCK TABLE customers IN ACCESS EXCLUSIVE MODE');
      const answer = fetch(`${address}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: '{ recommendations(customerId: "nobody", first: 1) { rank } }' }),
      }).then(
        (response) => response.json(),
        () => 'cut off',
      );
      const waits = `SELECT FROM pg_locks WHERE NOT granted AND relation = 'customers'::regclass`;
      while ((await database.sql(waits)).length === 0) await sleep(20);
      server.child.kill('SIGTERM');
      // From now on it takes no more.
      while (await fetch(`${address}/health/live`).then(Boolean, () => false)) await sleep(20);
      if (times === 2) server.child.kill('SIGTERM');
      else await lock.query('COMMIT');
      expect(await answer).toEqual(times === 2 ? 'cut off' : { data: { recommendations: [{ rank: 1 }] } });
    } finally {
      await lock.end();
    }
    const { code, signal, stderr } = await server.ended;
    expect({ code, signal }).toEqual(end);
    expect(stderr).not.toContain('Error');
  });

  test('serve tells in words, not in a stack, that the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    try {
      await once(other, 'listening');
      const { port } = other.address() as AddressInfo;
      const { code, stderr } = await vitrine(['serve', '--port', String(port)]);
      expect(code).toBe(1);
      expect(stderr).toContain(String(port));
      expect(stderr).not.toContain('    at ');
    } finally {
      other.close();
    }
  });

  test.each([
    ['while the towers learn', 'full', /Encoding the shop/],
    ['when the towers have learnt', 'small', /Candidates for the ranker/],
  ])(
    'Ctrl-C %s ends train at once and leaves the releases as they were',
    async (_when, size, moment) => {
      const before = await releasesIn(join(base, 'models'));
      const training = start(['train', '--size', size, '--no-evaluate']);
      await training.heard(moment);
      await new Promise((resolve) => setTimeout(resolve, 200));
      const { code, signal, stdout, stderr, took } = await interrupt(training);
      expect({ code, signal, stdout }).toEqual({ code: 130, signal: null, stdout: '' });
      expect(stderr).not.toContain('rror');
      expect(took).toBeLessThan(SOON_MS);
      expect(await releasesIn(join(base, 'models'))).toEqual(before);
      expect((await readFile(join(base, 'models', 'current'), 'utf8')).trim()).toBe(releaseName);
    },
    120_000,
  );

  test('demo goes the whole way on given files, and asks its own server', async () => {
    const own = await createTestDatabase('cli_demo');
    const more = { DATABASE_URL: own.url, MODELS_DIR: join(base, 'demo-models') };
    const args = ['demo', '--data', shop, '--size', 'tiny', '--port', '0', '--check'];
    const first = await vitrine(args, more);
    expect(first.code).toBe(0);
    expect((JSON.parse(first.stdout) as { recommendations: unknown[] }).recommendations.length).toBeGreaterThan(0);
    expect(first.stderr).toContain('Two-stage MAP@12');
    expect(first.stderr).toContain('Apollo Sandbox');
    const releases = await releasesIn(more.MODELS_DIR);
    const again = await vitrine(args, more);
    expect(again.stderr).toContain('Nothing has changed');
    expect(again.stdout).toBe(first.stdout);
    expect(await releasesIn(more.MODELS_DIR)).toEqual(releases);
    const serving = start(
      args.filter((arg) => arg !== '--check'),
      more,
    );
    await serving.heard(/Ctrl-C stops/);
    expect((await interrupt(serving, 'SIGTERM')).code).toBe(0);
    await own.close();
  });

  test('demo has its port from the beginning: nobody takes it while it learns, and it says what it does', async () => {
    const own = await createTestDatabase('cli_demo_port');
    const port = await freePort();
    const more = { DATABASE_URL: own.url, MODELS_DIR: join(base, 'port-models') };
    const learning = start(['demo', '--data', shop, '--size', 'full', '--port', String(port)], more);
    await learning.heard(/Evaluation: training/);
    const other = createServer();
    const taken = once(other, 'listening').then(
      () => 'taken',
      (thrown: unknown) => (thrown as NodeJS.ErrnoException).code,
    );
    other.listen(port, '127.0.0.1');
    expect(await taken).toBe('EADDRINUSE');
    const [live, ready] = await Promise.all(
      ['live', 'ready'].map((what) => fetch(`http://127.0.0.1:${port}/health/${what}`)),
    );
    expect([live.status, ready.status]).toEqual([200, 503]);
    expect(await ready.json()).toEqual({ status: 'not ready', reason: 'the demo is still preparing its shop' });
    expect((await interrupt(learning, 'SIGTERM')).code).toBe(143);
    await own.close();
  });

  test('demo does not mix its shop into one that somebody imported', async () => {
    const { code, stderr } = await vitrine(['demo', '--data', join(base, 'one'), '--size', 'tiny', '--check']);
    expect(code).toBe(1);
    expect(stderr).toContain('has not made');
    expect(await database.sql('SELECT count(*)::int AS articles FROM articles')).toEqual([{ articles: 60 }]);
  });
});

describe('serve without a release', () => {
  let server: Running;
  let address: string;
  let models: string;
  beforeAll(async () => {
    models = join(base, 'no-models');
    server = start(['serve', '--port', '0'], { MODELS_DIR: models });
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

test('without DATABASE_URL the embedded Postgres comes with a command, and goes with it on Ctrl-C', async () => {
  const home = join(base, 'own-home');
  const server = start(['serve', '--port', '0'], { DATABASE_URL: '', VITRINE_HOME: home });
  const address = await server.heard(ADDRESS);
  expect((await fetch(`${address}/health/live`)).status).toBe(200);
  const pidFile = (await filesBelow(home)).find((file) => file.endsWith('postmaster.pid'));
  expect(pidFile).toBeDefined();
  const { signal, took } = await interrupt(server);
  expect(signal).toBeNull();
  expect(took).toBeLessThan(2 * SOON_MS);
  expect(await exists(pidFile ?? '')).toBe(false);
});

test('an import of a folder whose files are not what they should be is refused with file and reason', async () => {
  const odd = await mkdtemp(join(base, 'odd-'));
  await writeFile(join(odd, 'articles.csv'), 'colour\nred\n');
  await writeFile(join(odd, 'transactions.csv'), 'when\nnow\n');
  const { code, stderr } = await vitrine(['import', odd]);
  expect(code).toBe(1);
  expect(stderr).toContain('articles.csv');
  expect(stderr).not.toContain('    at ');
});

/** What lies in a folder of releases, without what training keeps there for itself. */
async function releasesIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => !name.startsWith('.')).sort();
}

/** Files of the folders that can be read. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const nested = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(path) : [path];
    }),
  );
  return nested.flat();
}
