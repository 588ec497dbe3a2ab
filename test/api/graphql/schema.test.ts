// The schema for front-ends: it is complete and described, its file is up to date, and every named
// operation is valid.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  buildSchema,
  isEnumType,
  isInputObjectType,
  isObjectType,
  Kind,
  parse,
  validate,
  type GraphQLObjectType,
} from 'graphql';
import { PROJECT_ROOT } from '../../../src/config';
import { readOperations } from '../../../src/api/graphql/client/operations';
import { createSchema } from '../../../src/api/graphql/schema';

const schema = createSchema();

/** Columns of H&M's data that became attributes. Their former fields are deprecated. */
const ARTICLE_COLUMNS = [
  'product_type_no, product_type_name, product_group_name, graphical_appearance_no, graphical_appearance_name',
  'colour_group_code, colour_group_name, perceived_colour_value_id, perceived_colour_value_name',
  'perceived_colour_master_id, perceived_colour_master_name, department_no, department_name, index_code, index_name',
  'index_group_no, index_group_name, section_no, section_name, garment_group_no, garment_group_name',
];
const CUSTOMER_COLUMNS = ['fn, active, club_member_status, fashion_news_frequency, postal_code'];

function objectType(name: string): GraphQLObjectType {
  const type = schema.getType(name);
  if (!isObjectType(type)) throw new Error(`no object type ${name}`);
  return type;
}

describe('the schema', () => {
  test.each([
    ['Article', ARTICLE_COLUMNS],
    ['Customer', CUSTOMER_COLUMNS],
  ])('%s has what any shop has, and a deprecated field for each of the former columns', (name, lines) => {
    const fields = Object.values(objectType(name).getFields());
    const columns = lines.flatMap((line) => line.split(', '));
    expect(columns.length).toBe(name === 'Article' ? 21 : 5);
    const deprecated = fields.filter(
      (field) => field.deprecationReason !== undefined && field.deprecationReason !== null,
    );
    const reasons = columns.map((column) => `Use attribute(name: "${column}").`);
    expect(deprecated.map((field) => field.deprecationReason).sort()).toEqual(
      [...reasons, ...(name === 'Article' ? ['Use productId.'] : [])].sort(),
    );
    const own =
      'attribute attributes availability brand category colour currency description hidden id image listPrice name ' +
      'price productId publishedAt similar url variants';
    const others = fields.filter((field) => !deprecated.includes(field)).map((field) => field.name);
    expect(others.sort().join(' ')).toBe(
      name === 'Article' ? own : 'age attribute attributes id purchases recommendations',
    );
  });

  test('every type, field, argument and enum value has a description', () => {
    const bare: string[] = [];
    for (const type of Object.values(schema.getTypeMap())) {
      if (type.name.startsWith('__')) continue;
      const root = type === schema.getQueryType() || type === schema.getMutationType();
      if (!type.description && !root) bare.push(type.name);
      if (isEnumType(type)) {
        bare.push(...type.getValues().flatMap((value) => (value.description ? [] : [`${type.name}.${value.name}`])));
      }
      if (isInputObjectType(type)) {
        const fields = Object.values(type.getFields());
        bare.push(...fields.flatMap((field) => (field.description ? [] : [`${type.name}.${field.name}`])));
      }
      if (!isObjectType(type)) continue;
      for (const field of Object.values(type.getFields())) {
        if (!field.description) bare.push(`${type.name}.${field.name}`);
        bare.push(...field.args.flatMap((arg) => (arg.description ? [] : [`${type.name}.${field.name}(${arg.name})`])));
      }
    }
    expect(bare).toEqual([]);
  });

  test('lists that are pages follow the Relay convention', () => {
    for (const [owner, field] of [
      ['Query', 'articles'],
      ['Query', 'customers'],
      ['Customer', 'purchases'],
    ]) {
      const { type, args } = objectType(owner).getFields()[field];
      expect(args.map((arg) => `${arg.name}: ${String(arg.type)}`)).toEqual(['first: Int!', 'after: String']);
      const connection = objectType(String(type).replace('!', ''));
      const node = connection.name.replace('Connection', '');
      expect(shapeOf(connection)).toEqual({ edges: `[${node}Edge!]!`, nodes: `[${node}!]!`, pageInfo: 'PageInfo!' });
      expect(shapeOf(objectType(`${node}Edge`))).toEqual({ cursor: 'String!', node: `${node}!` });
    }
    expect(shapeOf(objectType('PageInfo'))).toEqual({
      hasNextPage: 'Boolean!',
      hasPreviousPage: 'Boolean!',
      startCursor: 'String',
      endCursor: 'String',
    });
  });

  test('an unknown id gives null for a node and for similar articles, but a list of recommendations', () => {
    expect(shapeOf(objectType('Query'))).toEqual({
      activeCustomers: '[Customer!]!',
      apiKeys: '[ApiKey!]',
      article: 'Article',
      articles: 'ArticleConnection!',
      auditEntries: 'AuditEntryConnection',
      customer: 'Customer',
      customers: 'CustomerConnection!',
      recommendations: '[Recommendation!]!',
      searchArticles: '[SearchHit!]!',
      similarArticles: '[SimilarArticle!]',
      trending: '[TrendingArticle!]!',
    });
    expect(shapeOf(objectType('Mutation'))).toEqual({
      expireApiKeys: '[ApiKeyResult!]',
      makeApiKey: 'MadeApiKey',
      recordPurchases: 'RecordedPurchases!',
      revokeApiKeys: '[ApiKeyResult!]',
    });
  });

  test('schema/schema.graphql and schema/client.ts are up to date with `npm run codegen`', () => {
    const program = join(PROJECT_ROOT, 'dist', 'src', 'api', 'graphql', 'client', 'codegen.js');
    expect(execFileSync(process.execPath, [program, '--check'], { encoding: 'utf8' })).toBe('');
  });

  test('schema/schema.graphql can be read as a schema', () => {
    const emitted = buildSchema(readFileSync(join(PROJECT_ROOT, 'schema', 'schema.graphql'), 'utf8'));
    expect(Object.keys(emitted.getTypeMap()).sort()).toEqual(Object.keys(schema.getTypeMap()).sort());
  });
});

describe('the named operations', () => {
  const document = parse(readOperations());
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);

  test('are valid against the schema', () => {
    expect(validate(schema, document)).toEqual([]);
  });

  test('have distinct names and use every query and mutation', () => {
    const names = operations.map((operation) => operation.name?.value);
    expect(names).toEqual([...new Set(names)]);
    expect(names).toEqual(
      expect.arrayContaining(['Recommendations', 'SimilarArticles', 'CustomerWithRecommendations', 'CustomersPage']),
    );
    const used = operations.flatMap((operation) =>
      operation.selectionSet.selections.map((field) => (field.kind === Kind.FIELD ? field.name.value : '')),
    );
    const fields = ['Query', 'Mutation'].flatMap((root) => Object.keys(objectType(root).getFields()));
    expect([...new Set(used)].sort()).toEqual(fields.sort());
  });
});

function shapeOf(type: GraphQLObjectType): Record<string, string> {
  return Object.fromEntries(Object.values(type.getFields()).map((field) => [field.name, String(field.type)]));
}
