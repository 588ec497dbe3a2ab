// The generated client as a front-end uses it: typed, over real HTTP, with every named operation.

import { execFile, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import * as client from '../../../schema/client';
import { PROJECT_ROOT } from '../../../src/config';
import { openShop, type Shop } from '../../support/graphql-shop';

let shop: Shop;
let url: string;
beforeAll(async () => {
  shop = await openShop('graphql_client');
  url = `${await shop.server.listen()}/graphql`;
});
afterAll(() => shop?.close());

describe('the client', () => {
  test('asks for recommendations', async () => {
    const { recommendations } = await client.request(url, client.RecommendationsDocument, {
      customerId: 'c-03',
      first: 1,
    });
    expect(recommendations).toEqual([
      {
        rank: 1,
        score: 0.5,
        source: 'OWN_PURCHASES',
        coldStart: false,
        article: {
          id: 'a-03',
          name: 'Article 3',
          category: ['Men', 'Trousers'],
          brand: null,
          colour: 'Dark Blue',
          price: 3,
          currency: 'SEK',
          image: '/images/a-03',
        },
      },
    ]);
  });

  test('asks for similar articles', async () => {
    const { similarArticles } = await client.request(url, client.SimilarArticlesDocument, { articleId: 'a-03' });
    expect(similarArticles?.map((similar) => similar.article.id)[0]).toBe('a-04');
    expect(await client.request(url, client.SimilarArticlesDocument, { articleId: 'none' })).toEqual({
      similarArticles: null,
    });
  });

  test('asks for a customer with purchases and recommendations', async () => {
    const { customer } = await client.request(url, client.CustomerWithRecommendationsDocument, { customerId: 'c-01' });
    expect(customer?.purchases.nodes.map((purchase) => purchase.article.id)).toEqual(
      [30, 29, 28, 27, 26].map((number) => `a-${number}`),
    );
    expect(customer?.recommendations).toHaveLength(12);
  });

  test('walks through pages of customers, purchases and articles', async () => {
    const customers = await client.request(url, client.CustomersPageDocument, { first: 2 });
    expect(customers.customers.nodes[1].recommendations[0].article.name).toBe('Article 2');
    const purchases = await client.request(url, client.CustomerPurchasesDocument, { customerId: 'c-01', first: 30 });
    const { hasNextPage, endCursor } = purchases.customer?.purchases.pageInfo ?? {};
    expect(hasNextPage).toBe(true);
    const rest = await client.request(url, client.CustomerPurchasesDocument, {
      customerId: 'c-01',
      after: endCursor ?? null,
    });
    expect(rest.customer?.purchases.nodes.map((purchase) => purchase.boughtAt)).toEqual(['2020-09-02T00:00:00.000Z']);
    const articles = await client.request(url, client.ArticlesPageDocument, {});
    expect(articles.articles.nodes).toHaveLength(20);
  });

  test('asks for an article’s page', async () => {
    const { article } = await client.request(url, client.ArticlePageDocument, { articleId: 'a-02', first: 3 });
    expect(article?.attributes.map((attribute) => attribute.name)).toEqual(['care', 'material', 'vegan', 'weight']);
    expect(article?.similar).toHaveLength(3);
  });

  test('throws the error of the server with its code', async () => {
    const refused = client.request(url, client.RecommendationsDocument, { customerId: 'c-03', first: 101 });
    await expect(refused).rejects.toMatchObject({ name: 'RequestError', status: 200, code: 'LIMIT_EXCEEDED' });
    const nowhere = client.request(url.replace('/graphql', '/'), client.ArticlesPageDocument, {});
    await expect(nowhere).rejects.toMatchObject({ status: 404, code: 'NOT_FOUND' });
  });

  test('sends the headers that it is given', async () => {
    const headers = { 'content-type': 'text/plain', 'x-shop': 'demo' };
    const { articles } = await client.request(url, client.ArticlesPageDocument, { first: 1 }, { headers });
    expect(articles.nodes).toHaveLength(1);
  });
});

/** The flags with which this Node strips types. Undefined if this Node cannot strip types. */
const STRIPPING = [['--experimental-strip-types'], []].find(
  (flags) =>
    spawnSync(process.execPath, [...flags, '-p', 'process.features.typescript']).stdout.toString() === 'strip\n',
);
const ifStripping = STRIPPING ? test : test.skip;

ifStripping(
  STRIPPING
    ? 'the client runs under Node’s own type stripping'
    : `not run, ${process.version} strips no types by itself`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vitrine-client-'));
    try {
      writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
      copyFileSync(join(PROJECT_ROOT, 'schema', 'client.ts'), join(folder, 'client.ts'));
      const page = `import { ArticlesPageDocument, RecommendationsDocument, request, RequestError } from './client.ts';
        const url: string = process.argv[2];
        const { articles } = await request(url, ArticlesPageDocument, { first: 1 });
        const refused: unknown = await request(url, RecommendationsDocument, { customerId: 'c-03', first: 101 }).catch((error) => error);
        if (!(refused instanceof RequestError)) throw new Error('expected to be refused');
        console.log(articles.nodes[0].id, refused.code, refused.status);`;
      writeFileSync(join(folder, 'page.ts'), page);
      const args = [...(STRIPPING ?? []), join(folder, 'page.ts'), url];
      const { stdout } = await promisify(execFile)(process.execPath, args);
      expect(stdout).toBe('a-01 LIMIT_EXCEEDED 200\n');
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

describe('the client’s types', () => {
  /**
   * Returns the compiler's messages about a file of a front-end that uses the client. The project
   * is strict, for browsers, and without Node's types.
   */
  function complaints(source: string, more: ts.CompilerOptions = {}): string[] {
    const file = join(PROJECT_ROOT, 'schema', 'page.ts');
    const options: ts.CompilerOptions = {
      strict: true,
      noUncheckedIndexedAccess: true,
      noEmit: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
      types: [],
      ...more,
    };
    const host = ts.createCompilerHost(options);
    const { readFile, fileExists } = host;
    host.readFile = (name) => (name === file ? source : readFile(name));
    host.fileExists = (name) => name === file || fileExists(name);
    const { getSourceFile } = host;
    host.getSourceFile = (name, version, ...rest) =>
      name === file ? ts.createSourceFile(name, source, version) : getSourceFile(name, version, ...rest);
    return ts
      .getPreEmitDiagnostics(ts.createProgram([file], options, host))
      .map((diagnostic) => ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'));
  }

  test('can be erased, and JavaScript is left', () => {
    const options = { erasableSyntaxOnly: true, verbatimModuleSyntax: true, isolatedModules: true, skipLibCheck: true };
    // The only message is about the page's own enum. It proves that the test does see messages.
    const page = "import { request } from './client'; void request; export enum Colour { Red }";
    expect(complaints(page, options)).toEqual([expect.stringContaining('erasableSyntaxOnly')]);
  });

  test('fit a front-end, and catch a wrong variable, a wrong field and a forgotten null', () => {
    const found = complaints(`
      import { ArticlePageDocument, RecommendationsDocument, request } from './client';
      export async function show(url: string): Promise<void> {
        const { recommendations } = await request(url, RecommendationsDocument, { customerId: '1', first: 3 });
        const names: (string | null)[] = recommendations.map(({ article }) => article.name);
        await request(url, RecommendationsDocument, { customer: '1' });
        recommendations[0]?.article.prize;
        const { article } = await request(url, ArticlePageDocument, { articleId: '1' });
        article.name;
        names.length;
      }`);
    expect(found).toEqual([
      expect.stringContaining("'customer' does not exist"),
      expect.stringContaining("Property 'prize' does not exist"),
      expect.stringContaining("'article' is possibly 'null'"),
    ]);
  });
});
