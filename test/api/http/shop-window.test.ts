// The parts of the API that the shop window uses, over a real Postgres: trending, search, reasons,
// facts about articles, orders and traces. Also the pictures over HTTP.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { createServer } from '../../../src/api/server';
import type { Trace } from '../../../src/api/graphql/operation/trace';
import { openPhotos } from '../../../src/api/http/photos';
import { openShop, type GraphqlAnswer, type Shop } from '../../support/graphql-shop';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop('graphql_window');
});
afterAll(() => shop?.close());
beforeEach(() => {
  shop.statements();
  shop.recommender.searched.length = 0;
  shop.recommender.compared.length = 0;
});

/** Returns the data of an answer, which must have no errors. */
async function ask<Data>(query: string, variables?: Record<string, unknown>): Promise<Data> {
  const { data, errors } = await shop.query<Data>(query, variables);
  expect(errors).toBeUndefined();
  if (!data) throw new Error('no data');
  return data;
}

async function refusal(query: string, variables?: Record<string, unknown>): Promise<{ code: string; message: string }> {
  const { errors } = await shop.query(query, variables);
  const [error] = errors ?? [];
  return { code: error.extensions.code, message: error.message };
}

describe('trending', () => {
  test('lists what sells, best first, with the number of buyers', async () => {
    const data = await ask('{ trending(first: 2) { rank buyersLastWeek article { id price } } }');
    expect(data).toEqual({
      trending: [
        { rank: 1, buyersLastWeek: 45, article: { id: 'a-45', price: 45 } },
        { rank: 2, buyersLastWeek: 44, article: { id: 'a-44', price: 44 } },
      ],
    });
    expect(shop.statements()).toEqual(['articles']);
  });
});

test('active customers are those with the most recent purchases, most active first, read by one statement', async () => {
  const data = await ask('{ activeCustomers(first: 2) { id } }');
  expect(data).toEqual({ activeCustomers: [{ id: 'c-01' }, { id: 'c-02' }] });
  expect(shop.statements()).toEqual(['customers']);
});

describe('searching', () => {
  test('finds articles by words, with one search of the index for all fields of a query', async () => {
    const data = await ask<Record<'a' | 'b', { article: { id: string } }[]>>(
      `{ a: searchArticles(text: " article 7 ", first: 2) { rank score article { id } }
         b: searchArticles(text: "article 9", first: 1) { article { id } } }`,
    );
    expect(data.a).toEqual([
      { rank: 1, score: 1, article: { id: 'a-07' } },
      { rank: 2, score: 0.98, article: { id: 'a-08' } },
    ]);
    expect(data.b).toEqual([{ article: { id: 'a-09' } }]);
    expect(shop.recommender.searched).toMatchObject([
      [
        { text: 'article 7', first: 2 },
        { text: 'article 9', first: 1 },
      ],
    ]);
  });

  test.each([
    ['no words', '', 'INPUT_INVALID'],
    ['signs only', ' … !', 'INPUT_INVALID'],
    ['too many', 'x'.repeat(201), 'LIMIT_EXCEEDED'],
  ])('with %s is refused', async (_what, text, code) => {
    const query = 'query ($text: String!) { searchArticles(text: $text) { rank } }';
    expect(await refusal(query, { text })).toMatchObject({
      code,
      message: expect.stringContaining('text: ') as string,
    });
  });
});

describe('an article', () => {
  test('has a price, other colours and a picture, read in one statement', async () => {
    const data = await ask('{ articles(first: 2) { nodes { id price image variants { id } } } }');
    expect(data).toEqual({
      articles: {
        nodes: [
          { id: 'a-01', price: 1, image: '/images/a-01', variants: [] },
          { id: 'a-02', price: 2, image: '/images/a-02', variants: [{ id: 'a-01' }] },
        ],
      },
    });
    expect(shop.statements()).toEqual(['articles', 'articles']);
  });

  test('shows the picture at the address that the shop names, and no address of another kind', async () => {
    const image = async (address: string) => {
      await shop.sql('UPDATE articles SET image = $1 WHERE key = 2', [address]);
      return ask('{ article(id: "a-02") { image } }');
    };
    const own = { article: { image: '/images/a-02' } };
    expect(await image('https://cdn.example/2.jpg')).toEqual({ article: { image: 'https://cdn.example/2.jpg' } });
    expect(await image('javascript:alert(1)')).toEqual(own);
    expect(await image('2.jpg')).toEqual(own);
    await shop.sql('UPDATE articles SET image = NULL WHERE key = 2');
  });

  test('finds similar articles by the given arguments', async () => {
    await ask('{ article(id: "a-03") { similar(first: 2, coPurchase: 0.5, perProduct: 1) { rank } } }');
    const [[request]] = shop.recommender.compared;
    expect(request).toMatchObject({ articleId: 'a-03', first: 2, coPurchase: 0.5, perProduct: 1 });
    for (const argument of ['coPurchase: 1.5', 'coPurchase: -1', 'perProduct: 0', 'perProduct: 101']) {
      expect(await refusal(`{ similarArticles(articleId: "a-03", ${argument}) { rank } }`)).toMatchObject({
        code: 'INPUT_INVALID',
      });
    }
  });
});

