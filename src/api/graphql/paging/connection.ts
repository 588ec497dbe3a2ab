// Pages of a list by the Relay convention (https://relay.dev/graphql/connections.htm), forwards
// only. In addition to `edges` there is `nodes`, for clients that need no cursors.

import { ArgsType, Field, Int, ObjectType, type ClassType } from 'type-graphql';
import { LIMITS } from '../../limits';

@ObjectType({ simpleResolvers: true, description: 'Where a page lies in its list.' })
export class PageInfo {
  @Field((_type) => Boolean, { description: 'Whether more follow: ask again with `after: endCursor`.' })
  hasNextPage!: boolean;

  @Field((_type) => Boolean, { description: 'Whether some come before, which is when `after` was given.' })
  hasPreviousPage!: boolean;

  @Field((_type) => String, { nullable: true, description: 'Cursor of the first item here; null on an empty page.' })
  startCursor!: string | null;

  @Field((_type) => String, { nullable: true, description: 'Cursor of the last item here; null on an empty page.' })
  endCursor!: string | null;
}

@ArgsType()
export class PageArgs {
  @Field((_type) => Int, { defaultValue: 20, description: `How many, 1 to ${LIMITS.first}.` })
  first!: number;

  @Field((_type) => String, { nullable: true, description: 'A cursor of this list: what comes after it.' })
  after?: string | null;
}

export interface Edge<Node> {
  readonly cursor: string;
  readonly node: Node;
}

export interface Connection<Node> {
  readonly edges: Edge<Node>[];
  readonly nodes: Node[];
  readonly pageInfo: Pick<PageInfo, keyof PageInfo>;
}

/** Declares the GraphQL types NameEdge and NameConnection. Returns the class of the connection. */
export function connectionOf<Node extends object>(node: ClassType<Node>, plural: string): ClassType {
  const name = node.name;

  @ObjectType(`${name}Edge`, { simpleResolvers: true, description: `One of ${plural} with its place in the list.` })
  class NodeEdge {
    @Field((_type) => String, { description: 'Hand it to `after` to go on from here.' })
    cursor!: string;

    @Field((_type) => node, { description: 'The item.' })
    node!: object;
  }

  @ObjectType(`${name}Connection`, { simpleResolvers: true, description: `A page of ${plural}.` })
  class NodeConnection {
    @Field((_type) => [NodeEdge], { description: 'The page, each item with its cursor.' })
    edges!: NodeEdge[];

    @Field((_type) => [node], { description: 'The page without cursors: what most need.' })
    nodes!: object[];

    @Field((_type) => PageInfo, { description: 'Where this page lies in the list.' })
    pageInfo!: PageInfo;
  }

  return NodeConnection;
}

/** Turns a page of rows into a connection. `after` is the cursor of the request, if it had one. */
export function toConnection<Row>(
  page: { readonly rows: readonly Row[]; readonly hasNext: boolean },
  after: string | null | undefined,
  cursorOf: (row: Row) => string,
): Connection<Row> {
  const edges = page.rows.map((node) => ({ cursor: cursorOf(node), node }));
  return {
    edges,
    nodes: edges.map((edge) => edge.node),
    pageInfo: {
      hasNextPage: page.hasNext,
      hasPreviousPage: after !== null && after !== undefined,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
