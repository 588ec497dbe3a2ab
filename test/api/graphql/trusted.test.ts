// Trusted documents: run by id in any mode, and alone in the mode `trusted`.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecommendationsDocument } from '../../../schema/client';
import { OWN_MANIFEST } from '../../../src/api/graphql/client/operations';
import { createServer, type Server } from '../../../src/api/server';
import { sha256 } from '../../../src/bytes';
import { openShop, type GraphqlAnswer, type Shop } from '../../support/graphql-shop';

const OURS = '{ article(id: "a-01") { id } }';

let folder: string;
let shop: Shop;
let trusted: Server;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vitrine-trusted-'));
  writeFileSync(join(folder, 'ours.json'), JSON.stringify({ [sha256(OURS)]: OURS }));
  shop = await openShop('trusted');
  trusted = await serverWith({ only: true, manifests: [join(folder, 'ours.json')] });
});
afterAll(async () => {
  await trusted.close();
  await shop.close();
  rmSync(folder, { recursive: true, force: true });
});

const serverWith = (settings: { only: boolean; manifests: readonly string[] }) =>
  createServer({ ...shop.parts, config: { ...shop.parts.config, trusted: settings } });

async function send(server: Server, payload: object) {
  const response = await server.app.inject({ method: 'POST', url: '/graphql', payload });
  return { status: response.statusCode, ...response.json<GraphqlAnswer<Record<string, unknown>>>() };
}

const idOf = (name: string): string => {
  const { operations } = JSON.parse(readFileSync(OWN_MANIFEST, 'utf8')) as {
    operations: { id: string; name: string }[];
  };
  return operations.find((operation) => operation.name === name)?.id ?? '';
};

describe.each(['any', 'trusted'] as const)('in the mode %s', (mode) => {
  const server = () => (mode === 'any' ? shop.server : trusted);

  test('a document of this project runs by its id, with variables', async () => {
    const { data } = await send(server(), { documentId: idOf('Recommendations'), variables: { customerId: 'c-05' } });
    expect(data?.['recommendations']).toHaveLength(12);
  });

  test('an id runs with GET too', async () => {
    const variables = encodeURIComponent(JSON.stringify({ customerId: 'c-05' }));
    const response = await server().app.inject({
      url: `/graphql?documentId=sha256:${idOf('Recommendations')}&variables=${variables}`,
      headers: { 'apollo-require-preflight': 'true' },
    });
    expect(response.json<GraphqlAnswer>().data?.recommendations).toHaveLength(12);
  });

  test('an unknown id is refused', async () => {
    const { status, errors } = await send(server(), { documentId: 'no such document' });
    expect([status, errors?.[0].extensions.code]).toEqual([404, 'NOT_FOUND']);
  });

  test('the text of a document runs as the client sends it', async () => {
    const { data } = await send(server(), {
      query: RecommendationsDocument.toString(),
      variables: { customerId: 'c-05' },
    });
    expect(data?.['recommendations']).toHaveLength(12);
  });
});

describe('in the mode trusted', () => {
  test('a shop’s own document runs by id, by text and by the hash of a persisted query', async () => {
    const expected = { article: { id: 'a-01' } };
    expect((await send(trusted, { documentId: sha256(OURS) })).data).toEqual(expected);
    expect(await send(trusted, { query: OURS.replaceAll(' ', '\n  ') })).toMatchObject({ data: expected });
    const persistedQuery = { version: 1, sha256Hash: sha256(OURS) };
    expect((await send(trusted, { extensions: { persistedQuery } })).data).toEqual(expected);
  });

  test.each([
    ['another document', { query: '{ customers { nodes { age } } }' }],
    ['a document with a field more', { query: '{ article(id: "a-01") { id name } }' }],
    ['a second operation', { query: `query A ${OURS} query B { customers { nodes { age } } }`, operationName: 'B' }],
    [
      'a persisted query that brings its text',
      {
        query: '{ trending { rank } }',
        extensions: { persistedQuery: { version: 1, sha256Hash: sha256('{ trending { rank } }') } },
      },
    ],
    ['a text that cannot be read', { query: '{ article(' }],
  ])('%s is refused', async (_what, payload) => {
    const { status, errors } = await send(trusted, payload);
    expect([status, errors?.[0].extensions.code]).toEqual([403, 'FORBIDDEN']);
  });
});

test('Apollo’s persisted queries work in the mode any', async () => {
  const persistedQuery = { version: 1, sha256Hash: sha256(OURS) };
  const missed = await send(shop.server, { extensions: { persistedQuery } });
  expect(missed.errors?.[0].extensions.code).toBe('PERSISTED_QUERY_NOT_FOUND');
  await send(shop.server, { query: OURS, extensions: { persistedQuery } });
  expect((await send(shop.server, { extensions: { persistedQuery } })).data).toEqual({ article: { id: 'a-01' } });
});

test.each([
  ['is missing', undefined, 'cannot be read'],
  ['is empty', '{}', 'has no document'],
  ['asks for a field that is not there', '{ "x": "{ customers { nodes { shoeSize } } }" }', 'shoeSize'],
])('a manifest that %s stops the server from starting', async (_what, text, message) => {
  const path = join(folder, 'wrong.json');
  rmSync(path, { force: true });
  if (text !== undefined) writeFileSync(path, text);
  await expect(serverWith({ only: false, manifests: [path] })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(message) as string,
  });
});
