// Clients that send without reading, over real sockets. No single client may use up the server's
// memory.

import fastify from 'fastify';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SETTING_NAMES } from '../../../src/config';
import { createServer, type Server, type ServerParts } from '../../../src/api/server';
import { limitSockets } from '../../../src/api/http/sockets';
import { openShop, type Shop } from '../../support/graphql-shop';
import { heldRecommender, until } from '../../support/held-recommender';
import { connectTo, rawPost } from '../../support/raw-http';

let shop: Shop;
const closing: (() => unknown)[] = [];
beforeAll(async () => {
  shop = await openShop('sockets');
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(() => shop?.close());

/** Makes another server over the same shop, which is listening. */
async function listening(parts: Partial<ServerParts>): Promise<{ server: Server; url: string }> {
  const server = await createServer({ ...shop.parts, ...parts });
  closing.push(() => server.close());
  return { server, url: await server.listen() };
}

async function client(url: string): Promise<Socket> {
  const socket = await connectTo(url);
  closing.push(() => socket.destroy());
  return socket;
}

function listOf(customer: number): string {
  return rawPost(
    `{ recommendations(customerId: "c-${String(customer).padStart(2, '0')}", first: 1) { article { id } } }`,
  );
}

/**
 * Returns a request without a body, because a client that has gone cannot send the rest of a body.
 */
function gotListOf(customer: number): string {
  const query = `{ recommendations(customerId: "c-0${customer}", first: 1) { article { id } } }`;
  return [
    `GET /graphql?query=${encodeURIComponent(query)} HTTP/1.1`,
    'Host: localhost',
    'apollo-require-preflight: yes',
    '\r\n',
  ].join('\r\n');
}

/**
 * Length of an article's text with which an answer of 45 articles exceeds the operating system's
 * buffer of a connection.
 */
const LONG = 500_000;
const ALL_TEXTS = rawPost('{ articles(first: 100) { nodes { description } } }');
async function withTextsOf(length: number): Promise<void> {
  await shop.sql(`UPDATE articles SET detail_desc = repeat('x', $1)`, [length]);
}

describe('pipelined requests', () => {
  test('begin one at a time and are answered in their order', async () => {
    const recommender = heldRecommender();
    const { url } = await listening({ recommender });
    const socket = await client(url);
    const customers = Array.from({ length: 20 }, (_, i) => i + 1);
    let answer = '';
    socket.setEncoding('utf8').on('data', (piece: string) => (answer += piece));
    socket.write(customers.map(listOf).join(''));
    await recommender.askedFor(1);
    await sleep(200);
    expect(recommender.asked).toHaveLength(1);
    recommender.release();
    const articles = () => Array.from(answer.matchAll(/"id":"a-(\d\d)"/g), ([, number]) => Number(number));
    await until(() => articles().length === customers.length);
    expect(articles()).toEqual(customers);
    expect(recommender.asked).toHaveLength(customers.length);
  });

  test('do not begin when the client hangs up', async () => {
    const recommender = heldRecommender();
    const { url } = await listening({ recommender });
    const socket = await client(url);
    socket.write(listOf(1) + gotListOf(2));
    await recommender.askedFor(1);
    socket.destroy();
    await sleep(300);
    recommender.release();
    const other = await client(url);
    other.write(listOf(3));
    await once(other, 'data');
    expect(recommender.asked.map(({ customerId }) => customerId)).toEqual(['c-01', 'c-03']);
  });

  test('close the connection if there are too many; nothing more is computed for it, and other connections are answered', async () => {
    const recommender = heldRecommender();
    const { url } = await listening({ recommender });
    const socket = await client(url);
    socket.resume().write(Array.from({ length: 60 }, () => listOf(1)).join(''));
    await once(socket, 'close');
    recommender.release();
    const other = await client(url);
    other.write(listOf(2));
    await once(other, 'data');
    const cutOff = recommender.asked.filter(({ customerId }) => customerId === 'c-01');
    // The first request may have begun before the others were read.
    expect(cutOff.length).toBeLessThanOrEqual(1);
  });

  test('are limited for all connections together', async () => {
    const app = fastify();
    closing.push(() => app.close());
    limitSockets(app, { waitingEach: 10, waiting: 4, unreadBytes: 1e9 });
    let begun = 0;
    app.get('/', async () => {
      begun++;
      await new Promise(() => undefined);
    });
    const url = await app.listen({ port: 0 });
    const ask = async (count: number): Promise<Socket> => {
      const socket = await client(url);
      socket.resume().write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(count));
      return socket;
    };
    const first = await ask(1 + 3);
    await until(() => begun === 1);
    const second = await ask(1 + 2);
    await once(second, 'close');
    expect(first.destroyed).toBe(false);
    const third = await ask(1 + 1);
    await until(() => begun === 3);
    await sleep(50);
    expect(third.destroyed).toBe(false);
    app.server.closeAllConnections();
  });
});

test('connections that are only kept alive make room for new ones', async () => {
  const { url, server } = await listening({});
  server.app.server.maxConnections = 2;
  for (const idle of [await client(url), await client(url)]) {
    idle.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(idle, 'data');
  }
  const refused = await client(url);
  await once(refused.resume(), 'close');
  const next = await client(url);
  next.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
  expect(String((await once(next, 'data'))[0])).toContain('200 OK');
});

describe('answers that nobody reads', () => {
  test('are limited: the connection that has waited longest is cut off', async () => {
    const app = fastify();
    closing.push(() => app.close());
    limitSockets(app, { waitingEach: 1, waiting: 1, unreadBytes: 40e6 });
    let asked = 0;
    app.get('/', () => `${++asked}`.padEnd(30e6, 'x'));
    const url = await app.listen({ port: 0 });
    const ask = async (): Promise<Socket> => {
      const socket = await client(url);
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
      await until(() => asked === asking);
      return socket;
    };
    let asking = 1;
    const first = await ask();
    asking = 2;
    const second = await ask();
    const lengthOf = async (socket: Socket): Promise<number> => {
      let length = 0;
      socket.on('data', ({ length: more }) => (length += more));
      await once(socket, 'close');
      return length;
    };
    expect(await lengthOf(first)).toBeLessThan(30e6);
    expect(await lengthOf(second)).toBeGreaterThan(30e6);
  });

  test('are dropped with their connection if the client reads nothing for too long', async () => {
    await withTextsOf(LONG);
    const { url, server } = await listening({ unreadLimitMs: 1_000 });
    const connections = () => promiseOf<number>((done) => server.app.server.getConnections(done));
    (await client(url)).write(ALL_TEXTS);
    await until(async () => (await connections()) === 1);
    await until(async () => (await connections()) === 0);
  });

  test('do not keep the server from closing, nor do connections without requests', async () => {
    await withTextsOf(LONG);
    const { url, server } = await listening({ closeLimitMs: 300 });
    const silent = await client(url);
    const unread = await client(url);
    unread.write(ALL_TEXTS);
    await once(unread, 'readable');
    await server.close();
    for (const socket of [silent.resume(), unread.resume()]) {
      if (!socket.closed) await once(socket, 'close');
    }
  });
});

test('ten clients that pipeline and never read leave the program alive in 128 MB', async () => {
  await withTextsOf(30_000);
  const home = await mkdtemp(join(tmpdir(), 'vitrine-sockets-'));
  closing.push(() => rm(home, { recursive: true, force: true }));
  const inherited = Object.entries(process.env).filter(([key]) => !SETTING_NAMES.includes(key));
  const main = join(__dirname, '..', '..', '..', 'src', 'main.js');
  const server = spawn(process.execPath, ['--max-old-space-size=128', main, 'serve', '--port', '0'], {
    env: { ...Object.fromEntries(inherited), DATABASE_URL: shop.databaseUrl, VITRINE_HOME: home, MODELS_DIR: home },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  closing.push(() => server.kill('SIGKILL'));
  let said = '';
  server.stderr.on('data', (text) => (said += String(text)));
  const address = () => /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
  await until(() => address() !== undefined);
  const url = address() ?? '';

  const silent = await Promise.all(Array.from({ length: 10 }, () => client(url)));
  for (const socket of silent) socket.write(ALL_TEXTS.repeat(30));
  for (let i = 0; i < 3; i++) {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ article(id: "a-01") { name } }' }),
    });
    expect(await response.json()).toEqual({ data: { article: { name: 'Article 1' } } });
    await sleep(500);
  }
  expect(server.exitCode ?? server.signalCode).toBeNull();
});

function promiseOf<T>(call: (done: (error: Error | null, result: T) => void) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, result) => {
      if (error) reject(error);
      else resolve(result);
    });
  });
}
