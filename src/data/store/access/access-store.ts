// What the store keeps for src/access: keys, the audit of changes, and shared budgets.

import { type Prisma } from '../prisma/client';
import type { Statements } from '../sql/statements';
import { storeBudgets, type BudgetStore } from './budgets';

/** A key without its hash. */
export interface KeyRow {
  readonly id: string;
  readonly name: string;
  readonly kind: 'secret' | 'publishable';
  readonly scopes: readonly string[];
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  /** To the minute. */
  readonly lastUsedAt: Date | null;
}

export interface KeyWithHash extends KeyRow {
  /** SHA-256 of the secret part. */
  readonly hash: Uint8Array;
}

export interface AuditRow {
  readonly id: number;
  readonly at: Date;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly before: unknown;
  readonly after: unknown;
}

/**
 * A change to be written down; `null` stands for what was not there before, or is not any longer.
 */
export type Change = Omit<AuditRow, 'id' | 'at'>;

export interface AccessStore extends BudgetStore {
  /** Returns a key for each id; null if there is none. */
  keysById(ids: readonly string[]): Promise<(KeyWithHash | null)[]>;
  /** All keys, the newest first, with those that no longer hold. */
  keys(): Promise<KeyRow[]>;
  /** Whether there was ever a key. */
  hasKeys(): Promise<boolean>;
  addKey(key: Omit<KeyWithHash, 'createdAt' | 'revokedAt' | 'lastUsedAt'>, actor: string): Promise<KeyRow>;
  /**
   * Revokes keys from now on, or lets them expire at a time. Returns each key as it is then; null
   * for ids without a key.
   */
  endKeys(ids: readonly string[], end: 'now' | Date, actor: string): Promise<(KeyRow | null)[]>;
  /** Notes that keys were used just now. */
  touchKeys(ids: readonly string[]): Promise<void>;
  /** Changes, the newest first, from before the entry `before`. */
  auditEntries(first: number, before?: number): Promise<AuditRow[]>;
}

const WITHOUT_HASH = {
  id: true,
  name: true,
  kind: true,
  scopes: true,
  createdAt: true,
  expiresAt: true,
  revokedAt: true,
  lastUsedAt: true,
} as const;

export function accessStore(statements: Pick<Statements, 'prisma' | 'connections'>): AccessStore {
  return { ...storeBudgets(statements), ...storeKeys(statements), ...storeAudit(statements) };
}

type KeyStore = Omit<AccessStore, keyof BudgetStore | 'auditEntries'>;

function storeKeys({ prisma, connections }: Pick<Statements, 'prisma' | 'connections'>): KeyStore {
  return {
    async keysById(ids) {
      const rows = await connections.short(() => prisma.apiKey.findMany({ where: { id: { in: [...ids] } } }));
      const byId = new Map(rows.map((row) => [row.id, row]));
      return ids.map((id) => byId.get(id) ?? null);
    },

    keys: () =>
      connections.short(() => prisma.apiKey.findMany({ select: WITHOUT_HASH, orderBy: { createdAt: 'desc' } })),

    async hasKeys() {
      return (await connections.short(() => prisma.apiKey.findFirst({ select: { id: true } }))) !== null;
    },

    addKey: ({ scopes, hash, ...key }, actor) =>
      connections.short(async () => {
        const data = { ...key, scopes: [...scopes], hash: Uint8Array.from(hash) };
        const [made] = await prisma.$transaction([
          prisma.apiKey.create({ data, select: WITHOUT_HASH }),
          prisma.auditEntry.create({
            data: { actor, action: 'key.make', subject: key.id, after: shown({ ...key, scopes: [...scopes] }) },
          }),
        ]);
        return made;
      }),

    endKeys: (ids, end, actor) =>
      connections.short(async () => {
        const column = end === 'now' ? 'revokedAt' : 'expiresAt';
        const at = end === 'now' ? new Date() : end;
        return prisma.$transaction(async (tx) => {
          const before = await tx.apiKey.findMany({ where: { id: { in: [...ids] } }, select: WITHOUT_HASH });
          const ending = before.filter((key) => key.revokedAt === null);
          await tx.apiKey.updateMany({ where: { id: { in: ending.map(({ id }) => id) } }, data: { [column]: at } });
          await tx.auditEntry.createMany({
            data: ending.map((key) => ({
              actor,
              action: end === 'now' ? 'key.revoke' : 'key.expire',
              subject: key.id,
              before: shown({ [column]: key[column] }),
              after: shown({ [column]: at }),
            })),
          });
          const after = await tx.apiKey.findMany({ where: { id: { in: [...ids] } }, select: WITHOUT_HASH });
          const byId = new Map(after.map((key) => [key.id, key]));
          return ids.map((id) => byId.get(id) ?? null);
        });
      }),

    async touchKeys(ids) {
      await connections.short(() =>
        prisma.apiKey.updateMany({ where: { id: { in: [...ids] } }, data: { lastUsedAt: new Date() } }),
      );
    },
  };
}

function storeAudit({
  prisma,
  connections,
}: Pick<Statements, 'prisma' | 'connections'>): Pick<AccessStore, 'auditEntries'> {
  return {
    async auditEntries(first, before) {
      const rows = await connections.short(() =>
        prisma.auditEntry.findMany({
          ...(before === undefined ? {} : { where: { id: { lt: before } } }),
          orderBy: { id: 'desc' },
          take: first,
        }),
      );
      return rows.map((row) => ({ ...row, id: Number(row.id) }));
    },
  };
}

/** A value as JSON has it. */
function shown(value: unknown): Prisma.InputJsonValue {
  return JSON.parse(JSON.stringify(value)) as Prisma.InputJsonValue;
}
