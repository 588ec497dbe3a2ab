// Articles: the type with H&M's columns, its queries, and the function that adds articles to ranked
// lists.

import { Arg, Args, Ctx, Field, FieldResolver, Float, ID, Int, ObjectType, Query, Resolver, Root } from 'type-graphql';
import type { ArticleRow } from '../../data/store/store';
import { Attribute, toAttributes, TYPICAL_ATTRIBUTES, type AttributeValue } from './attribute';
import { connectionOf, PageArgs, toConnection, type Connection } from './connection';
import type { Context } from './context';
import { cursorKind, MOST } from './cursor';
import { listCost, WORK } from './operation/cost';
import { checkFirst, checkId, LIMITS } from '../limits';

type ArticleColumns = Omit<ArticleRow, 'key' | 'attributes' | 'updatedAt'>;

@ObjectType({
  simpleResolvers: true,
  description:
    'Something the shop sells. The typed fields are the columns of the H&M data; shops with other columns find theirs ' +
    'in `attributes`, and null here.',
})
export class Article implements ArticleColumns {
  @Field((_type) => ID, { description: "The shop's id of the article. H&M: `article_id`." })
  id!: string;

  @Field((_type) => String, {
    nullable: true,
    description: 'The product that this article is a variant (mostly a colour) of. H&M: `product_code`.',
  })
  productCode!: string | null;

  @Field((_type) => String, { nullable: true, description: 'What to call it, “Strap top”. H&M: `prod_name`.' })
  name!: string | null;

  @Field((_type) => Int, { nullable: true, description: 'Number of the product type. H&M: `product_type_no`.' })
  productTypeNo!: number | null;

  @Field((_type) => String, { nullable: true, description: 'Kind of product, “Vest top”. H&M: `product_type_name`.' })
  productTypeName!: string | null;

  @Field((_type) => String, {
    nullable: true,
    description: 'Group of product types, “Garment Upper body”. H&M: `product_group_name`.',
  })
  productGroupName!: string | null;

  @Field((_type) => Int, { nullable: true, description: 'Number of the pattern. H&M: `graphical_appearance_no`.' })
  graphicalAppearanceNo!: number | null;

  @Field((_type) => String, {
    nullable: true,
    description: 'The pattern, “Solid”, “Stripe”. H&M: `graphical_appearance_name`.',
  })
  graphicalAppearanceName!: string | null;

  @Field((_type) => Int, { nullable: true, description: 'Number of the colour. H&M: `colour_group_code`.' })
  colourGroupCode!: number | null;

  @Field((_type) => String, {
    nullable: true,
    description: 'The colour, “Dark Blue”: the one to show. H&M: `colour_group_name`.',
  })
  colourGroupName!: string | null;

  @Field((_type) => Int, { nullable: true, description: 'Number of the shade. H&M: `perceived_colour_value_id`.' })
  perceivedColourValueId!: number | null;

  @Field((_type) => String, {
    nullable: true,
    description: 'How light it looks, “Dusty Light”. H&M: `perceived_colour_value_name`.',
  })
  perceivedColourValueName!: string | null;

  @Field((_type) => Int, { nullable: true, description: 'Number of the hue. H&M: `perceived_colour_master_id`.' })
  perceivedColourMasterId!: number | null;

  @Field((_type) => String, {
    nullable: true,
    description: "The hue without its shade, “Blue”: a colour filter's value. H&M: `perceived_colour_master_name`.",
  })
  perceivedColourMasterName!: string | null;

  @Field((_type) => Int, { nullable: true, description: 'Number of the department. H&M: `department_no`.' })
  departmentNo!: number | null;

  @Field((_type) => String, { nullable: true, description: 'The department, “Jersey Basic”. H&M: `department_name`.' })
  departmentName!: string | null;

  @Field((_type) => String, { nullable: true, description: 'Letter of the range. H&M: `index_code`.' })
  indexCode!: string | null;

  @Field((_type) => String, {
    nullable: true,
    description: 'The range, “Ladieswear”, “Children Sizes 92-140”. H&M: `index_name`.',
  })
  indexName!: string | null;

  @Field((_type) => Int, { nullable: true, description: 'Number of the group of ranges. H&M: `index_group_no`.' })
  indexGroupNo!: number | null;

  @Field((_type) => String, {
    nullable: true,
    description: "The group of ranges, “Ladieswear”, “Baby/Children”: a shop's main menu. H&M: `index_group_name`.",
  })
  indexGroupName!: string | null;

  @Field((_type) => Int, { nullable: true, description: 'Number of the section. H&M: `section_no`.' })
  sectionNo!: number | null;

  @Field((_type) => String, {
    nullable: true,
    description: 'The section, “Womens Everyday Basics”. H&M: `section_name`.',
  })
  sectionName!: string | null;

  @Field((_type) => Int, { nullable: true, description: 'Number of the garment group. H&M: `garment_group_no`.' })
  garmentGroupNo!: number | null;

  @Field((_type) => String, {
    nullable: true,
    description: 'The garment group, “Jersey Basic”. H&M: `garment_group_name`.',
  })
  garmentGroupName!: string | null;

  @Field((_type) => String, { nullable: true, description: 'A sentence or two about it. H&M: `detail_desc`.' })
  description!: string | null;
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

  @FieldResolver((_returns) => [Attribute], {
    description: "The shop's columns that the typed fields do not cover, sorted by name.",
    complexity: ({ childComplexity }) => 1 + TYPICAL_ATTRIBUTES * childComplexity,
  })
  attributes(@Root() article: ArticleRow): AttributeValue[] {
    return toAttributes(article.attributes);
  }

  @FieldResolver((_returns) => Float, {
    nullable: true,
    description:
      "What was paid for it in the last four weeks on average, in the unit of the shop's data; null where it did not sell.",
  })
  async price(@Root() article: ArticleRow, @Ctx() context: Context): Promise<number | null> {
    return (await context.articles.facts.load(article.key))?.price ?? null;
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
    return rows.filter((row) => row !== null);
  }

  @FieldResolver((_returns) => String, {
    description:
      'Where its picture is on this server, “/images/0108775015”: a photo, or a drawing where there is none.',
  })
  image(@Root() article: ArticleRow): string {
    return `/images/${encodeURIComponent(article.id)}`;
  }
}

interface Ranked {
  readonly articleKey: number;
  readonly rank: number;
}

/**
 * Adds the articles to a ranked list. One statement reads the articles of all lists of the query.
 * Articles that have been deleted are left out, and the ranks are renumbered without gaps.
 */
export async function withArticles<Item extends Ranked>(
  ranking: readonly Item[],
  context: Context,
): Promise<(Item & { article: ArticleRow })[]> {
  const articles = await Promise.all(ranking.map((item) => context.articles.byKey.load(item.articleKey)));
  return ranking
    .flatMap((item, i) => (articles[i] ? [{ ...item, article: articles[i] }] : []))
    .map((item, i) => ({ ...item, rank: i + 1 }));
}
