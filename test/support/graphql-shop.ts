// A small shop behind a real GraphQL server on a real Postgres, for the tests of src/api. Its
// recommender is a second implementation of the interface, in memory and exact, so tests know every
// answer in advance.

import pino from 'pino';
import { drawArticle } from '../../src/demo/drawing/drawing';
import type { Store } from '../../src/data/store/store';
import { openStore } from '../../src/data/store/open-store';
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

/** Articles are a-01 … a-45 with keys 1 … 45. Customers are c-01 … c-25; c-25 has no purchase. */
export const ARTICLES = 45;
export const CUSTOMERS = 25;
/** Purchases of c-01: a page and a half, with one article twice at once. */
export const PURCHASES_OF_FIRST = 31;

/** The fields of answers that tests read. An answer has only the fields that its query selected. */
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
  /** The parts of the server, for tests that make another server. */
  readonly parts: ServerParts;
  readonly store: Store;
  readonly recommender: PlainRecommender;
  /** Lines of the log at level debug and above. */
  readonly log: Record<string, unknown>[];
  /** Returns the table of each statement since the last call. */
  statements(): string[];
  sql: TestDatabase['sql'];
  readonly databaseUrl: string;
  /** Sends a query as a front-end does, but without a socket. */
  query<Data = Answered>(query: string, variables?: Record<string, unknown>): Promise<GraphqlAnswer<Data>>;
  close(): Promise<void>;
}

/** Opens the shop in its own database. `name` is part of the database's name. */
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
  /** The batches of requests so far. */
  readonly recommended: (readonly RecommendationRequest[])[];
  readonly compared: (readonly SimilarRequest[])[];
  readonly searched: (readonly SearchRequest[])[];
}

/**
 * Makes a recommender that follows fixed rules:
 * - recommendations for c-NN are the purchase a-NN, then all other articles in order; the third
 *   recommendation is a co-purchase
 * - similar to a-NN are the articles that follow it
 * - a search for “article NN” finds a-NN and those that follow it
 * - trending are a-45, a-44, …
 * - a-NN costs NN SEK and has a-01 as its variant
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
      return keys.map((key) => (key > ARTICLES ? null : { price: key, currency: 'SEK', variants: key > 1 ? [1] : [] }));
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
  `INSERT INTO articles (article_id, name, category, colour, description, attributes)
   SELECT 'a-' || lpad(i::text, 2, '0'), 'Article ' || i, '{Men,Trousers}', 'Dark Blue', 'The ' || i || 'th.',
     '{"product_type_name": ["Trousers"], "product_type_no": ["272"]}'
   FROM generate_series(1, ${ARTICLES}) i`,
  `UPDATE articles SET attributes =
   '{"weight": 1.5, "material": ["wool", "silk"], "vegan": false, "care": "By hand", "none": null}' WHERE key = 2`,
  `INSERT INTO customers (customer_id, age, attributes)
   SELECT 'c-' || lpad(i::text, 2, '0'), 20 + i, '{"club_member_status": ["ACTIVE"], "fn": true, "postal_code": "x1"}'
   FROM generate_series(1, ${CUSTOMERS}) i`,
  // c-01 bought one article a day, and a-30 last. Every other customer bought one article, except
  // the last customer, who bought none.
  `INSERT INTO purchases (customer_key, article_key, bought_at, price, sales_channel_id)
   SELECT 1, i, timestamptz '2020-09-01Z' + i * interval '1 day', 0.25, 2
   FROM generate_series(1, ${PURCHASES_OF_FIRST - 1}) i
   UNION ALL SELECT i, i, '2020-09-22Z', NULL, 1 FROM generate_series(2, ${CUSTOMERS - 1}) i`,
  `INSERT INTO purchases (customer_key, article_key, bought_at, line) VALUES (1, 20, '2020-09-21Z', 2)`,
];
