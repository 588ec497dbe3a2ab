// Sends the same query to a server again and again, each time for another customer or article.
import type { Client } from 'pg';
import type { Watched } from './figures';
import type { Generator, Result } from './load/generator';
import type { Load } from './load/load';
import { eventLoopDelay, indexSearches, modelRuns, type Subject } from './subject';

/** A query, and the content that its answer must have. */
export interface Query {
  readonly query: string;
  readonly variable: 'customerId' | 'articleId';
  readonly field: 'recommendations' | 'similarArticles';
  readonly items: number;
}

/** Asks for the recommendations of one customer, as a page does. */
export const RECOMMENDATIONS: Query = {
  query: `query Recommendations($customerId: ID!) {
  recommendations(customerId: $customerId, first: 12) {
    rank score source
    article { id name category brand colour description }
  }
}`,
  variable: 'customerId',
  field: 'recommendations',
  items: 12,
};

/** A query, the ids to ask for, and the required rate. */
export interface Question extends Query {
  draw(client: Client, count: number): Promise<string[]>;
  /**
   * Required requests per second. At this rate 99 of 100 requests must be answered within
   * `withinMs`.
   */
  readonly perSecond: number;
  readonly withinMs: number;
  readonly reference: { readonly name: string; readonly ms: number };
}

export interface Asker {
  run(load: Load, traced?: boolean): Promise<Result>;
  /** Runs a load, and reads from the server what it did during the load. */
  watch(load: Load): Promise<Watched>;
  /** If the load had failures, records them in `faults`. */
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
    const headers = server.headersOf && ids.map(server.headersOf);
    const task = { port: server.port, query, variable, ids, headers, from, field, items, traced, load };
    const result = await generator.run(task);
    from += result.due;
    return result;
  };
  return {
    faults,
    run,
    async watch(load) {
      const before = await server.metrics(); // Reading also starts a new measurement of the delay.
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

/** Makes a load with a single client, which sends its next request when the answer has come. */
export function alone(seconds: number, most = Infinity): Load {
  return { kind: 'closed', clients: 1, seconds, most };
}
