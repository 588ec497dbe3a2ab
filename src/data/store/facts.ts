// Results that the program keeps in the store: facts about the shop as a whole, and precomputed
// lists of customers.

import { Prisma } from './prisma/client';
import type { Statements } from './sql/statements';
import type { Store } from './store';

type FactStore = Pick<Store, 'fact' | 'setFact' | 'saveLists'>;

export function storeFacts({
  connections,
  prisma,
  execute,
}: Pick<Statements, 'connections' | 'prisma' | 'execute'>): FactStore {
  return {
    async fact(name) {
      return (await connections.short(() => prisma.fact.findUnique({ where: { name } })))?.value;
    },

    async setFact(name, value) {
      if (value === undefined) {
        await connections.short(() => prisma.fact.deleteMany({ where: { name } }));
        return;
      }
      // Makes a plain JSON value, equal to the one that will be read later.
      const json = JSON.parse(JSON.stringify(value)) as Prisma.InputJsonValue;
      await connections.short(() =>
        prisma.fact.upsert({ where: { name }, create: { name, value: json }, update: { value: json } }),
      );
    },

    async saveLists(lists, release) {
      // In Postgres, all rows of an array of arrays must have the same length. Lists may differ in
      // length, so each list is sent as the text of an array.
      const arrayOf = (values: readonly number[]): string => `{${values.join(',')}}`;
      await execute(Prisma.sql`
          INSERT INTO recommendation_lists AS l (customer_key, article_keys, scores, release, made_at)
          SELECT listed.key, listed.articles::bigint[], listed.scores::real[], ${release}, now() FROM unnest(
            ${lists.map(({ customerKey }) => customerKey)}::bigint[], ${lists.map(({ articleKeys }) => arrayOf(articleKeys))}::text[],
            ${lists.map(({ scores }) => arrayOf(scores))}::text[]
          ) AS listed(key, articles, scores) JOIN customers USING (key)
          -- Waits for a deletion that is under way: its customer is then no longer joined.
          FOR KEY SHARE OF customers
          ON CONFLICT (customer_key) DO UPDATE SET article_keys = excluded.article_keys, scores = excluded.scores,
            release = excluded.release, made_at = excluded.made_at`);
    },
  };
}
