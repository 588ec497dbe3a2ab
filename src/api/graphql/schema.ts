// The complete GraphQL schema. Each type has a file, which declares the type, its queries and the
// fields that it adds to other types.

import 'reflect-metadata';
import type { GraphQLSchema } from 'graphql';
import { buildSchemaSync } from 'type-graphql';
import { ApiKeyResolver } from './api-key';
import { ArticleResolver } from './article';
import { CustomerResolver } from './customer';
import { FormerArticleFields, FormerCustomerFields } from './former-fields';
import { OrderResolver } from './order';
import { PurchaseResolver } from './purchase';
import { ReasonResolver, RecommendationResolver } from './recommendation';
import { SearchResolver } from './search';
import { SimilarResolver } from './similar';
import { TrendingResolver } from './trending';

/** Returns the executable schema. Its resolvers expect a `Context`. */
export function createSchema(): GraphQLSchema {
  return buildSchemaSync({
    resolvers: [
      ArticleResolver,
      SimilarResolver,
      SearchResolver,
      TrendingResolver,
      CustomerResolver,
      PurchaseResolver,
      RecommendationResolver,
      ReasonResolver,
      OrderResolver,
      ApiKeyResolver,
      FormerArticleFields,
      FormerCustomerFields,
    ],
    // limits.ts checks the arguments instead, so that errors have this project's codes.
    validate: false,
  });
}
