// A small shop behind a real GraphQL server on a real Postgres, for the tests of src/graphql. Its
// recommender is a second implementation of that interface, in memory and exact: what is
// recommended can be told in advance.

import pino from 'pino';
import { drawArticle } from '../../src/demo/drawing';
import { openStore, type Store } from '../../src/data/store/store';
import type {
  Recommendation,
  RecommendationRequest,
  Recommender,
  SearchRequest,
  SimilarArticle,
  SimilarRequest,
} from '../../src/serving/types';
import { createServer, type Server, type ServerParts } from '../../src/api/server';
import { createTestDatabase, type TestDatabase } from './database';

/**
 * Articles a-01 … a-45 with keys 1 … 45; customers c-01 … c-25 likewise, c-25 without a purchase.
 */
export const ARTICLES = 45;
export const CUSTOMERS = 25;
/** What c-01 bought: a page and a half, and one article twice at once. */
export const PURCHASES_OF_FIRST = 31;

/** What tests read of answers: each only what its query asked for. */
export interface Answered {
  readonly customer: AnsweredNode;
  readonly article: AnsweredNode;
  readonly customers: AnsweredPage<AnsweredNode>;
  readonly articles: AnsweredPage<AnsweredNode>;
  readonly recommendations: AnsweredRank[];
  readonly similarArticles: AnsweredRank[];
}

export interface AnsweredNode {
  readonly id: string;
  readonly name: string;
  readonly attributes: unknown[];
  readonly recommendations: AnsweredRank[];
  readonly similar: AnsweredRank[];
  readonly purchases: AnsweredPage<{ readonly article: AnsweredNode }>;
}

export interface AnsweredRank {
  readonly rank: number;
  readonly coldStart: boolean;
  readonly article: AnsweredNode;
}

