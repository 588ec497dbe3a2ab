// Budgets that processes share: token buckets, one row each, from which a process takes a lease.

import type { Statements } from '../sql/statements';

export interface LeaseRequest {
  /** Which budget. */
  readonly name: string;
  /** What the budget gains in a second, and at most holds. */
  readonly rate: number;
  /** The least that is of use. */
  readonly need: number;
}

export interface Lease {
  /** What may be spent; 0 if there was too little left. */
  readonly granted: number;
  /** What is left for other processes; below 0 after one large operation. */
  readonly left: number;
}

export interface BudgetStore {
  /**
   * Takes a lease: half of what there is, at most half a second's worth unless the need is larger.
   */
  lease(request: LeaseRequest): Promise<Lease>;
  /** Forgets budgets that nobody has used for a minute. They are full. */
  forgetBudgets(): Promise<void>;
}

export function storeBudgets({ prisma, connections }: Pick<Statements, 'prisma' | 'connections'>): BudgetStore {
  return {
    lease: ({ name, rate, need }) =>
      connections.short(async () => {
        // A budget that holds a second's worth may go below 0 for a single larger need; otherwise
        // nothing would ever pay for that.
        const [lease] = await prisma.$queryRaw<Lease[]>`
          INSERT INTO budgets AS b (name, "left", granted, at)
          SELECT ${name}, ${rate}::float8 - granted, granted, clock_timestamp()
          FROM (SELECT greatest(${need}::float8, ${rate}::float8 / 2) AS granted) AS first
          ON CONFLICT (name) DO UPDATE SET (granted, "left", at) = (
            SELECT granted, available - granted, clock_timestamp() FROM (
              SELECT available, CASE WHEN available >= least(${need}::float8, ${rate}::float8)
                THEN greatest(${need}::float8, available / 2) ELSE 0 END AS granted
              FROM (
                SELECT least(${rate}::float8, b."left" + ${rate}::float8
                  * greatest(0, extract(epoch FROM clock_timestamp() - b.at)::float8)) AS available
              ) AS before
            ) AS now
          )
          RETURNING granted, "left"`;
        return lease;
      }),
    async forgetBudgets() {
      await connections.short(
        () => prisma.$executeRaw`DELETE FROM budgets WHERE at < clock_timestamp() - interval '1 minute'`,
      );
    },
  };
}