test('purchased articles can be left out, and one query may ask for both lists', async () => {
  const data = await ask<Record<'all' | 'others', { source: string }[]>>(
    `{ all: recommendations(customerId: "c-05", first: 3) { source }
       others: recommendations(customerId: "c-05", first: 3, excludePurchased: true) { source } }`,
  );
  expect(data.all[0].source).toBe('OWN_PURCHASES');
  expect(data.others.map(({ source }) => source)).not.toContain('OWN_PURCHASES');
});

test('a recommendation names all its sources, and the purchase behind it', async () => {
  const data = await ask('{ recommendations(customerId: "c-05", first: 3) { source sources because { id } } }');
  expect(data).toEqual({
    recommendations: [
      { source: 'OWN_PURCHASES', sources: ['OWN_PURCHASES', 'TRENDING'], because: null },
      { source: 'TWO_TOWER', sources: ['TRENDING'], because: null },
      { source: 'CO_PURCHASE', sources: ['TRENDING'], because: { id: 'a-05' } },
    ],
  });
});

describe('recording purchases', () => {
  const RECORD = `mutation ($input: RecordPurchasesInput!) { recordPurchases(input: $input) {
    repeated purchases { boughtAt price quantity salesChannelId article { id } }
    customer { id purchases(first: 3) { nodes { article { id } } } } } }`;
  interface Recorded {
    readonly recordPurchases: {
      readonly repeated: boolean;
      readonly purchases: {
        readonly price: number | null;
        readonly quantity: number;
        readonly article: { readonly id: string };
      }[];
      readonly customer: { readonly id: string; readonly purchases: { readonly nodes: unknown[] } };
    };
  }
  const order = (requestId: string, more: Record<string, unknown> = {}) => ({
    input: { requestId, customerId: 'c-25', purchases: [{ articleId: 'a-11' }], ...more },
  });

  test('returns what it recorded, and later queries know of it', async () => {
    const purchases = [{ articleId: 'a-12', quantity: 2, price: 9.5 }, { articleId: 'a-13' }];
    const { recordPurchases } = await ask<Recorded>(RECORD, order('first', { purchases, salesChannelId: 2 }));
    expect(recordPurchases.repeated).toBe(false);
    expect(recordPurchases.purchases.map(({ price, quantity, article }) => [article.id, quantity, price])).toEqual([
      ['a-12', 2, 9.5],
      ['a-13', 1, null],
    ]);
    expect(recordPurchases.customer.purchases.nodes).toHaveLength(2);
    const again = await ask<Recorded>(RECORD, order('first', { purchases, salesChannelId: 2 }));
    expect(again.recordPurchases).toEqual({ ...recordPurchases, repeated: true });
  });

  test('takes back what a negative quantity returns, under the order id of the shop', async () => {
    const line = { articleId: 'a-15', quantity: 2, price: 5 };
    const common = { customerId: 'returner', orderId: 'R-7' };
    await ask(RECORD, order('sale', { ...common, purchases: [line] }));
    await ask(RECORD, order('return', { ...common, purchases: [{ ...line, quantity: -2 }] }));
    const { customer } = await ask<{ customer: { purchases: { nodes: unknown[] } } }>(
      '{ customer(id: "returner") { purchases { nodes { quantity state orderId } } } }',
    );
    expect(customer.purchases.nodes).toEqual([
      { quantity: -2, state: 'RETURNED', orderId: 'R-7' },
      { quantity: 2, state: 'RETURNED', orderId: 'R-7' },
    ]);
  });

  test('makes a customer of an unknown id, which the same operation had not found before', async () => {
    const data = await ask<{ again: Recorded['recordPurchases'] }>(
      `mutation ($a: RecordPurchasesInput!, $b: RecordPurchasesInput!) {
         first: recordPurchases(input: $a) { repeated }
         again: recordPurchases(input: $b) { customer { id purchases { nodes { article { id } } } } } }`,
      {
        a: order('visit-1', { customerId: 'visitor' }).input,
        b: order('visit-2', { customerId: 'visitor', purchases: [{ articleId: 'a-14' }] }).input,
      },
    );
    expect(data.again.customer.purchases.nodes).toHaveLength(2);
  });

  test.each<[string, Record<string, unknown>, string, string]>([
    ['nothing', { purchases: [] }, 'INPUT_INVALID', 'expected at least one'],
    ['no piece', { purchases: [{ articleId: 'a-01', quantity: 0 }] }, 'INPUT_INVALID', 'quantity: '],
    ['too many lines', { purchases: Array(101).fill({ articleId: 'a-01' }) }, 'LIMIT_EXCEEDED', 'got 101'],
    ['too many pieces', { purchases: [{ articleId: 'a-01', quantity: 10_001 }] }, 'INPUT_INVALID', 'quantity: '],
    ['too many returned', { purchases: [{ articleId: 'a-01', quantity: -10_001 }] }, 'INPUT_INVALID', 'quantity: '],
    ['a negative price', { purchases: [{ articleId: 'a-01', price: -1 }] }, 'INPUT_INVALID', 'price: '],
    ['an unknown article', { purchases: [{ articleId: 'a-99' }] }, 'INPUT_INVALID', 'there is no "a-99"'],
    ['no id', { requestId: '' }, 'INPUT_INVALID', 'requestId: '],
    ['no customer', { customerId: '' }, 'INPUT_INVALID', 'customerId: '],
    ['the future', { boughtAt: '2999-01-01T00:00:00Z' }, 'INPUT_INVALID', 'boughtAt: '],
    ['a strange channel', { salesChannelId: 0 }, 'INPUT_INVALID', 'salesChannelId: '],
  ])('of %s is refused, and nothing is recorded', async (what, more, code, message) => {
    const before = await shop.sql('SELECT count(*) FROM purchases');
    const refused = await refusal(RECORD, order(`bad ${what}`, more));
    expect(refused).toMatchObject({ code, message: expect.stringContaining(message) as string });
    expect(await shop.sql('SELECT count(*) FROM purchases')).toEqual(before);
  });
});