export interface AnsweredPage<Node> {
  readonly nodes: Node[];
  readonly edges: { readonly cursor: string; readonly node: Node }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

export interface GraphqlAnswer<Data = Answered> {
  readonly data?: Data | null;
  readonly errors?: { message: string; path?: (string | number)[]; extensions: { code: string } }[];
}

export interface Shop {
  readonly server: Server;
  /** What the server was made of: for tests that make another. */
  readonly parts: ServerParts;
  readonly store: Store;
  readonly recommender: PlainRecommender;
  /** Lines of the log, from debug up. */
  readonly log: Record<string, unknown>[];
  /** Tables read since the last call, a statement each. */
  statements(): string[];
  sql: TestDatabase['sql'];
  readonly databaseUrl: string;
  /** A query as a front-end sends it, without a socket. */
  query<Data = Answered>(query: string, variables?: Record<string, unknown>): Promise<GraphqlAnswer<Data>>;
  close(): Promise<void>;
}

/** Opens the shop in a database of its own; `name` makes it recognisable. */
export async function openShop(name: string, parts: Partial<ServerParts> = {}): Promise<Shop> {
  const database = await createTestDatabase(name);
  for (const statement of FILL) await database.sql(statement);

  const statements: string[] = [];
  const store = openStore(database.url, { onQuery: (table) => statements.push(table) });
  const recommender = plainRecommender();
  const log: Record<string, unknown>[] = [];
  const all: ServerParts = {
    store,
    recommender,
    config: { host: '127.0.0.1', port: 0, introspection: true, corsOrigins: [] },
    log: pino({ level: 'debug' }, { write: (line: string) => log.push(JSON.parse(line) as Record<string, unknown>) }),
    report: () => undefined,
    draw: drawArticle,
    ready: () => ({ ready: true }),
    ...parts,
  };
  const server = await createServer(all);

  return {
    server,
    parts: all,
    store,
    recommender,
    log,
    statements: () => statements.splice(0),
    sql: (text, values) => database.sql(text, values),
    databaseUrl: database.url,
    async query<Data>(query: string, variables?: Record<string, unknown>) {
      const payload = { query, ...(variables ? { variables } : {}) };
      const response = await server.app.inject({ method: 'POST', url: '/graphql', payload });
      return response.json<GraphqlAnswer<Data>>();
    },
    async close() {
      await server.close();
      await store.close();
      await database.close();
    },
  };
}

export interface PlainRecommender extends Recommender {
  /** The batches asked for so far. */
  readonly recommended: (readonly RecommendationRequest[])[];
  readonly compared: (readonly SimilarRequest[])[];
  readonly searched: (readonly SearchRequest[])[];
}

/**
 * Knows its articles and who bought what by heart. Recommends what the customer bought (c-NN: a-NN)
 * and then the articles in order, those from the third on since others buy them with what the
 * customer bought; finds the following articles similar and, for “article NN”, those from a-NN on.
 * Trending is a-45, a-44, …; a-NN costs NN and has a-01 as variant.
 */
export function plainRecommender(): PlainRecommender {
  const recommended: (readonly RecommendationRequest[])[] = [];
  const compared: (readonly SimilarRequest[])[] = [];
  const searched: (readonly SearchRequest[])[] = [];
  const numberOf = (id: string, letter: string, most: number): number => {
    const number = new RegExp(`^${letter}-(\\d\\d)$`).exec(id)?.[1];
    return number !== undefined && Number(number) <= most ? Number(number) : 0;
  };
  const recommendFor = ({ customerId, first, excludePurchased }: RecommendationRequest): Recommendation[] | Error => {
    if (customerId === 'c-24') return new Error('c-24 breaks the models at /srv/models/release-7');
    const own = numberOf(customerId, 'c', CUSTOMERS - 1);
    const others = Array.from({ length: ARTICLES }, (_, i) => i + 1).filter((key) => key !== own);
    return [...(own > 0 && !excludePurchased ? [own] : []), ...others].slice(0, first).map((articleKey, i) => ({
      articleKey,
      articleId: articleId(articleKey),
      rank: i + 1,
      score: 1 / (i + 2),
      source:
        articleKey === own ? 'OWN_PURCHASES' : own > 0 && i === 2 ? 'CO_PURCHASE' : i < 6 ? 'TWO_TOWER' : 'TRENDING',
      sources: articleKey === own ? ['OWN_PURCHASES', 'TRENDING'] : ['TRENDING'],
      because: own > 0 && i === 2 ? own : null,
      neverSold: false,
      coldStart: own === 0,
    }));
  };
  const following = (from: number, count: number): SimilarArticle[] =>
    Array.from({ length: Math.min(count, ARTICLES - 1) }, (_, i) => {
      const articleKey = ((from + i) % ARTICLES) + 1;
      return { articleKey, articleId: articleId(articleKey), rank: i + 1, score: 1 - i / 50 };
    });
  return {
    recommended,
    compared,
    searched,
    async recommend(requests) {
      recommended.push(requests);
      for (const { trace } of requests) {
        const stages = [{ name: 'read', begun: performance.now(), ms: 1.5 }];
        trace?.({ batch: requests.length, purchases: 1, found: new Map([['TRENDING', 45]]), candidates: 45, stages });
      }
      return requests.map(recommendFor);
    },
    async similar(requests) {
      compared.push(requests);
      return requests.map((request) => {
        const own = numberOf(request.articleId, 'a', ARTICLES);
        return own === 0 ? null : following(own, request.first);
      });
    },
    async search(requests) {
      searched.push(requests);
      return requests.map(({ text, first }) => following(Number(text.replace('article ', '')) - 1, first));
    },
    async trending(requests) {
      return requests.map(({ first }) =>
        Array.from({ length: Math.min(first, ARTICLES) }, (_, i) => {
          const articleKey = ARTICLES - i;
          return { articleKey, articleId: articleId(articleKey), rank: i + 1, buyersLastWeek: articleKey };
        }),
      );
    },
    async facts(keys) {
      return keys.map((key) => (key > ARTICLES ? null : { price: key, variants: key > 1 ? [1] : [] }));
    },
  };
}

export function articleId(key: number): string {
  return `a-${String(key).padStart(2, '0')}`;
}

export function customerId(key: number): string {
  return `c-${String(key).padStart(2, '0')}`;
}

const FILL = [
  `INSERT INTO articles (article_id, prod_name, product_type_name, colour_group_name, detail_desc)
   SELECT 'a-' || lpad(i::text, 2, '0'), 'Article ' || i, 'Trousers', 'Dark Blue', 'The ' || i || 'th.'
   FROM generate_series(1, ${ARTICLES}) i`,
  `UPDATE articles SET attributes = '{"weight": 1.5, "brand": ["acme", "apex"]}' WHERE key = 2`,
  `INSERT INTO customers (customer_id, age, club_member_status)
   SELECT 'c-' || lpad(i::text, 2, '0'), 20 + i, 'ACTIVE' FROM generate_series(1, ${CUSTOMERS}) i`,
  // One a day, newest first a-30, a-29 …, for c-01; one each for the others, none for the last.
  `INSERT INTO purchases (customer_key, article_key, bought_at, price, sales_channel_id)
   SELECT 1, i, timestamptz '2020-09-01Z' + i * interval '1 day', 0.25, 2
   FROM generate_series(1, ${PURCHASES_OF_FIRST - 1}) i
   UNION ALL SELECT i, i, '2020-09-22Z', NULL, 1 FROM generate_series(2, ${CUSTOMERS - 1}) i`,
  `INSERT INTO purchases (customer_key, article_key, bought_at, line) VALUES (1, 20, '2020-09-21Z', 2)`,
];
