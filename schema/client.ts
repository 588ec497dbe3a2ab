// Emitted from schema/operations.graphql by `npm run codegen`; a test fails when it is stale. Do not edit.
// Copy it into a front-end: it needs nothing but fetch at run time.
/* eslint-disable */

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };

/** The same as in @graphql-typed-document-node/core, whose helpers therefore work on these documents. */
export interface DocumentTypeDecoration<TResult, TVariables> {
  __apiType?: (variables: TVariables) => TResult;
}

/** What brought an article up before it was scored: “because …” on a page. Of several sources the one that says most of this customer. */
export type RecommendationSource =
  /** Others bought it together with, or after, what this customer bought lately. */
  | 'CO_PURCHASE'
  /** It is new, and sells well since it came. */
  | 'NEW_ARRIVALS'
  /** The customer bought it before. */
  | 'OWN_PURCHASES'
  /** It sells well at the moment. */
  | 'TRENDING'
  /** It sells well among customers of like age. */
  | 'TRENDING_PEERS'
  /** The Two-Tower model, which places it near this customer. */
  | 'TWO_TOWER'
  /** It is another variant of what the customer bought lately, in another colour, say. */
  | 'VARIANTS';

export type RecommendationsQueryVariables = Exact<{
  customerId: string;
  first?: number;
}>;

export type RecommendationsQuery = {
  readonly recommendations: ReadonlyArray<{
    readonly rank: number;
    readonly score: number;
    readonly source: RecommendationSource;
    readonly coldStart: boolean;
    readonly article: {
      readonly id: string;
      readonly name: string | null;
      readonly productGroupName: string | null;
      readonly colourGroupName: string | null;
    };
  }>;
};

export type SimilarArticlesQueryVariables = Exact<{
  articleId: string;
  first?: number;
}>;

export type SimilarArticlesQuery = {
  readonly similarArticles: ReadonlyArray<{
    readonly rank: number;
    readonly score: number;
    readonly article: {
      readonly id: string;
      readonly name: string | null;
      readonly productGroupName: string | null;
      readonly colourGroupName: string | null;
    };
  }> | null;
};

export type CustomerWithRecommendationsQueryVariables = Exact<{
  customerId: string;
  first?: number;
}>;

export type CustomerWithRecommendationsQuery = {
  readonly customer: {
    readonly id: string;
    readonly age: number | null;
    readonly clubMemberStatus: string | null;
    readonly fashionNewsFrequency: string | null;
    readonly purchases: {
      readonly nodes: ReadonlyArray<{
        readonly boughtAt: string;
        readonly price: number | null;
        readonly article: {
          readonly id: string;
          readonly name: string | null;
          readonly productGroupName: string | null;
          readonly colourGroupName: string | null;
        };
      }>;
    };
    readonly recommendations: ReadonlyArray<{
      readonly rank: number;
      readonly score: number;
      readonly source: RecommendationSource;
      readonly coldStart: boolean;
      readonly article: {
        readonly id: string;
        readonly name: string | null;
        readonly productGroupName: string | null;
        readonly colourGroupName: string | null;
      };
    }>;
  } | null;
};

export type CustomersPageQueryVariables = Exact<{
  first?: number;
  after?: string | null | undefined;
}>;

