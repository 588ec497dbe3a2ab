// Recommendations of all customers into a table, by key ascending, a batch at a time: for whoever
// writes to customers, or shows lists without a server. A run that was ended at any moment goes on
// where it was. Knows not how a list is made.
import type { CustomerRow, RecommendationList, Store } from '../data/store/store';
import type { Reporter } from '../telemetry/progress';
import type { Recommender } from './types';

export interface PrecomputeOptions {
  readonly store: Pick<Store, 'alone' | 'counts' | 'customersPage' | 'saveLists' | 'fact' | 'setFact'>;
  readonly recommender: Pick<Recommender, 'recommend'>;
  /** Takes over what changed in the store since the last call; called once in a while. */
  readonly refresh: () => Promise<unknown>;
  /** The release that recommends. */
  readonly release: string;
  /** Articles a customer at most. */
  readonly first: number;
  /** Begins anew where an earlier run of this release was not finished. */
  readonly anew?: boolean;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal;
}

export interface Precomputed {
  readonly release: string;
  /** Lists that were made now, and by the run that this one went on from. */
  readonly customers: number;
  readonly resumedAfter: number;
  readonly seconds: number;
  readonly perSecond: number;
}

/** Customers whose lists are made in one run of the models. */
const BATCH = 128;
/**
 * Batches at once: while the ranker scores one, others are read, and their features made. With two,
 * each waits for the other at times.
 */
const IN_FLIGHT = 4;
/** What is noted of a run, in the facts. */
const FACT = 'precompute';
const NOTE_EVERY_MS = 2_000;
const REFRESH_EVERY_MS = 60_000;

interface Note {
  readonly release: string;
  readonly first: number;
  /** The key up to which lists are kept, and how many they are. */
  readonly afterKey: number;
  readonly customers: number;
}

/**
 * Makes and keeps the lists of all customers; one run at a time.
 * @throws what the recommender or the store throw: then run it again.
 */
export function precompute(options: PrecomputeOptions): Promise<Precomputed> {
  return options.store.alone('precompute', () => run(options));
}

async function run(options: PrecomputeOptions): Promise<Precomputed> {
  const { store, recommender, refresh, release, first, anew = false, reporter, signal } = options;
  const started = performance.now();
  const found = anew ? undefined : await unfinished(store, release, first);
  let { afterKey, customers } = found ?? { afterKey: 0, customers: 0 };
  const resumedAfter = customers;
  if (found) reporter.say(`Going on after ${String(customers)} customers whose lists are there.`);
  const total = (await store.counts()).customers;
  const progress = reporter.progress('Recommending', Math.max(0, total - resumedAfter), 'customers');

  /**
   * The note of another run stays until lists take the place of its own: then it would be wrong.
   */
  let begun: Promise<void> | undefined;

  async function keep(rows: readonly CustomerRow[]): Promise<void> {
    const lists = await recommender.recommend(rows.map((customer) => ({ customerId: customer.id, customer, first })));
    await (begun ??= note());
    await store.saveLists(
      rows.map((row, r): RecommendationList => {
        const list = lists[r];
        if (list instanceof Error) throw list;
        return {
          customerKey: row.key,
          articleKeys: list.map(({ articleKey }) => articleKey),
          scores: list.map(({ score }) => score),
        };
      }),
      release,
    );
  }

  const inFlight: { readonly rows: readonly CustomerRow[]; readonly kept: Promise<void> }[] = [];
  let noted = performance.now();
  let refreshed = performance.now();
  /** Waits for the oldest batch: what is noted has no gaps. */
  async function settle(): Promise<void> {
    const oldest = inFlight.shift();
    if (!oldest) return;
    await oldest.kept;
    customers += oldest.rows.length;
    afterKey = oldest.rows[oldest.rows.length - 1].key;
    progress.tick(customers - resumedAfter);
    if (performance.now() - noted >= NOTE_EVERY_MS) await note();
  }
  async function note(): Promise<void> {
    await store.setFact(FACT, { release, first, afterKey, customers } satisfies Note);
    noted = performance.now();
  }

  try {
    for (let after = afterKey, more = true; more;) {
      signal?.throwIfAborted();
      if (performance.now() - refreshed >= REFRESH_EVERY_MS) {
        await refresh();
        refreshed = performance.now();
      }
      const page = await store.customersPage(BATCH, after);
      more = page.hasNext;
      if (page.rows.length === 0) break;
      after = page.rows[page.rows.length - 1].key;
      const kept = keep(page.rows);
      // Heard of when its turn comes; until then nobody awaits it.
      kept.catch(() => undefined);
      inFlight.push({ rows: page.rows, kept });
      if (inFlight.length === IN_FLIGHT) await settle();
    }
    while (inFlight.length > 0) await settle();
  } catch (thrown) {
    // The others end before anything is closed that they use; what they say is of no interest any
    // more.
    await Promise.allSettled(inFlight.map(({ kept }) => kept));
    // Where this fails too, the next run begins a little further back.
    if (begun) await note().catch(() => undefined);
    throw thrown;
  }
  await store.setFact(FACT, undefined);
  progress.done();
  const seconds = (performance.now() - started) / 1_000;
  return { release, customers, resumedAfter, seconds, perSecond: (customers - resumedAfter) / Math.max(seconds, 1e-3) };
}

/** Where a run of this release and length was ended; undefined: there is none. */
async function unfinished(
  store: PrecomputeOptions['store'],
  release: string,
  first: number,
): Promise<Note | undefined> {
  const note = (await store.fact(FACT)) as Partial<Note> | null | undefined;
  if (note?.release !== release || note.first !== first) return undefined;
  const { afterKey, customers } = note;
  if (typeof afterKey !== 'number' || typeof customers !== 'number') return undefined;
  return { release, first, afterKey, customers };
}