describe('a trace', () => {
  const send = async (headers: Record<string, string>): Promise<Trace | undefined> => {
    const query = '{ recommendations(customerId: "c-05", first: 3) { article { name } } }';
    const response = await shop.server.app.inject({ method: 'POST', url: '/graphql', payload: { query }, headers });
    return response.json<GraphqlAnswer & { extensions?: { trace?: Trace } }>().extensions?.trace;
  };

  test('has the stages with their times, and the candidates by source', async () => {
    const trace = await send({ 'vitrine-trace': '1' });
    expect(trace?.stages.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['parse', 'validate', 'execute', 'recommend', 'articles']),
    );
    for (const { startMs, ms } of trace?.stages ?? []) {
      expect(startMs).toBeGreaterThanOrEqual(0);
      expect(startMs + ms).toBeLessThanOrEqual((trace?.totalMs ?? 0) + 1);
    }
    expect(trace?.recommendations).toEqual([
      {
        customerId: 'c-05',
        batch: 1,
        purchases: 1,
        candidates: 45,
        found: { TRENDING: 45 },
        stages: [{ name: 'read', startMs: expect.any(Number) as number, ms: 1.5 }],
      },
    ]);
  });

  test('is left out unless the client asks', async () => {
    expect(await send({})).toBeUndefined();
  });
});

