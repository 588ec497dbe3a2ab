// The errors that clients and the log get. Clients get codes but no internal details. Each error is
// logged once.

import { GraphQLError } from 'graphql';
import pino from 'pino';
import { ERROR_CODES, VitrineError, type ErrorCode } from '../../../src/errors';
import { openStore } from '../../../src/data/store/open-store';
import { createErrorMask } from '../../../src/api/errors';
import { createServer } from '../../../src/api/server';
import type { Recommender } from '../../../src/serving/types';
import { openShop, plainRecommender, type GraphqlAnswer, type Shop } from '../../support/graphql-shop';

const ERROR_ID = /^something went wrong here, not in your query \(error id ([0-9a-f-]{36})\)$/;

describe('in a running server', () => {
  const failing: { error: Error | undefined } = { error: undefined };
  const plain = plainRecommender();
  const recommender: Recommender = {
    ...plain,
    recommend: (requests) => (failing.error ? Promise.reject(failing.error) : plain.recommend(requests)),
  };
  let shop: Shop;
  beforeAll(async () => {
    shop = await openShop('graphql_errors', { recommender });
  });
  afterAll(() => shop?.close());
  beforeEach(() => {
    failing.error = undefined;
    shop.log.length = 0;
  });
  const logged = () => shop.log.filter((line) => Number(line['level']) >= 50);

  test('an unexpected error is masked, and logged once with the id that the client sees', async () => {
    const answer = await shop.query('{ recommendations(customerId: "c-24") { rank } }');
    expect(answer.data).toBeNull();
    const [{ message, extensions, path }] = answer.errors ?? [];
    expect(extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR' });
    expect(path).toEqual(['recommendations']);
    const errorId = ERROR_ID.exec(message)?.[1];
    expect(logged()).toEqual([
      expect.objectContaining({ errorId, path: 'recommendations', msg: 'unexpected error, shown masked' }),
    ]);
    expect(logged()[0]['err']).toMatchObject({ message: 'c-24 breaks the models at /srv/models/release-7' });
    expect(JSON.stringify(answer)).not.toContain('/srv');
  });

  test('one failed batch behind many fields is one line in the log and one id for all of them', async () => {
    failing.error = new Error('the worker died');
    const answer = await shop.query(
      `{ a: customer(id: "c-01") { recommendations { rank } } b: customer(id: "c-02") { recommendations { rank } }
         c: customer(id: "c-03") { id } }`,
    );
    expect(answer.data).toEqual({ a: null, b: null, c: { id: 'c-03' } });
    expect(answer.errors).toHaveLength(2);
    expect(new Set(answer.errors?.map((error) => error.message)).size).toBe(1);
    expect(logged()).toHaveLength(1);
  });

  test('the same failure in another request has another id', async () => {
    const ask = async () => (await shop.query('{ recommendations(customerId: "c-24") { rank } }')).errors?.[0].message;
    expect(await ask()).not.toBe(await ask());
    expect(logged()).toHaveLength(2);
  });

  test('an expected error passes with its code, and is not logged', async () => {
    failing.error = new VitrineError('OVERLOADED', '64 requests are waiting already; try again');
    const answer = await shop.query('{ recommendations(customerId: "c-01") { rank } }');
    expect(answer.errors).toEqual([
      {
        message: '64 requests are waiting already; try again',
        locations: [{ line: 1, column: 3 }],
        path: ['recommendations'],
        extensions: { code: 'OVERLOADED' },
      },
    ]);
    expect(logged()).toEqual([]);
  });

  test('an error that the operator must fix keeps its code, and its details go to the log', async () => {
    failing.error = new VitrineError('RELEASE_INVALID', '/srv/models/release-7/ranker: the hash differs');
    const answer = await shop.query('{ recommendations(customerId: "c-01") { rank } }');
    expect(answer.errors?.[0].extensions.code).toBe('RELEASE_INVALID');
    expect(answer.errors?.[0].message).toMatch(/^the trained release cannot be used \(error id [0-9a-f-]{36}\)$/);
    expect(JSON.stringify(logged()[0]['err'])).toContain('/srv/models');
  });

  test('a lost database is reported without its address', async () => {
    const store = openStore('postgresql://vitrine:secret@127.0.0.1:1/shop');
    const server = await createServer({ ...shop.parts, store });
    const payload = { query: '{ a: customers { nodes { id } } b: article(id: "a-01") { id } }' };
    const response = await server.app.inject({ method: 'POST', url: '/graphql', payload });
    const { errors } = response.json<GraphqlAnswer>();
    expect(errors?.[0].extensions).toEqual({ code: 'DATABASE_UNAVAILABLE' });
    expect(errors?.[0].message).toMatch(/^the shop's database cannot be used at the moment \(error id /);
    expect(response.body).not.toMatch(/127\.0\.0\.1|secret|prisma/i);
    expect(logged().length).toBeGreaterThan(0);
    expect(JSON.stringify(logged())).not.toContain('secret');
    const health = await server.app.inject({ url: '/health/ready' });
    expect([health.statusCode, health.json()]).toEqual([
      503,
      { status: 'not ready', reason: 'the database does not answer' },
    ]);
    await server.close();
    await store.close();
  });
});

describe('the mask', () => {
  const lines: Record<string, unknown>[] = [];
  const mask = createErrorMask(
    pino({}, { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) }),
  );
  beforeEach(() => {
    lines.length = 0;
  });

  test.each(Object.keys(ERROR_CODES) as ErrorCode[])('shows %s by its code', (code) => {
    const shown = mask.toPublic(new VitrineError(code, 'the details'));
    expect(shown.code).toBe(code);
    // Either the client gets the message and nothing is logged, or the error is logged and the
    // client gets its id.
    expect(shown.message === 'the details').toBe(lines.length === 0);
  });

  test('lets GraphQL’s own errors about the request pass', () => {
    const error = new GraphQLError('Cannot query field "x"', { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } });
    const formatted = { message: error.message, extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } };
    expect(mask.format(formatted, error)).toEqual(formatted);
    expect(lines).toEqual([]);
  });

  test('hides GraphQL’s own errors about our answer, such as null where the schema allows none', () => {
    const error = new GraphQLError('Cannot return null for non-nullable field Article.id.', {
      path: ['article', 'id'],
    });
    const formatted = {
      message: error.message,
      path: ['article', 'id'],
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    };
    expect(mask.format(formatted, error).message).toMatch(ERROR_ID);
    expect(lines).toHaveLength(1);
  });

  test('drops every other extension, stack traces above all', () => {
    const error = new GraphQLError('no', { extensions: { code: 'BAD_USER_INPUT' } });
    const formatted = { message: 'no', extensions: { code: 'BAD_USER_INPUT', stacktrace: ['at …'] } };
    expect(mask.format(formatted, error).extensions).toEqual({ code: 'BAD_USER_INPUT' });
  });

  test.each([null, undefined, 'a text', 7, {}])('treats %j, which is no error, as an unexpected one', (thrown) => {
    const formatted = { message: 'x', extensions: { code: 'INTERNAL_SERVER_ERROR' } };
    expect(mask.format(formatted, thrown).message).toMatch(ERROR_ID);
  });
});
