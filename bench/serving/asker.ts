// Puts one question to one server, again and again, each time for another customer or article.
import type { Client } from 'pg';
import type { Watched } from './figures';
import type { Generator, Result } from './generator';
import type { Load } from './load';
import { eventLoopDelay, indexSearches, modelRuns, type Subject } from './subject';

/** A query, and what its answer must hold. */
export interface Query {
  readonly query: string;
  readonly variable: 'customerId' | 'articleId';
  readonly field: 'recommendations' | 'similarArticles';
  readonly items: number;
}

/** The recommendations of one customer, as a page asks for them. */
export const RECOMMENDATIONS: Query = {
  query: `query Recommendations($customerId: ID!) {
  recommendations(customerId: $customerId, first: 12) {
    rank score source
    article { id name productTypeName productGroupName graphicalAppearanceName colourGroupName departmentName description }
  }
}`,
  variable: 'customerId',
  field: 'recommendations',
  items: 12,
};

/** A query, the ids to ask it for, and the rate that is wanted. */
export interface Question extends Query {
  draw(client: Client, count: number): Promise<string[]>;
  /** The wanted requests a second. At this rate 99 of 100 must be answered within `withinMs`. */
  readonly perSecond: number;
  readonly withinMs: number;
  readonly reference: { readonly name: string; readonly ms: number };
}

export interface Asker {
  run(load: Load, traced?: boolean): Promise<Result>;
  /** Runs a load and reads from the server what it did meanwhile. */
  watch(load: Load): Promise<Watched>;
  /** Remembers failures as a fault of the benchmark. */
  heed(name: string, result: Result): void;
  readonly faults: readonly string[];
}

export function createAsker(
  { query, variable, field, items }: Query,
  ids: readonly string[],
  server: Subject,
  generator: Generator,
): Asker {
  const faults: string[] = [];
  let from = 0;
  const run = async (load: Load, traced = false): Promise<Result> => {
    const task = { port: server.port, query, variable, ids, from, field, items, traced, load };
    const result = await generator.run(task);
    from += result.due;
    return result;
  };
  return {
    faults,
    run,
    async watch(load) {
      const before = await server.metrics(); // It also begins a new measurement of the delay.
      const { result, cpu } = await server.cpu(() => run(load));
      const after = await server.metrics();
      const delay = eventLoopDelay(after);
      return {
        result,
        cpu,
        runs: modelRuns(before, after),
        searches: indexSearches(before, after),
        delayMs: delay === undefined ? undefined : delay * 1000,
      };
    },
    heed(name, { failures, failure }) {
      if (failures > 0) faults.push(`${name}: ${failures} failed, the first: ${failure}`);
    },
  };
}

/** A load of one client who asks again when the answer has come. */
export function alone(seconds: number, most = Infinity): Load {
  return { kind: 'closed', clients: 1, seconds, most };
}
