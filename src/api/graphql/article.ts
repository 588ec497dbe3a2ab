// Articles: the type, its queries, and the function that adds articles to ranked lists.

import { GraphQLDateTime } from 'graphql-scalars';
import {
  Arg,
  Args,
  Ctx,
  Field,
  FieldResolver,
  Float,
  ID,
  Int,
  ObjectType,
  Query,
  registerEnumType,
  Resolver,
  Root,
} from 'type-graphql';
import type { ArticleRow } from '../../data/store/store';
import { mayBeShown } from '../../ranking/filter';
import { Attribute, attributesCost, toAttribute, toAttributes, type AttributeValue } from './attribute';
import { connectionOf, PageArgs, toConnection, type Connection } from './paging/connection';
import type { Context } from './context';
import { cursorKind, MOST } from './paging/cursor';
import { listCost, WORK } from './operation/cost';
import { checkFirst, checkId, LIMITS } from '../limits';

enum Availability {
  IN_STOCK = 'in_stock',
  OUT_OF_STOCK = 'out_of_stock',
  PREORDER = 'preorder',
}

registerEnumType(Availability, {
  name: 'Availability',
  description: 'Whether an article can be bought.',
  valuesConfig: {
    IN_STOCK: { description: 'It can be bought now.' },
    OUT_OF_STOCK: { description: 'It cannot be bought now, and is in no list until it can.' },
    PREORDER: { description: 'It can be ordered before it is there.' },
  },
});

@ObjectType({
  simpleResolvers: true,
  description: 'Something the shop sells. Columns that only this shop has are in `attributes`.',
})
export class Article {
  @Field((_type) => ID, { description: "The shop's id of the article." })
  id!: string;

  @Field((_type) => String, { nullable: true, description: 'What to call it, “Strap top”.' })
  name!: string | null;

  @Field((_type) => String, { nullable: true, description: 'A sentence or more about it.' })
  description!: string | null;

  @Field((_type) => ID, {
    nullable: true,
    description: 'The product that this article is a variant of, mostly in a colour or size.',
  })
  productId!: string | null;

  @Field((_type) => [String], {
    description: 'The path of its category, widest first: ["Women", "Dresses"]. Empty if it has none.',
  })
  category!: string[];

  @Field((_type) => String, { nullable: true, description: 'Its brand.' })
  brand!: string | null;

  @Field((_type) => String, { nullable: true, description: 'Its colour in the words of the shop, “Dark Blue”.' })
  colour!: string | null;

  @Field((_type) => Float, { nullable: true, description: 'The price before a reduction, in `currency`.' })
  listPrice!: number | null;

  @Field((_type) => Availability, { description: 'Whether it can be bought.' })
  availability!: ArticleRow['availability'];

  @Field((_type) => Boolean, { description: 'Whether the shop hides it. Hidden articles are in no list.' })
  hidden!: boolean;

  @Field((_type) => String, { nullable: true, description: 'The address of its page in the shop.' })
  url!: string | null;

  @Field((_type) => GraphQLDateTime, { nullable: true, description: 'Since when the shop has it.' })
  publishedAt!: Date | null;
}

const ArticleConnection = connectionOf(Article, 'articles');
const articleCursors = cursorKind('articles', [MOST.key]);

@Resolver((_of) => Article)
export class ArticleResolver {
  @Query((_returns) => Article, { nullable: true, description: 'The article with this id; null when there is none.' })
  article(
    @Arg('id', (_type) => ID, { description: "The shop's id of the article." }) id: string,
    @Ctx() context: Context,
  ): Promise<ArticleRow | null> {
    return context.articles.byId.load(checkId('id', id));
  }

  @Query((_returns) => ArticleConnection, {
    description: 'All articles, oldest entry first.',
    complexity: listCost(WORK.statement),
  })
  async articles(@Args() { first, after }: PageArgs, @Ctx() context: Context): Promise<Connection<ArticleRow>> {
    const [afterKey] = after ? articleCursors.decode(after) : [];
    const page = await context.articles.page(checkFirst(first), afterKey);
    return toConnection(page, after, (row) => articleCursors.encode(row.key));
  }

  @FieldResolver((_returns) => Attribute, {
    nullable: true,
    description: "One of the shop's own columns; null if the article has no value in it.",
  })
  attribute(
    @Root() article: ArticleRow,
    @Arg('name', (_type) => String, { description: "The column's name in the shop's data." }) name: string,
  ): AttributeValue | null {
    return toAttribute(article, checkId('name', name));
  }

  @FieldResolver((_returns) => [Attribute], {
    description: "The shop's own columns in which the article has a value, sorted by name or in the order of `names`.",
    complexity: attributesCost,
  })
  attributes(
    @Root() article: ArticleRow,
    @Arg('names', (_type) => [String], { nullable: true, description: 'Only these columns. Null: all.' })
    names?: string[] | null,
  ): AttributeValue[] {
    return toAttributes(article, names);
  }

  @FieldResolver((_returns) => Float, {
    nullable: true,
    description:
      "The shop's price, in `currency`. Where the shop names none, the median of what was paid in the last four weeks; " +
      'null where it did not sell either.',
  })
  async price(@Root() { key, price }: ArticleRow, @Ctx() context: Context): Promise<number | null> {
    return price ?? (await context.articles.facts.load(key))?.price ?? null;
  }

  @FieldResolver((_returns) => String, {
    nullable: true,
    description: 'The currency of its prices, ISO 4217 (“EUR”); null where the shop names none.',
  })
  async currency(@Root() { key, currency }: ArticleRow, @Ctx() context: Context): Promise<string | null> {
    return currency ?? (await context.articles.facts.load(key))?.currency ?? null;
  }

  @FieldResolver((_returns) => [Article], {
    description: 'The other articles of the same product: its colours, mostly. Those that sell first.',
    complexity: listCost(WORK.similar),
  })
  async variants(
    @Root() article: ArticleRow,
    @Arg('first', (_type) => Int, { defaultValue: 12, description: `How many, 1 to ${LIMITS.first}.` }) first: number,
    @Ctx() context: Context,
  ): Promise<ArticleRow[]> {
    const most = checkFirst(first);
    const keys = (await context.articles.facts.load(article.key))?.variants ?? [];
    const rows = await Promise.all(keys.slice(0, most).map((key) => context.articles.byKey.load(key)));
    return rows.filter((row): row is ArticleRow => row !== null && mayBeShown(row));
  }

  @FieldResolver((_returns) => String, {
    description:
      "The address of its picture: the shop's, or on this server, “/images/0108775015”: a photo, or a drawing where " +
      'there is none.',
  })
  image(@Root() { id, image }: ArticleRow): string {
    return image !== null && /^https?:\/\//i.test(image) ? image : `/images/${encodeURIComponent(id)}`;
  }
}

interface Ranked {
  readonly articleKey: number;
  readonly rank: number;
}

/**
 * Adds the articles to a ranked list. One statement reads the articles of all lists of the query.
 * Articles that have been deleted or hidden are left out, and the ranks are renumbered without
 * gaps.
 */
export async function withArticles<Item extends Ranked>(
  ranking: readonly Item[],
  context: Context,
): Promise<(Item & { article: ArticleRow })[]> {
  const articles = await Promise.all(ranking.map((item) => context.articles.byKey.load(item.articleKey)));
  return ranking
    .flatMap((item, i) => {
      const article = articles[i];
      return article && mayBeShown(article) ? [{ ...item, article }] : [];
    })
    .map((item, i) => ({ ...item, rank: i + 1 }));
}
