// Keys of programs through the API, and the audit of changes, for admins. `vitrine keys` does the
// same on the command line.

import { GraphQLDateTime } from 'graphql-scalars';
import { Arg, Args, Ctx, Field, ID, InputType, Int, Mutation, ObjectType, Query, registerEnumType } from 'type-graphql';
import { Resolver } from 'type-graphql';
import type { MadeKey } from '../../access/keys';
import { SCOPES } from '../../access/scopes';
import type { AuditRow, KeyRow } from '../../data/store/access/access-store';
import { VitrineError } from '../../errors';
import { connectionOf, PageArgs, toConnection, type Connection } from './paging/connection';
import type { Context } from './context';
import { cursorKind, MOST } from './paging/cursor';
import { ItemError } from './item-error';
import { listCost, WORK } from './operation/cost';
import { checkFirst, checkId, LIMITS } from '../limits';

const KeyKind = { SECRET: 'secret', PUBLISHABLE: 'publishable' } as const;
registerEnumType(KeyKind, {
  name: 'ApiKeyKind',
  description: 'Where a key may be kept.',
  valuesConfig: {
    SECRET: { description: 'By programs of the shop only.' },
    PUBLISHABLE: { description: 'In pages in browsers: it reads customers only with their own tokens.' },
  },
});

@ObjectType('ApiKey', { simpleResolvers: true, description: 'A key of a program, without its secret part.' })
export class ApiKey {
  @Field((_type) => ID, { description: 'Stands in the key itself, and is no secret.' })
  id!: string;

  @Field((_type) => String, { description: 'Which program has it.' })
  name!: string;

  @Field((_type) => KeyKind, { description: 'Where it may be kept.' })
  kind!: KeyRow['kind'];

  @Field((_type) => [String], { description: `What it allows: some of ${SCOPES.join(', ')}.` })
  scopes!: readonly string[];

  @Field((_type) => GraphQLDateTime, { description: 'When it was made.' })
  createdAt!: Date;

  @Field((_type) => GraphQLDateTime, { nullable: true, description: 'Until when it holds; null for no end.' })
  expiresAt!: Date | null;

  @Field((_type) => GraphQLDateTime, { nullable: true, description: 'Since when it is revoked; null if it is not.' })
  revokedAt!: Date | null;

  @Field((_type) => GraphQLDateTime, { nullable: true, description: 'Its last use, to the minute; null before one.' })
  lastUsedAt!: Date | null;
}

@InputType({ description: 'A key to be made.' })
export class MakeApiKeyInput {
  @Field((_type) => String, { description: 'Which program will have it, 1 to 100 characters.' })
  name!: string;

  @Field((_type) => KeyKind, { defaultValue: KeyKind.SECRET, description: 'Where it will be kept.' })
  kind!: KeyRow['kind'];

  @Field((_type) => [String], { description: `What it allows: some of ${SCOPES.join(', ')}.` })
  scopes!: string[];

  @Field((_type) => GraphQLDateTime, { nullable: true, description: 'Until when it holds. Null: until it is revoked.' })
  expiresAt?: Date | null;
}

@ObjectType({ simpleResolvers: true, description: 'A new key.' })
export class MadeApiKey {
  @Field((_type) => ApiKey, { description: 'The key without its secret part.' })
  key!: KeyRow;

  @Field((_type) => String, {
    description: 'What the program sends as `Authorization: Bearer …`. It is shown only now.',
  })
  text!: string;
}

@ObjectType({ simpleResolvers: true, description: 'What became of one of several keys.' })
export class ApiKeyResult {
  @Field((_type) => Int, { description: 'Its place in the input, from 0.' })
  index!: number;

  @Field((_type) => ID, { description: 'The id in the input.' })
  id!: string;

  @Field((_type) => ApiKey, { nullable: true, description: 'The key as it is now; null with an error.' })
  key!: KeyRow | null;

  @Field((_type) => ItemError, { nullable: true, description: 'Why nothing was done; null if it was.' })
  error!: ItemError | null;
}

@ObjectType({ simpleResolvers: true, description: 'A change that somebody made.' })
export class AuditEntry {
  @Field((_type) => ID, { description: 'Later entries have larger ids.' })
  id!: number;

  @Field((_type) => GraphQLDateTime, { description: 'When.' })
  at!: Date;

  @Field((_type) => String, { description: 'Who: the id of a key, “command line”, or “anyone” of an open server.' })
  actor!: string;