describe('pictures', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vitrine-photos-'));
    await mkdir(join(folder, 'photos', 'a-0'), { recursive: true });
    const photo = sharp({ create: { width: 600, height: 900, channels: 3, background: 'pink' } }).jpeg();
    await writeFile(join(folder, 'photos', 'a-0', 'a-01.jpg'), await photo.toBuffer());
    await writeFile(join(folder, 'photos', 'a-0', 'a-02.jpg'), 'no photo at all');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const serverWithPhotos = () =>
    createServer({ ...shop.parts, photos: openPhotos(join(folder, 'photos'), join(folder, 'kept'), () => undefined) });

  test('are photos in the next width up, and are kept for the next time', async () => {
    const server = await serverWithPhotos();
    for (const [asked, got] of [
      ['/images/a-01', 320],
      ['/images/a-01?width=100', 160],
      ['/images/a-01?width=5000', 600],
    ] as const) {
      for (let time = 0; time < 2; time++) {
        const response = await server.app.inject({ url: asked });
        expect(response.headers['content-type']).toBe('image/webp');
        expect((await sharp(response.rawPayload).metadata()).width).toBe(got);
      }
    }
    await server.close();
  });

  test('that cannot be kept are sent anyway, and the reason is told once', async () => {
    const told: Error[] = [];
    const kept = join(folder, 'photos', 'a-0', 'a-02.jpg', 'kept');
    const photos = openPhotos(join(folder, 'photos'), kept, (trouble) => told.push(trouble));
    const server = await createServer({ ...shop.parts, photos });
    for (const width of [100, 300, 600, 900]) {
      const response = await server.app.inject({ url: `/images/a-01?width=${width}` });
      expect([response.statusCode, response.headers['content-type']]).toEqual([200, 'image/webp']);
    }
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ code: 'STORAGE_UNAVAILABLE', message: expect.stringContaining(kept) as string });
    await server.close();
  });

  test('are drawn if there is no readable photo, and nothing may run in them', async () => {
    const server = await serverWithPhotos();
    for (const id of ['a-02', 'a-03']) {
      const response = await server.app.inject({ url: `/images/${id}` });
      expect(response.headers['content-type']).toBe('image/svg+xml');
      expect(response.headers['content-security-policy']).toContain('sandbox');
      expect(response.body).toContain('<svg');
    }
    await server.close();
  });

  test('are not sent again while they are unchanged', async () => {
    const { headers } = await shop.server.app.inject({ url: '/images/a-03' });
    const again = await shop.server.app.inject({
      url: '/images/a-03',
      headers: { 'if-none-match': String(headers.etag) },
    });
    expect(again.statusCode).toBe(304);
    expect(again.body).toBe('');
  });

  test('of one page take one statement', async () => {
    await Promise.all([1, 2, 3, 4].map((key) => shop.server.app.inject({ url: `/images/a-0${String(key)}` })));
    expect(shop.statements().length).toBeLessThanOrEqual(2);
  });

  test.each([
    ['/images/a-99', 404, 'NOT_FOUND'],
    ['/images/..%2F..%2Fetc%2Fpasswd', 404, 'NOT_FOUND'],
    ['/images/a-01?width=many', 400, 'INPUT_INVALID'],
    ['/images/a-01?width=0', 400, 'INPUT_INVALID'],
    [`/images/${'x'.repeat(257)}`, 400, 'INPUT_INVALID'],
  ])('%s is refused with %d', async (url, status, code) => {
    const server = await serverWithPhotos();
    const response = await server.app.inject({ url });
    expect(response.statusCode).toBe(status);
    expect(response.json<GraphqlAnswer>().errors?.[0].extensions.code).toBe(code);
    await server.close();
  });
});

test('/metrics has counters in the format of Prometheus', async () => {
  const counters = {
    work: () => new Map([['ranker', 7]]),
    release: () => '2026-01-01',
    unserved: () => undefined as { release: string } | undefined,
  };
  const server = await createServer({ ...shop.parts, counters });
  await server.app.inject({ url: '/health/live' });
  const { body, headers } = await server.app.inject({ url: '/metrics' });
  expect(headers['content-type']).toContain('text/plain; version=0.0.4');
  expect(body).toContain('vitrine_http_requests_total 1\n');
  expect(body).toContain('vitrine_work_total{what="ranker"} 7\n');
  for (const line of body.trim().split('\n'))
    expect(line).toMatch(/^(# (HELP|TYPE) |[a-z_]+(\{[a-z]+="[^"]*"\})? [\d.e+-]+$)/);
  const releases = (text: string): string[] => text.split('\n').filter((line) => line.startsWith('vitrine_release'));
  expect(releases(body)).toEqual([
    'vitrine_release_info{release="2026-01-01"} 1',
    'vitrine_release_wanted_info{release="2026-01-01"} 1',
    'vitrine_release_stale 0',
  ]);
  counters.unserved = () => ({ release: '2026-02-02' });
  expect(releases((await server.app.inject({ url: '/metrics' })).body)).toEqual([
    'vitrine_release_info{release="2026-01-01"} 1',
    'vitrine_release_wanted_info{release="2026-02-02"} 1',
    'vitrine_release_stale 1',
  ]);
  await server.close();
});

test('/metrics tells how long ready work waited for the event loop since the last reading', async () => {
  const server = await createServer(shop.parts);
  const read = async (): Promise<string> => (await server.app.inject({ url: '/metrics' })).body;
  /**
   * Reads the metrics until they have this quantile. On a busy machine the event loop may not have
   * been sampled yet.
   */
  const p99 = async (): Promise<number> => {
    for (;;) {
      await sleep(100);
      const value = /vitrine_event_loop_delay_seconds\{quantile="0\.99"\} (.+)/.exec(await read())?.[1];
      if (value !== undefined) return Number(value);
    }
  };
  await p99();
  // Waits for the first sample after a reading: that sample cannot show a delay, because it has no
  // earlier sample to compare with.
  await sleep(100);
  const until = performance.now() + 2000;
  while (performance.now() < until);
  expect(await p99()).toBeGreaterThan(1.5);
  expect(await p99()).toBeLessThan(1.5);
  expect(await read()).toMatch(/vitrine_event_loop_delay_seconds_sum \d/);
  await server.close();
});
