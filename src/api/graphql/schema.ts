// The schema with all nouns. Each noun's file declares its type, its queries and its fields on the
// nouns before it.

import 'reflect-metadata';
import type { GraphQLSchema } from 'graphql';
import { buildSchemaSync } from 'type-graphql';
import { ArticleResolver } from './article';
import { CustomerResolver } from './customer';
import { OrderResolver } from './order';
import { PurchaseResolver } from './purchase';
import { ReasonResolver, RecommendationResolver } from './recommendation';
import { SearchResolver } from './search';
import { SimilarResolver } from './similar';
import { TrendingResolver } from './trending';

/** The executable schema. Its resolvers expect a `Context`. */
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
    ],
    // limits.ts checks the arguments: its errors carry our codes.
    validate: false,
  });
}
