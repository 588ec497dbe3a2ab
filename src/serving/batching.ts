// Batching across requests: the items of many callers become few calls of one batch function.
// DataLoader fixes a batch when its items come. Here a batch is put together when it leaves, from
// the items that a caller still waits for.

import { asError, VitrineError } from '../errors';
import type { Mortal } from './lifetime';

/**
 * Keeps DataLoader's contract: n items in, n results out, in the same order, each a value or an
 * Error.
 */
export type BatchFunction<Item, Result> = (items: readonly Item[]) => Promise<ArrayLike<Result | Error>>;

export interface BatchingOptions {
  /** The name of the items in the message of OVERLOADED, such as 'recommendations'. */
  readonly name: string;
  /** Maximum number of items in one call of the batch function. Default: 64. */
  readonly maxBatchSize?: number;
  /** Maximum number of concurrent calls of the batch function. Default: 1. */
  readonly maxInFlight?: number;
  /**
   * Maximum number of waiting items. Further items are refused with OVERLOADED at once. Default:
   * 1024.
   */
  readonly maxQueue?: number;
  /**
   * Runs a function very soon. Default: setImmediate, so that requests that came together share a
   * batch.
   */
  readonly soon?: (run: () => void) => void;
}

export interface BatchingStats {
  /** Number of calls of the batch function since the start, and number of items in these calls. */
  readonly batches: number;
  readonly items: number;
  /** Number of items refused because the queue was full. */
  readonly refused: number;
  /** Number of items that wait, and of calls that run, at this moment. */
  readonly queued: number;
  readonly inFlight: number;
}

export interface Batching<Item, Result> {
  /**
   * A batch function itself. Its items may share a call with the items of other callers. Never
   * rejects.
   */
  run(items: readonly Item[]): Promise<(Result | Error)[]>;
  stats(): BatchingStats;
}

/**
 * Gathers the items of concurrent callers into batches for `batch`.
 *
 * An idle server adds no waiting: the first item leaves within this turn of the event loop. Under
 * load, items gather for as long as the slots are taken. So batches grow with the load, and no time
 * window has to be tuned. Items leave in the order in which they came. Items whose lifetime is over
 * are removed from the queue.
 */
export function gather<Item extends Mortal | string | number, Result>(
  batch: BatchFunction<Item, Result>,
  options: BatchingOptions,
): Batching<Item, Result> {
  const { name, maxBatchSize = 64, maxInFlight = 1, maxQueue = 1024, soon = setImmediate } = options;
  checkLimits({ maxBatchSize, maxInFlight, maxQueue });
  let queue: Waiting<Item, Result>[] = [];
  const counts = { batches: 0, items: 0, refused: 0, inFlight: 0 };
  /** Number of slots reserved for batches that leave very soon. */
  let leaving = 0;

  const leave = (): void => {
    leaving--;
    dropOver();
    const taken = queue.splice(0, maxBatchSize);
    if (taken.length > 0) void runBatch(taken);
  };

  const runBatch = async (taken: readonly Waiting<Item, Result>[]): Promise<void> => {
    counts.batches++;
    counts.items += taken.length;
    counts.inFlight++;
    const results = await resultsOf(
      batch,
      taken.map(({ item }) => item),
    );
    taken.forEach(({ answer }, i) => answer(results[i]));
    counts.inFlight--;
    if (queue.length > leaving * maxBatchSize) {
      leaving++;
      leave();
    }
  };

  const dropOver = (): void => {
    if (!queue.some(({ item }) => endOf(item))) return;
    for (const { item, answer } of queue) {
      const reason = endOf(item);
      if (reason) answer(reason);
    }
    queue = queue.filter(({ item }) => !endOf(item));
  };

  const enqueue = (item: Item): Promise<Result | Error> => {
    if (queue.length >= maxQueue) dropOver();
    if (queue.length >= maxQueue) {
      counts.refused++;
      return Promise.resolve(overloaded(name, maxQueue));
    }
    return new Promise((answer) => {
      queue.push({ item, answer });
      if (queue.length <= leaving * maxBatchSize || counts.inFlight + leaving >= maxInFlight) return;
      leaving++;
      soon(leave);
    });
  };

  return {
    run: (items) => Promise.all(items.map(enqueue)),
    stats: () => ({ ...counts, queued: queue.length }),
  };
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly answer: (result: Result | Error) => void;
}

/** The reason why no caller waits for an item any longer, undefined if a caller still waits. */
function endOf(item: Mortal | string | number): Error | undefined {
  return typeof item === 'object' ? item.lifetime?.over : undefined;
}

/** Returns one result for each item, even if the batch function fails. */
async function resultsOf<Item, Result>(
  batch: BatchFunction<Item, Result>,
  items: readonly Item[],
): Promise<ArrayLike<Result | Error>> {
  try {
    const results = await batch(items);
    if (results.length === items.length) return results;
    const error = new TypeError(`expected ${items.length} results of a batch, got ${results.length}`);
    return items.map(() => error);
  } catch (thrown) {
    return items.map(() => asError(thrown));
  }
}

function overloaded(name: string, maxQueue: number): VitrineError {
  const message = `${maxQueue} ${name} are waiting already, which is the limit; try again in a moment`;
  return new VitrineError('OVERLOADED', message);
}

function checkLimits(limits: Record<string, number>): void {
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isInteger(value) || value < 1) {
      throw new VitrineError('CONFIG_INVALID', `${name}: expected a whole number from 1, got ${value}`);
    }
  }
}
