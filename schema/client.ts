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

/** Where a key may be kept. */
export type ApiKeyKind =
  /** In pages in browsers: it reads customers only with their own tokens. */
  | 'PUBLISHABLE'
  /** By programs of the shop only. */
  | 'SECRET';

/** Whether an article can be bought. */
export type Availability =
  /** It can be bought now. */
  | 'IN_STOCK'
  /** It cannot be bought now, and is in no list until it can. */
  | 'OUT_OF_STOCK'
  /** It can be ordered before it is there. */
  | 'PREORDER';

/** A key to be made. */
export type MakeApiKeyInput = {
  /** Until when it holds. Null: until it is revoked. */
  readonly expiresAt?: string | null | undefined;
  /** Where it will be kept. */
  readonly kind?: ApiKeyKind;
  /** Which program will have it, 1 to 100 characters. */
  readonly name: string;
  /** What it allows: some of catalogue:read, recommend, events:write, customers:read, catalogue:write, rules:write, admin. */
  readonly scopes: ReadonlyArray<string>;
};

/** Some pieces of one article, bought at one price. */
export type PurchaseInput = {
  /** The shop's id of the article. */
  readonly articleId: string;
  /** What one piece costs, in the shop's currency; null where that is not known. */
  readonly price?: number | null | undefined;
  /** How many pieces, 1 to 10000. Negative: so many came back. A return covers the latest purchases of the article by this customer. */
  readonly quantity?: number;
};

/** What became of a purchase. Only what was bought and kept counts in lists and prices. */
export type PurchaseState =
  /** It was bought. */
  | 'BOUGHT'
  /** The order was called off. */
  | 'CANCELLED'
  /** It came back, or is the return itself, whose quantity is negative. */
  | 'RETURNED';

/** What brought an article up before it was scored: “because …” on a page. Of several sources the one that says most of this customer. */
export type RecommendationSource =
  /** Others bought it together with, or after, what this customer bought lately. */
  | 'CO_PURCHASE'
  /** It is new, and sells well since it came; or nobody has bought it yet, but others of its product sell. */
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

/** What a customer bought at one time. */
export type RecordPurchasesInput = {
  /** When, from 1990. Null: now by the shop's clock, which stands at the newest purchase while historic data is replayed. Times more than a minute after the clock are refused; during a replay, those more than a day after it. */
  readonly boughtAt?: string | null | undefined;
  /** The shop's id of the customer. An unknown one becomes a customer of whom only the id is known. */
  readonly customerId: string;
  /** The shop's own id of the order or receipt, if it has one. */
  readonly orderId?: string | null | undefined;
  /** What was bought, 1 to 100 lines. */
  readonly purchases: ReadonlyArray<PurchaseInput>;
  /** An id of the order, made up by whoever sends it (a UUID, or the number of the order). The same order sent again under the same id is recorded once, so send it again whenever no answer came. */
  readonly requestId: string;
  /** Where: 1 in a shop, 2 online. */
  readonly salesChannelId?: number | null | undefined;
};

