// The rights table: which scope each field of the schema asks for. A field that is not in the table
// is for admins only, and a test fails until it is added. docs/access.md shows the table.

import type { Scope } from '../../../access/scopes';

/**
 * What a field asks of whoever reads it. With `own`, a customer's token does for that customer in
 * place of the scope; the resolver then checks whose data it is.
 */
export interface Right {
  readonly scope: Scope;
  readonly own: boolean;
}

/**
 * A field that only leads to what its parent already shows, or to fields with rights of their own.
 */
export const AS_PARENT = 'as its parent';

const needs = (scope: Scope): Right => ({ scope, own: false });
const ownOr = (scope: Scope): Right => ({ scope, own: true });

const CATALOGUE = needs('catalogue:read');
const PEOPLE = needs('customers:read');
const PERSON = ownOr('customers:read');
const ADMIN = needs('admin');

type Fields = Readonly<Record<string, Right | typeof AS_PARENT>>;

function all(right: Right | typeof AS_PARENT, fields: string): Fields {
  return Object.fromEntries(fields.split(' ').map((field) => [field, right]));
}

const PAGE = all(AS_PARENT, 'edges nodes pageInfo');
const EDGE = all(AS_PARENT, 'cursor node');

/** By type and field. */
export const RIGHTS: Readonly<Record<string, Fields>> = {
  Query: {
    __schema: ADMIN,
    __type: ADMIN,
    article: CATALOGUE,
    articles: CATALOGUE,
    searchArticles: CATALOGUE,
    similarArticles: CATALOGUE,
    trending: CATALOGUE,
    customer: PERSON,
    customers: PEOPLE,
    activeCustomers: PEOPLE,
    recommendations: ownOr('recommend'),
    apiKeys: ADMIN,
    auditEntries: ADMIN,
  },
  Mutation: {
    ...all(ADMIN, 'makeApiKey revokeApiKeys expireApiKeys'),
    recordPurchases: ownOr('events:write'),
  },
  Article: {
    ...all(AS_PARENT, 'id'),
    ...all(CATALOGUE, 'name description productId category brand colour price listPrice currency'),
    ...all(CATALOGUE, 'availability hidden url image publishedAt attribute attributes variants similar'),
    // Fields of version 0.1.0, which are attributes.
    ...all(CATALOGUE, 'productCode productTypeNo productTypeName productGroupName departmentNo departmentName'),
    ...all(CATALOGUE, 'graphicalAppearanceNo graphicalAppearanceName colourGroupCode colourGroupName'),
    ...all(CATALOGUE, 'perceivedColourValueId perceivedColourValueName perceivedColourMasterId'),
    ...all(CATALOGUE, 'perceivedColourMasterName indexCode indexName indexGroupNo indexGroupName'),
    ...all(CATALOGUE, 'sectionNo sectionName garmentGroupNo garmentGroupName'),
  },
  Attribute: all(AS_PARENT, 'name values number flag text'),
  ArticleConnection: PAGE,
  ArticleEdge: EDGE,
  PageInfo: all(AS_PARENT, 'hasNextPage hasPreviousPage startCursor endCursor'),
  SimilarArticle: all(AS_PARENT, 'article rank score'),
  SearchHit: all(AS_PARENT, 'article rank score'),
  TrendingArticle: all(AS_PARENT, 'article rank buyersLastWeek'),
  Recommendation: all(AS_PARENT, 'article rank score source sources neverSold coldStart because'),
  Customer: {
    ...all(AS_PARENT, 'id'),
    ...all(PERSON, 'age attribute attributes purchases'),
    ...all(PERSON, 'fn active clubMemberStatus fashionNewsFrequency postalCode'),
    recommendations: ownOr('recommend'),
  },
  CustomerConnection: PAGE,
  CustomerEdge: EDGE,
  // Purchases are reached through a customer's field, or as what was just recorded.
  PurchaseConnection: PAGE,
  PurchaseEdge: EDGE,
  Purchase: all(AS_PARENT, 'article boughtAt quantity price state orderId salesChannelId'),
  ApiKey: all(ADMIN, 'id name kind scopes createdAt expiresAt revokedAt lastUsedAt'),
  MadeApiKey: all(ADMIN, 'key text'),
  ApiKeyResult: all(ADMIN, 'index id key error'),
  ItemError: all(AS_PARENT, 'code message field'),
  AuditEntry: all(ADMIN, 'id at actor action subject before after'),
  AuditEntryConnection: PAGE,
  AuditEntryEdge: EDGE,
  RecordedPurchases: all(AS_PARENT, 'customer purchases repeated'),
};

/** What a field asks for; null if it asks for no more than its parent. */
export function rightOf(type: string, field: string): Right | null {
  if (field === '__typename') return null;
  const right = Object.hasOwn(RIGHTS, type) && Object.hasOwn(RIGHTS[type], field) ? RIGHTS[type][field] : ADMIN;
  return right === AS_PARENT ? null : right;
}
