// The commands from a shop's files to its recommendations, in the order in which people run them.
import { once } from 'node:events';
import { cp, readdir, readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { writeEncoder } from '../support/clip-folder';
import { createTestDatabase } from '../support/database';
import { ADDRESS, freePort, interrupt, openProgram, SOON_MS, type Program } from './program';

let program: Program;
let base: string;
beforeAll(async () => {
  program = await openProgram('cli_shop');
  base = program.base;
});
afterAll(() => program?.close());

describe('generate', () => {
  test('writes the shop that was asked for, and says its size and seed', async () => {
    const one = join(base, 'one');
    const options = '--customers 50 --articles 30 --transactions 500 --seed 3'.split(' ');
    const answer = await program.answerOf('generate', one, ...options);
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
    await program.answerOf(
      'generate',
      shop,
      ...'--customers 150 --articles 60 --transactions 3000 --days 120'.split(' '),
    );
  });

  test('import reports its work for each file', async () => {
    const answer = await program.answerOf<Record<string, unknown>>('import', shop);
    expect(answer).toMatchObject({
      articles: { file: 'articles.csv', rows: 60, inserted: 60, rejected: 0 },
      customers: { rows: 150 },
      transactions: { rows: 3000, inserted: 3000, rejected: 0 },
      rejected: 0,
    });
    const { stdout } = await program.vitrine(['import', shop]);
    expect(stdout).toMatch(/transactions_train\.csv +3,000 +0 +0 +3,000 +0/);
  });

  test('train publishes a release and prints its manifest', async () => {
    const manifest = await program.answerOf<{ name: string; articles: number; evaluation: object; training: object }>(
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

  test('evaluate prints the metrics of every model on the held-out days, and publishes nothing', async () => {
    const evaluation = await program.answerOf<Evaluated>(
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

  test('evaluate measures by the other protocols, and writes the report to the given file', async () => {
    const file = join(base, 'rolling.html');
    const rolling = await program.answerOf<Evaluated>(
      ...`evaluate --protocol rolling --weeks 2 --end 2020-09-15 --size tiny --max-customers 60 --report ${file}`.split(
        ' ',
      ),
    );
    expect(rolling).toMatchObject({ protocol: 'rolling', cut: '2020-09-02', weeks: 2, end: '2020-09-15', cases: 60 });
    expect(rolling.customers).toBeLessThan(60);
    expect(await readFile(file, 'utf8')).toContain('each of the 2 weeks until 2020-09-15');

    const { code, stdout } = await program.vitrine(
      'evaluate --protocol leave-one-out --validation --size tiny --max-customers 40'.split(' '),
    );
    expect(code).toBe(0);
    expect(stdout).toContain('each customer’s last article but one');
    expect(stdout).toContain('40 cases of 40 customers');
    expect(stdout).toMatch(/Two-stage NDCG@10 against \S+, the best baseline: [+−]0\.\d{4}/);
  });

  test('evaluate refuses a cut outside the data', async () => {
    const { code, stderr } = await program.vitrine(['evaluate', '--cut', '2031-01-01']);
    expect(code).toBe(1);
    expect(stderr).toContain('2031-01-01');
    expect(stderr).toContain('to 2020-09-22');
  });

  test('recommend prints lists for all customers in order, even for unknown ones', async () => {
    const [{ id }] = await program.database.sql<{ id: string }>(
      'SELECT customer_id AS id FROM customers JOIN purchases ON customer_key = customers.key GROUP BY 1 ORDER BY count(*) DESC LIMIT 1',
    );
    const answer = await program.answerOf<
      { customerId: string; recommendations: (Ranked & { coldStart: boolean })[] }[]
    >(...['recommend', 'nobody', id, '--first', '5']);
    expect(answer.map(({ customerId }) => customerId)).toEqual(['nobody', id]);
    for (const { recommendations } of answer) {
      expect(recommendations.map(({ rank }) => rank)).toEqual([1, 2, 3, 4, 5]);
      for (const { article, articleId } of recommendations) expect(article.id).toBe(articleId);
    }
    expect(answer.map(({ recommendations }) => recommendations[0].coldStart)).toEqual([true, false]);

    const { stdout } = await program.vitrine(['recommend', id, '--first', '5']);
    const [first] = answer[1].recommendations;
    expect(stdout).toContain(`For customer ${id}`);
    expect(stdout).toMatch(new RegExp(`^1 +0\\.\\d{3} +${first.articleId}`, 'm'));
  });

  test('similar prints lists for all articles, and refuses an unknown one', async () => {
    const rows = await program.database.sql<{ id: string }>(
      'SELECT article_id AS id FROM articles ORDER BY key LIMIT 2',
    );
    const ids = rows.map(({ id }) => id);
    const answer = await program.answerOf<{ articleId: string; similar: Ranked[] }[]>(
      'similar',
      ...ids,
      '--first',
      '4',
    );
    expect(answer.map(({ articleId }) => articleId)).toEqual(ids);
    for (const { articleId, similar } of answer) {
      expect(similar).toHaveLength(4);
      expect(similar.map((one) => one.articleId)).not.toContain(articleId);
    }
    const { code, stdout, stderr } = await program.vitrine(['similar', ids[0], 'no-such-article']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('"no-such-article"');
  });

  test('embed publishes the release again, and refuses a folder that is no encoder', async () => {
    const more = { MODELS_DIR: join(base, 'embedded') };
    await cp(join(base, 'models'), more.MODELS_DIR, { recursive: true });
    const { code, stdout, stderr } = await program.vitrine(['embed', '--encoder', 'built-in', '--json'], more);
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('texts') as string });
    const answer = JSON.parse(stdout) as { release: string; encoder: { name: string }; texts: number; read: number };
    expect(answer.encoder.name).toBe('built-in');
    expect(answer.read).toBe(answer.texts);
    expect(await releasesIn(more.MODELS_DIR)).toEqual([releaseName, answer.release, 'current']);

    const refused = await program.vitrine(['embed', '--encoder', join(base, 'shop')], more);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/INPUT_INVALID: .*shop cannot be used: expected one of onnx\/text_model\.onnx/);
    expect(await releasesIn(more.MODELS_DIR)).toHaveLength(3);
  });

  test('measure-similar measures another encoder and shares of co-purchases, and draws a picture', async () => {
    const more = { MODELS_DIR: join(base, 'measured') };
    const folder = await writeEncoder(join(base, 'small-clip'));
    const picture = join(base, 'similar.svg');
    const args = `measure-similar --size tiny --articles 40 --days 3 --co-purchase 0.1,0.5 --encoder ${folder} --picture ${picture}`;
    const { code, stdout, stderr } = await program.vitrine([...args.split(' '), '--json'], more);
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
    const { code, stderr } = await program.vitrine(['measure-similar', ...args]);
    expect(code).toBe(1);
    expect(stderr).toContain(why);
  });

  test('a pipe that closes early does not crash the program', async () => {
    const { child, ended } = program.start(['recommend', 'a', 'b', 'c', '--first', '60', '--json']);
    child.stdout?.destroy();
    expect((await ended).stderr).not.toContain('EPIPE');
  });

  test('a slow reader gets the whole answer', async () => {
    const customers = Array.from({ length: 20 }, (_, i) => `nobody ${i}`);
    const { child, ended } = program.start(['recommend', ...customers, '--first', '60', '--json']);
    child.stdout?.pause();
    // The program writes its whole answer at once. Then it waits for its reader; a wrong program
    // would end before anything is read.
    while (child.exitCode === null && child.stdout?.readableLength === 0) await sleep(20);
    await Promise.race([once(child, 'exit'), sleep(1_000)]);
    child.stdout?.resume();
    const { stdout } = await ended;
    expect(stdout.length).toBeGreaterThan(2 ** 17);
    expect(JSON.parse(stdout)).toHaveLength(20);
  });

  test('doctor finds no failure', async () => {
    const findings = await program.answerOf<{ status: string }[]>('doctor');
    expect(findings.length).toBeGreaterThan(4);
    expect(findings.filter(({ status }) => status === 'fail')).toEqual([]);
  });

  test('serve answers over HTTP, and Ctrl-C ends it even with open connections', async () => {
    const server = program.start(['serve', '--port', '0']);
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
    const server = program.start(['serve', '--port', '0']);
    const address = await server.heard(ADDRESS);
    // The address is an IP address, since a browser might resolve a name to another server.
    expect(address).toContain('127.0.0.1');
    const lock = new Client({ connectionString: program.database.url });
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
      while ((await program.database.sql(waits)).length === 0) await sleep(20);
      server.child.kill('SIGTERM');
      // Waits until the server accepts no more requests.
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

  test('serve says in words that the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    try {
      await once(other, 'listening');
      const { port } = other.address() as AddressInfo;
      const { code, stderr } = await program.vitrine(['serve', '--port', String(port)]);
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
      const training = program.start(['train', '--size', size, '--no-evaluate']);
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

  test('demo imports, trains and serves given files, and asks its own server', async () => {
    const own = await createTestDatabase('cli_demo');
    const more = { DATABASE_URL: own.url, MODELS_DIR: join(base, 'demo-models') };
    const args = ['demo', '--data', shop, '--size', 'tiny', '--port', '0', '--check'];
    const first = await program.vitrine(args, more);
    expect(first.code).toBe(0);
    expect((JSON.parse(first.stdout) as { recommendations: unknown[] }).recommendations.length).toBeGreaterThan(0);
    expect(first.stderr).toContain('Two-stage MAP@12');
    expect(first.stderr).toContain('Apollo Sandbox');
    const releases = await releasesIn(more.MODELS_DIR);
    const again = await program.vitrine(args, more);
    expect(again.stderr).toContain('Nothing has changed');
    expect(again.stdout).toBe(first.stdout);
    expect(await releasesIn(more.MODELS_DIR)).toEqual(releases);
    const serving = program.start(
      args.filter((arg) => arg !== '--check'),
      more,
    );
    await serving.heard(/Ctrl-C stops/);
    expect((await interrupt(serving, 'SIGTERM')).code).toBe(0);
    await own.close();
  });

  test('demo takes its port first, and says that it is preparing', async () => {
    const own = await createTestDatabase('cli_demo_port');
    const port = await freePort();
    const more = { DATABASE_URL: own.url, MODELS_DIR: join(base, 'port-models') };
    const learning = program.start(['demo', '--data', shop, '--size', 'full', '--port', String(port)], more);
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

  test('demo refuses to mix its shop with an imported one', async () => {
    const { code, stderr } = await program.vitrine(['demo', '--data', join(base, 'one'), '--size', 'tiny', '--check']);
    expect(code).toBe(1);
    expect(stderr).toContain('has not made');
    expect(await program.database.sql('SELECT count(*)::int AS articles FROM articles')).toEqual([{ articles: 60 }]);
  });
});

/**
 * Returns the releases in a folder. Training also keeps its own files there, whose names begin with
 * a dot.
 */
async function releasesIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => !name.startsWith('.')).sort();
}