export type CustomersPageQuery = {
  readonly customers: {
    readonly nodes: ReadonlyArray<{
      readonly id: string;
      readonly age: number | null;
      readonly clubMemberStatus: string | null;
      readonly recommendations: ReadonlyArray<{
        readonly rank: number;
        readonly score: number;
        readonly article: { readonly name: string | null };
      }>;
    }>;
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
};

export type CustomerPurchasesQueryVariables = Exact<{
  customerId: string;
  first?: number;
  after?: string | null | undefined;
}>;

export type CustomerPurchasesQuery = {
  readonly customer: {
    readonly id: string;
    readonly purchases: {
      readonly nodes: ReadonlyArray<{
        readonly boughtAt: string;
        readonly price: number | null;
        readonly salesChannelId: number | null;
        readonly article: {
          readonly id: string;
          readonly name: string | null;
          readonly productGroupName: string | null;
          readonly colourGroupName: string | null;
        };
      }>;
      readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
    };
  } | null;
};

export type ArticlePageQueryVariables = Exact<{
  articleId: string;
  first?: number;
}>;

export type ArticlePageQuery = {
  readonly article: {
    readonly productCode: string | null;
    readonly productTypeName: string | null;
    readonly graphicalAppearanceName: string | null;
    readonly perceivedColourValueName: string | null;
    readonly perceivedColourMasterName: string | null;
    readonly departmentName: string | null;
    readonly indexName: string | null;
    readonly indexGroupName: string | null;
    readonly sectionName: string | null;
    readonly garmentGroupName: string | null;
    readonly description: string | null;
    readonly id: string;
    readonly name: string | null;
    readonly productGroupName: string | null;
    readonly colourGroupName: string | null;
    readonly attributes: ReadonlyArray<{
      readonly name: string;
      readonly values: ReadonlyArray<string>;
      readonly number: number | null;
    }>;
    readonly similar: ReadonlyArray<{
      readonly rank: number;
      readonly score: number;
      readonly article: {
        readonly id: string;
        readonly name: string | null;
        readonly productGroupName: string | null;
        readonly colourGroupName: string | null;
      };
    }>;
  } | null;
};

export type ArticlesPageQueryVariables = Exact<{
  first?: number;
  after?: string | null | undefined;
}>;

export type ArticlesPageQuery = {
  readonly articles: {
    readonly nodes: ReadonlyArray<{
      readonly id: string;
      readonly name: string | null;
      readonly productGroupName: string | null;
      readonly colourGroupName: string | null;
    }>;
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
};

export type ArticleCardFragment = {
  readonly id: string;
  readonly name: string | null;
  readonly productGroupName: string | null;
  readonly colourGroupName: string | null;
};

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const ArticleCardFragmentDoc = new TypedDocumentString(
  `
    fragment ArticleCard on Article {
  id
  name
  productGroupName
  colourGroupName
}
    `,
  { fragmentName: 'ArticleCard' },
) as unknown as TypedDocumentString<ArticleCardFragment, unknown>;
export const RecommendationsDocument = new TypedDocumentString(`
    query Recommendations($customerId: ID!, $first: Int! = 12) {
  recommendations(customerId: $customerId, first: $first) {
    rank
    score
    source
    coldStart
    article {
      ...ArticleCard
    }
  }
}
    fragment ArticleCard on Article {
  id
  name
  productGroupName
  colourGroupName
}`) as unknown as TypedDocumentString<RecommendationsQuery, RecommendationsQueryVariables>;
export const SimilarArticlesDocument = new TypedDocumentString(`
    query SimilarArticles($articleId: ID!, $first: Int! = 12) {
  similarArticles(articleId: $articleId, first: $first) {
    rank
    score
    article {
      ...ArticleCard
    }
  }
}
    fragment ArticleCard on Article {
  id
  name
  productGroupName
  colourGroupName
}`) as unknown as TypedDocumentString<SimilarArticlesQuery, SimilarArticlesQueryVariables>;
export const CustomerWithRecommendationsDocument = new TypedDocumentString(`
    query CustomerWithRecommendations($customerId: ID!, $first: Int! = 12) {
  customer(id: $customerId) {
    id
    age
    clubMemberStatus
    fashionNewsFrequency
    purchases(first: 5) {
      nodes {
        boughtAt
        price
        article {
          ...ArticleCard
        }
      }
    }
    recommendations(first: $first) {
      rank
      score
      source
      coldStart
      article {
        ...ArticleCard
      }
    }
  }
}
    fragment ArticleCard on Article {
  id
  name
  productGroupName
  colourGroupName
}`) as unknown as TypedDocumentString<CustomerWithRecommendationsQuery, CustomerWithRecommendationsQueryVariables>;
export const CustomersPageDocument = new TypedDocumentString(`
    query CustomersPage($first: Int! = 20, $after: String) {
  customers(first: $first, after: $after) {
    nodes {
      id
      age
      clubMemberStatus
      recommendations(first: 12) {
        rank
        score
        article {
          name
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<CustomersPageQuery, CustomersPageQueryVariables>;
export const CustomerPurchasesDocument = new TypedDocumentString(`
    query CustomerPurchases($customerId: ID!, $first: Int! = 20, $after: String) {
  customer(id: $customerId) {
    id
    purchases(first: $first, after: $after) {
      nodes {
        boughtAt
        price
        salesChannelId
        article {
          ...ArticleCard
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
}
    fragment ArticleCard on Article {
  id
  name
  productGroupName
  colourGroupName
}`) as unknown as TypedDocumentString<CustomerPurchasesQuery, CustomerPurchasesQueryVariables>;
export const ArticlePageDocument = new TypedDocumentString(`
    query ArticlePage($articleId: ID!, $first: Int! = 12) {
  article(id: $articleId) {
    ...ArticleCard
    productCode
    productTypeName
    graphicalAppearanceName
    perceivedColourValueName
    perceivedColourMasterName
    departmentName
    indexName
    indexGroupName
    sectionName
    garmentGroupName
    description
    attributes {
      name
      values
      number
    }
    similar(first: $first) {
      rank
      score
      article {
        ...ArticleCard
      }
    }
  }
}
    fragment ArticleCard on Article {
  id
  name
  productGroupName
  colourGroupName
}`) as unknown as TypedDocumentString<ArticlePageQuery, ArticlePageQueryVariables>;
export const ArticlesPageDocument = new TypedDocumentString(`
    query ArticlesPage($first: Int! = 20, $after: String) {
  articles(first: $first, after: $after) {
    nodes {
      ...ArticleCard
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment ArticleCard on Article {
  id
  name
  productGroupName
  colourGroupName
}`) as unknown as TypedDocumentString<ArticlesPageQuery, ArticlesPageQueryVariables>;

export interface GraphQLFault {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: { readonly code?: string };
}

/** The answer carried errors. `data` holds what came nevertheless. */
export class RequestError extends Error {
  constructor(
    readonly status: number,
    readonly errors: readonly GraphQLFault[],
    readonly data: unknown,
  ) {
    super(errors.map((error) => error.message).join('; ') || `HTTP status ${status}`);
    this.name = 'RequestError';
  }

  /** The stable code of the first error, such as INPUT_INVALID. */
  get code(): string | undefined {
    return this.errors[0]?.extensions?.code;
  }
}

/**
 * Sends a document of this file to a server and returns its data.
 * @throws RequestError when the answer carries errors, and what fetch throws when there is none.
 */
export async function request<Result, Variables>(
  url: string | URL,
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  init: Omit<RequestInit, 'method' | 'body'> = {},
): Promise<Result> {
  const headers = new Headers(init.headers);
  headers.set('content-type', 'application/json');
  headers.set('accept', 'application/json');
  const body = JSON.stringify({ query: document.toString(), variables });
  const response = await fetch(url, { ...init, method: 'POST', headers, body });
  const text = await response.text();
  const answer = parseAnswer<Result>(text);
  if (!answer || answer.errors || answer.data == null) {
    throw new RequestError(response.status, answer?.errors ?? [], answer?.data);
  }
  return answer.data;
}

function parseAnswer<Result>(text: string): { data?: Result | null; errors?: readonly GraphQLFault[] } | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
