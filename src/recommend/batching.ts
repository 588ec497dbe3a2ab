// Batching across requests: many callers' items become few calls of one batch function. A DataLoader without a cache
// whose schedule follows the load. Knows nothing of what the items are; the clockwork comes in as an argument.

import DataLoader from 'dataloader';
import { asError, VitrineError } from '../errors';

/** DataLoader's contract: n items in, n results out, same order, each a value or an Error. */
export type BatchFunction<Item, Result> = (items: readonly Item[]) => Promise<ArrayLike<Result | Error>>;

export interface BatchingOptions {
  /** What the items are, for the message of OVERLOADED: 'recommendations'. */
  readonly name: string;
  /** Items in one call of the batch function at most. Default 64. */
  readonly maxBatchSize?: number;
  /** Calls of the batch function that run at once at most. Default 1. */
  readonly maxInFlight?: number;
  /** Items that wait for their call at most; those beyond are refused with OVERLOADED at once. Default 1024. */
  readonly maxQueue?: number;
  /** Runs something very soon. Default setImmediate: what the sockets of this turn bring shares a batch. */
  readonly soon?: (run: () => void) => void;
}

export interface BatchingStats {
  /** Calls of the batch function since the start, and the items that they carried. */
  readonly batches: number;
  readonly items: number;
  /** Items refused because the queue was full. */
  readonly refused: number;
  /** Items waiting, and calls running, at this moment. */
  readonly queued: number;
  readonly inFlight: number;
}

export interface Batching<Item, Result> {
  /** A batch function too: its items may share a call with those of others. Errors come as values; never rejects. */
  run(items: readonly Item[]): Promise<(Result | Error)[]>;
  stats(): BatchingStats;
}

/**
 * Gathers the items of concurrent callers into batches for `batch`.
 *
 * An idle server adds no waiting: the first item takes a free slot and leaves within this turn of the event loop.
 * Under load, items gather for exactly as long as the slots are taken, so batches grow with the load by themselves and
 * no time window has to be tuned. Order is first come, first served.
 */
export function gather<Item extends object | string | number, Result>(
  batch: BatchFunction<Item, Result>,
  options: BatchingOptions,
): Batching<Item, Result> {
  const { name, maxBatchSize = 64, maxInFlight = 1, maxQueue = 1024, soon = setImmediate } = options;
  checkLimits({ maxBatchSize, maxInFlight, maxQueue });
  const waiting: (() => void)[] = [];
  const counts = { batches: 0, items: 0, refused: 0, queued: 0, inFlight: 0 };
  let freeSlots = maxInFlight;

  // DataLoader calls this once for each batch it opens; further items join that batch until it leaves or is full.
  const schedule = (dispatch: () => void): void => {
    if (freeSlots === 0) {
      waiting.push(dispatch);
    } else {
      freeSlots--;
      soon(dispatch);
    }
  };

  const runBatch = async (items: readonly Item[]): Promise<ArrayLike<Result | Error>> => {
    counts.batches++;
    counts.items += items.length;
    counts.queued -= items.length;
    counts.inFlight++;
    try {
      return await batch(items);
    } finally {
      counts.inFlight--;
      const next = waiting.shift();
      if (next) next();
      else freeSlots++;
    }
  };

  const loader = new DataLoader<Item, Result>(runBatch, { cache: false, maxBatchSize, batchScheduleFn: schedule });

  return {
    run: (items) =>
      Promise.all(
        items.map(async (item) => {
          if (counts.queued >= maxQueue) {
            counts.refused++;
            return overloaded(name, maxQueue);
          }
          counts.queued++;
          return loader.load(item).catch(asError);
        }),
      ),
    stats: () => ({ ...counts }),
  };
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