  @Field((_type) => String, { description: 'What was done, such as “key.revoke”.' })
  action!: string;

  @Field((_type) => String, { description: 'The id of what was changed.' })
  subject!: string;

  @Field((_type) => String, { nullable: true, description: 'What it was before, as JSON; null if it was not there.' })
  before!: string | null;

  @Field((_type) => String, { nullable: true, description: 'What it is since, as JSON; null if it is gone.' })
  after!: string | null;
}

type Shown = Pick<AuditEntry, keyof AuditEntry>;
type Result = Pick<ApiKeyResult, keyof ApiKeyResult>;

const AuditConnection = connectionOf(AuditEntry, 'changes');
const auditCursors = cursorKind('changes', [MOST.key]);
const IDS = `Ids of keys, 1 to ${LIMITS.first}.`;

@Resolver()
export class ApiKeyResolver {
  @Query((_returns) => [ApiKey], {
    nullable: true,
    description: 'All keys, the newest first, with those that no longer hold.',
    complexity: WORK.statement,
  })
  apiKeys(@Ctx() { keys }: Context): Promise<KeyRow[]> {
    return keys.list();
  }

  @Query((_returns) => AuditConnection, {
    nullable: true,
    description: 'Who changed what, the newest first.',
    complexity: listCost(WORK.statement),
  })
  async auditEntries(@Args() { first, after }: PageArgs, @Ctx() context: Context): Promise<Connection<Shown>> {
    const [before] = after ? auditCursors.decode(after) : [];
    const rows = await context.audit(checkFirst(first) + 1, before);
    const page = { rows: rows.slice(0, first).map(toEntry), hasNext: rows.length > first };
    return toConnection(page, after, (row) => auditCursors.encode(row.id));
  }

  @Mutation((_returns) => MadeApiKey, {
    nullable: true,
    description: 'Makes a key. It holds from the next request on.',
    complexity: WORK.order,
  })
  makeApiKey(
    @Arg('input', (_type) => MakeApiKeyInput, { description: 'The key.' }) input: MakeApiKeyInput,
    @Ctx() { keys, principal }: Context,
  ): Promise<MadeKey> {
    const { name, kind, scopes, expiresAt = null } = input;
    if (name !== '') checkId('name', name);
    return keys.make({ name, kind, scopes, expiresAt }, actorOf(principal));
  }

  @Mutation((_returns) => [ApiKeyResult], {
    nullable: true,
    description: 'Revokes keys: no process of the server takes them a second from now.',
    complexity: WORK.order,
  })
  async revokeApiKeys(
    @Arg('ids', (_type) => [ID], { description: IDS }) ids: string[],
    @Ctx() { keys, principal }: Context,
  ): Promise<Result[]> {
    return toResults(ids, await keys.revoke(checkIds(ids), actorOf(principal)));
  }

  @Mutation((_returns) => [ApiKeyResult], {
    nullable: true,
    description: 'Lets keys expire at a time, so that programs can move to new ones before.',
    complexity: WORK.order,
  })
  async expireApiKeys(
    @Arg('ids', (_type) => [ID], { description: IDS }) ids: string[],
    @Arg('at', (_type) => GraphQLDateTime, { description: 'When.' }) at: Date,
    @Ctx() { keys, principal }: Context,
  ): Promise<Result[]> {
    return toResults(ids, await keys.expire(checkIds(ids), at, actorOf(principal)));
  }
}

/** Who made a change, for the audit. */
function actorOf({ keyId, name }: Context['principal']): string {
  return keyId ?? name;
}

function checkIds(ids: readonly string[]): readonly string[] {
  if (ids.length > 0 && ids.length <= LIMITS.first) return ids.map((id) => checkId('ids', id));
  throw new VitrineError('LIMIT_EXCEEDED', `ids: expected 1 to ${LIMITS.first}, got ${ids.length}`);
}

function toResults(ids: readonly string[], results: readonly (KeyRow | VitrineError)[]): Result[] {
  return results.map((result, index) =>
    result instanceof VitrineError
      ? { index, id: ids[index], key: null, error: { code: result.code, message: result.message, field: 'ids' } }
      : { index, id: ids[index], key: result, error: null },
  );
}

function toEntry({ before, after, ...row }: AuditRow): Shown {
  const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));
  return { ...row, before: json(before), after: json(after) };
}