export type RecommendationsQueryVariables = Exact<{
  customerId?: string | null | undefined;
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
      readonly category: ReadonlyArray<string>;
      readonly brand: string | null;
      readonly colour: string | null;
      readonly price: number | null;
      readonly currency: string | null;
      readonly image: string;
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
      readonly category: ReadonlyArray<string>;
      readonly brand: string | null;
      readonly colour: string | null;
      readonly price: number | null;
      readonly currency: string | null;
      readonly image: string;
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
    readonly attributes: ReadonlyArray<{
      readonly name: string;
      readonly values: ReadonlyArray<string>;
      readonly number: number | null;
      readonly flag: boolean | null;
      readonly text: string | null;
    }>;
    readonly purchases: {
      readonly nodes: ReadonlyArray<{
        readonly boughtAt: string;
        readonly quantity: number;
        readonly price: number | null;
        readonly article: {
          readonly id: string;
          readonly name: string | null;
          readonly category: ReadonlyArray<string>;
          readonly brand: string | null;
          readonly colour: string | null;
          readonly price: number | null;
          readonly currency: string | null;
          readonly image: string;
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
        readonly category: ReadonlyArray<string>;
        readonly brand: string | null;
        readonly colour: string | null;
        readonly price: number | null;
        readonly currency: string | null;
        readonly image: string;
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
        readonly quantity: number;
        readonly price: number | null;
        readonly state: PurchaseState;
        readonly orderId: string | null;
        readonly salesChannelId: number | null;
        readonly article: {
          readonly id: string;
          readonly name: string | null;
          readonly category: ReadonlyArray<string>;
          readonly brand: string | null;
          readonly colour: string | null;
          readonly price: number | null;
          readonly currency: string | null;
          readonly image: string;
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
    readonly productId: string | null;
    readonly description: string | null;
    readonly listPrice: number | null;
    readonly availability: Availability;
    readonly url: string | null;
    readonly id: string;
    readonly name: string | null;
    readonly category: ReadonlyArray<string>;
    readonly brand: string | null;
    readonly colour: string | null;
    readonly price: number | null;
    readonly currency: string | null;
    readonly image: string;
    readonly attributes: ReadonlyArray<{
      readonly name: string;
      readonly values: ReadonlyArray<string>;
      readonly number: number | null;
      readonly flag: boolean | null;
      readonly text: string | null;
    }>;
    readonly variants: ReadonlyArray<{
      readonly id: string;
      readonly name: string | null;
      readonly colour: string | null;
      readonly image: string;
    }>;
    readonly similar: ReadonlyArray<{
      readonly rank: number;
      readonly score: number;
      readonly article: {
        readonly id: string;
        readonly name: string | null;
        readonly category: ReadonlyArray<string>;
        readonly brand: string | null;
        readonly colour: string | null;
        readonly price: number | null;
        readonly currency: string | null;
        readonly image: string;
      };
    }>;
    readonly boughtWith: ReadonlyArray<{
      readonly rank: number;
      readonly score: number;
      readonly article: {
        readonly id: string;
        readonly name: string | null;
        readonly category: ReadonlyArray<string>;
        readonly brand: string | null;
        readonly colour: string | null;
        readonly price: number | null;
        readonly currency: string | null;
        readonly image: string;
      };
    }>;
  } | null;
};

export type SearchQueryVariables = Exact<{
  text: string;
  first?: number;
}>;

export type SearchQuery = {
  readonly searchArticles: ReadonlyArray<{
    readonly rank: number;
    readonly score: number;
    readonly article: {
      readonly id: string;
      readonly name: string | null;
      readonly category: ReadonlyArray<string>;
      readonly brand: string | null;
      readonly colour: string | null;
      readonly price: number | null;
      readonly currency: string | null;
      readonly image: string;
    };
  }>;
};

export type ProposalsQueryVariables = Exact<{
  first?: number;
}>;

export type ProposalsQuery = {
  readonly trending: ReadonlyArray<{
    readonly article: { readonly id: string; readonly category: ReadonlyArray<string>; readonly colour: string | null };
  }>;
};

export type HomePageQueryVariables = Exact<{
  customerId: string;
  first?: number;
}>;

export type HomePageQuery = {
  readonly recommendations: ReadonlyArray<{
    readonly rank: number;
    readonly score: number;
    readonly source: RecommendationSource;
    readonly sources: ReadonlyArray<RecommendationSource>;
    readonly neverSold: boolean;
    readonly coldStart: boolean;
    readonly because: { readonly id: string; readonly name: string | null } | null;
    readonly article: {
      readonly id: string;
      readonly name: string | null;
      readonly category: ReadonlyArray<string>;
      readonly brand: string | null;
      readonly colour: string | null;
      readonly price: number | null;
      readonly currency: string | null;
      readonly image: string;
    };
  }>;
  readonly again: ReadonlyArray<{
    readonly rank: number;
    readonly score: number;
    readonly source: RecommendationSource;
    readonly article: {
      readonly id: string;
      readonly name: string | null;
      readonly category: ReadonlyArray<string>;
      readonly brand: string | null;
      readonly colour: string | null;
      readonly price: number | null;
      readonly currency: string | null;
      readonly image: string;
    };
  }>;
  readonly customer: {
    readonly id: string;
    readonly age: number | null;
    readonly purchases: {
      readonly nodes: ReadonlyArray<{
        readonly boughtAt: string;
        readonly article: {
          readonly id: string;
          readonly name: string | null;
          readonly category: ReadonlyArray<string>;
          readonly brand: string | null;
          readonly colour: string | null;
          readonly price: number | null;
          readonly currency: string | null;
          readonly image: string;
          readonly similar: ReadonlyArray<{
            readonly rank: number;
            readonly score: number;
            readonly article: {
              readonly id: string;
              readonly name: string | null;
              readonly category: ReadonlyArray<string>;
              readonly brand: string | null;
              readonly colour: string | null;
              readonly price: number | null;
              readonly currency: string | null;
              readonly image: string;
            };
          }>;
        };
      }>;
    };
  } | null;
  readonly trending: ReadonlyArray<{
    readonly rank: number;
    readonly buyersLastWeek: number;
    readonly article: {
      readonly id: string;
      readonly name: string | null;
      readonly category: ReadonlyArray<string>;
      readonly brand: string | null;
      readonly colour: string | null;
      readonly price: number | null;
      readonly currency: string | null;
      readonly image: string;
    };
  }>;
};

export type CustomerChoiceQueryVariables = Exact<{
  first?: number;
}>;

export type CustomerChoiceQuery = {
  readonly activeCustomers: ReadonlyArray<{
    readonly id: string;
    readonly age: number | null;
    readonly purchases: {
      readonly nodes: ReadonlyArray<{ readonly article: { readonly category: ReadonlyArray<string> } }>;
    };
  }>;
};

export type CustomerByIdQueryVariables = Exact<{
  customerId: string;
}>;

export type CustomerByIdQuery = { readonly customer: { readonly id: string; readonly age: number | null } | null };

export type RecordPurchasesMutationVariables = Exact<{
  input: RecordPurchasesInput;
}>;

export type RecordPurchasesMutation = {
  readonly recordPurchases: {
    readonly repeated: boolean;
    readonly customer: { readonly id: string };
    readonly purchases: ReadonlyArray<{
      readonly boughtAt: string;
      readonly quantity: number;
      readonly price: number | null;
      readonly article: { readonly id: string; readonly name: string | null };
    }>;
  };
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
      readonly category: ReadonlyArray<string>;
      readonly brand: string | null;
      readonly colour: string | null;
      readonly price: number | null;
      readonly currency: string | null;
      readonly image: string;
    }>;
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
};

export type ApiKeysQueryVariables = Exact<{ [key: string]: never }>;

export type ApiKeysQuery = {
  readonly apiKeys: ReadonlyArray<{
    readonly id: string;
    readonly name: string;
    readonly kind: ApiKeyKind;
    readonly scopes: ReadonlyArray<string>;
    readonly createdAt: string;
    readonly expiresAt: string | null;
    readonly revokedAt: string | null;
    readonly lastUsedAt: string | null;
  }> | null;
};

export type MakeApiKeyMutationVariables = Exact<{
  input: MakeApiKeyInput;
}>;

export type MakeApiKeyMutation = {
  readonly makeApiKey: {
    readonly text: string;
    readonly key: {
      readonly id: string;
      readonly name: string;
      readonly kind: ApiKeyKind;
      readonly scopes: ReadonlyArray<string>;
      readonly createdAt: string;
      readonly expiresAt: string | null;
      readonly revokedAt: string | null;
      readonly lastUsedAt: string | null;
    };
  } | null;
};

export type RevokeApiKeysMutationVariables = Exact<{
  ids: ReadonlyArray<string> | string;
}>;

export type RevokeApiKeysMutation = {
  readonly revokeApiKeys: ReadonlyArray<{
    readonly index: number;
    readonly key: {
      readonly id: string;
      readonly name: string;
      readonly kind: ApiKeyKind;
      readonly scopes: ReadonlyArray<string>;
      readonly createdAt: string;
      readonly expiresAt: string | null;
      readonly revokedAt: string | null;
      readonly lastUsedAt: string | null;
    } | null;
    readonly error: { readonly code: string; readonly message: string } | null;
  }> | null;
};

export type ExpireApiKeysMutationVariables = Exact<{
  ids: ReadonlyArray<string> | string;
  at: string;
}>;

export type ExpireApiKeysMutation = {
  readonly expireApiKeys: ReadonlyArray<{
    readonly index: number;
    readonly key: {
      readonly id: string;
      readonly name: string;
      readonly kind: ApiKeyKind;
      readonly scopes: ReadonlyArray<string>;
      readonly createdAt: string;
      readonly expiresAt: string | null;
      readonly revokedAt: string | null;
      readonly lastUsedAt: string | null;
    } | null;
    readonly error: { readonly code: string; readonly message: string } | null;
  }> | null;
};

export type AuditEntriesQueryVariables = Exact<{
  first?: number;
  after?: string | null | undefined;
}>;

export type AuditEntriesQuery = {
  readonly auditEntries: {
    readonly nodes: ReadonlyArray<{
      readonly at: string;
      readonly actor: string;
      readonly action: string;
      readonly subject: string;
      readonly before: string | null;
      readonly after: string | null;
    }>;
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  } | null;
};

export type KeyFragment = {
  readonly id: string;
  readonly name: string;
  readonly kind: ApiKeyKind;
  readonly scopes: ReadonlyArray<string>;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly lastUsedAt: string | null;
};

export type ArticleCardFragment = {
  readonly id: string;
  readonly name: string | null;
  readonly category: ReadonlyArray<string>;
  readonly brand: string | null;
  readonly colour: string | null;
  readonly price: number | null;
  readonly currency: string | null;
  readonly image: string;
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
export const KeyFragmentDoc = new TypedDocumentString(
  `
    fragment Key on ApiKey {
  id
  name
  kind
  scopes
  createdAt
  expiresAt
  revokedAt
  lastUsedAt
}
    `,
  { fragmentName: 'Key' },
) as unknown as TypedDocumentString<KeyFragment, unknown>;
export const ArticleCardFragmentDoc = new TypedDocumentString(
  `
    fragment ArticleCard on Article {
  id
  name
  category
  brand
  colour
  price
  currency
  image
}
    `,
  { fragmentName: 'ArticleCard' },
) as unknown as TypedDocumentString<ArticleCardFragment, unknown>;
export const RecommendationsDocument = new TypedDocumentString(`
    query Recommendations($customerId: ID, $first: Int! = 12) {
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
  category
  brand
  colour
  price
  currency
  image
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
  category
  brand
  colour
  price
  currency
  image
}`) as unknown as TypedDocumentString<SimilarArticlesQuery, SimilarArticlesQueryVariables>;
export const CustomerWithRecommendationsDocument = new TypedDocumentString(`
    query CustomerWithRecommendations($customerId: ID!, $first: Int! = 12) {
  customer(id: $customerId) {
    id
    age
    attributes {
      name
      values
      number
      flag
      text
    }
    purchases(first: 5) {
      nodes {
        boughtAt
        quantity
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
  category
  brand
  colour
  price
  currency
  image
}`) as unknown as TypedDocumentString<CustomerWithRecommendationsQuery, CustomerWithRecommendationsQueryVariables>;
export const CustomersPageDocument = new TypedDocumentString(`
    query CustomersPage($first: Int! = 20, $after: String) {
  customers(first: $first, after: $after) {
    nodes {
      id
      age
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
        quantity
        price
        state
        orderId
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
  category
  brand
  colour
  price
  currency
  image
}`) as unknown as TypedDocumentString<CustomerPurchasesQuery, CustomerPurchasesQueryVariables>;
export const ArticlePageDocument = new TypedDocumentString(`
    query ArticlePage($articleId: ID!, $first: Int! = 12) {
  article(id: $articleId) {
    ...ArticleCard
    productId
    description
    listPrice
    availability
    url
    attributes {
      name
      values
      number
      flag
      text
    }
    variants(first: 12) {
      id
      name
      colour
      image
    }
    similar(first: $first) {
      rank
      score
      article {
        ...ArticleCard
      }
    }
    boughtWith: similar(first: 6, coPurchase: 0.9, perProduct: 1) {
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
  category
  brand
  colour
  price
  currency
  image
}`) as unknown as TypedDocumentString<ArticlePageQuery, ArticlePageQueryVariables>;
export const SearchDocument = new TypedDocumentString(`
    query Search($text: String!, $first: Int! = 24) {
  searchArticles(text: $text, first: $first) {
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
  category
  brand
  colour
  price
  currency
  image
}`) as unknown as TypedDocumentString<SearchQuery, SearchQueryVariables>;
export const ProposalsDocument = new TypedDocumentString(`
    query Proposals($first: Int! = 60) {
  trending(first: $first) {
    article {
      id
      category
      colour
    }
  }
}
    `) as unknown as TypedDocumentString<ProposalsQuery, ProposalsQueryVariables>;
export const HomePageDocument = new TypedDocumentString(`
    query HomePage($customerId: ID!, $first: Int! = 12) {
  recommendations(customerId: $customerId, first: $first, excludePurchased: true) {
    rank
    score
    source
    sources
    neverSold
    coldStart
    because {
      id
      name
    }
    article {
      ...ArticleCard
    }
  }
  again: recommendations(customerId: $customerId, first: 24) {
    rank
    score
    source
    article {
      ...ArticleCard
    }
  }
  customer(id: $customerId) {
    id
    age
    purchases(first: 2) {
      nodes {
        boughtAt
        article {
          ...ArticleCard
          similar(first: 12, coPurchase: 0.7, perProduct: 1) {
            rank
            score
            article {
              ...ArticleCard
            }
          }
        }
      }
    }
  }
  trending(first: 12) {
    rank
    buyersLastWeek
    article {
      ...ArticleCard
    }
  }
}
    fragment ArticleCard on Article {
  id
  name
  category
  brand
  colour
  price
  currency
  image
}`) as unknown as TypedDocumentString<HomePageQuery, HomePageQueryVariables>;
export const CustomerChoiceDocument = new TypedDocumentString(`
    query CustomerChoice($first: Int! = 40) {
  activeCustomers(first: $first) {
    id
    age
    purchases(first: 12) {
      nodes {
        article {
          category
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<CustomerChoiceQuery, CustomerChoiceQueryVariables>;
export const CustomerByIdDocument = new TypedDocumentString(`
    query CustomerById($customerId: ID!) {
  customer(id: $customerId) {
    id
    age
  }
}
    `) as unknown as TypedDocumentString<CustomerByIdQuery, CustomerByIdQueryVariables>;
export const RecordPurchasesDocument = new TypedDocumentString(`
    mutation RecordPurchases($input: RecordPurchasesInput!) {
  recordPurchases(input: $input) {
    repeated
    customer {
      id
    }
    purchases {
      boughtAt
      quantity
      price
      article {
        id
        name
      }
    }
  }
}
    `) as unknown as TypedDocumentString<RecordPurchasesMutation, RecordPurchasesMutationVariables>;
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
  category
  brand
  colour
  price
  currency
  image
}`) as unknown as TypedDocumentString<ArticlesPageQuery, ArticlesPageQueryVariables>;
export const ApiKeysDocument = new TypedDocumentString(`
    query ApiKeys {
  apiKeys {
    ...Key
  }
}
    fragment Key on ApiKey {
  id
  name
  kind
  scopes
  createdAt
  expiresAt
  revokedAt
  lastUsedAt
}`) as unknown as TypedDocumentString<ApiKeysQuery, ApiKeysQueryVariables>;
export const MakeApiKeyDocument = new TypedDocumentString(`
    mutation MakeApiKey($input: MakeApiKeyInput!) {
  makeApiKey(input: $input) {
    text
    key {
      ...Key
    }
  }
}
    fragment Key on ApiKey {
  id
  name
  kind
  scopes
  createdAt
  expiresAt
  revokedAt
  lastUsedAt
}`) as unknown as TypedDocumentString<MakeApiKeyMutation, MakeApiKeyMutationVariables>;
export const RevokeApiKeysDocument = new TypedDocumentString(`
    mutation RevokeApiKeys($ids: [ID!]!) {
  revokeApiKeys(ids: $ids) {
    index
    key {
      ...Key
    }
    error {
      code
      message
    }
  }
}
    fragment Key on ApiKey {
  id
  name
  kind
  scopes
  createdAt
  expiresAt
  revokedAt
  lastUsedAt
}`) as unknown as TypedDocumentString<RevokeApiKeysMutation, RevokeApiKeysMutationVariables>;
export const ExpireApiKeysDocument = new TypedDocumentString(`
    mutation ExpireApiKeys($ids: [ID!]!, $at: DateTime!) {
  expireApiKeys(ids: $ids, at: $at) {
    index
    key {
      ...Key
    }
    error {
      code
      message
    }
  }
}
    fragment Key on ApiKey {
  id
  name
  kind
  scopes
  createdAt
  expiresAt
  revokedAt
  lastUsedAt
}`) as unknown as TypedDocumentString<ExpireApiKeysMutation, ExpireApiKeysMutationVariables>;
export const AuditEntriesDocument = new TypedDocumentString(`
    query AuditEntries($first: Int! = 20, $after: String) {
  auditEntries(first: $first, after: $after) {
    nodes {
      at
      actor
      action
      subject
      before
      after
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<AuditEntriesQuery, AuditEntriesQueryVariables>;

export interface GraphQLFault {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: { readonly code?: string };
}

/** The answer carried errors. `data` holds what came nevertheless. */
export class RequestError extends Error {
  readonly status: number;
  readonly errors: readonly GraphQLFault[];
  readonly data: unknown;

  constructor(status: number, errors: readonly GraphQLFault[], data: unknown) {
    super(errors.map((error) => error.message).join('; ') || `HTTP status ${status}`);
    this.name = 'RequestError';
    this.status = status;
    this.errors = errors;
    this.data = data;
  }

  /** The stable code of the first error, such as INPUT_INVALID. */
  get code(): string | undefined {
    return this.errors[0]?.extensions?.code;
  }
}

export interface RequestOptions extends Omit<RequestInit, 'method' | 'body'> {
  /** Hears what the answer carries besides data and errors, such as `trace` where the header `vitrine-trace: 1` asks for it. */
  readonly onExtensions?: (extensions: Readonly<Record<string, unknown>>) => void;
}

/**
 * Sends a document of this file to a server and returns its data.
 * @throws RequestError when the answer carries errors, and what fetch throws when there is none.
 */
export async function request<Result, Variables>(
  url: string | URL,
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  { onExtensions, ...init }: RequestOptions = {},
): Promise<Result> {
  const headers = new Headers(init.headers);
  headers.set('content-type', 'application/json');
  headers.set('accept', 'application/json');
  const body = JSON.stringify({ query: document.toString(), variables });
  const response = await fetch(url, { ...init, method: 'POST', headers, body });
  const text = await response.text();
  const answer = parseAnswer<Result>(text);
  if (answer?.extensions) onExtensions?.(answer.extensions);
  if (!answer || answer.errors || answer.data == null) {
    throw new RequestError(response.status, answer?.errors ?? [], answer?.data);
  }
  return answer.data;
}

interface Answer<Result> {
  readonly data?: Result | null;
  readonly errors?: readonly GraphQLFault[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}

function parseAnswer<Result>(text: string): Answer<Result> | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
