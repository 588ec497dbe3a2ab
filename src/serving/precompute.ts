// Writes recommendations for all customers into a table, a batch at a time, by ascending key. The
// table is for newsletters, or for showing lists without a server. A run that was ended at any
// moment can be continued from the same point.
import type { CustomerRow, RecommendationList, Store } from '../data/store/store';
import type { Progress, Reporter } from '../telemetry/progress';
import type { Recommender } from './types';

export interface PrecomputeOptions {
  readonly store: Pick<Store, 'alone' | 'counts' | 'customersPage' | 'saveLists' | 'fact' | 'setFact'>;
  readonly recommender: Pick<Recommender, 'recommend'>;
  /** Takes over the changes in the store since the last call. Called from time to time. */
  readonly refresh: () => Promise<unknown>;
  /** The release that recommends. */
  readonly release: string;
  /** Maximum number of articles in one list. */
  readonly first: number;
  /** Starts from the beginning even if an earlier run of this release was not finished. */
  readonly anew?: boolean;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal;
}

export interface Precomputed {
  readonly release: string;
  /** Number of customers with a list, including those of an earlier run that this run continued. */
  readonly customers: number;
  readonly resumedAfter: number;
  readonly seconds: number;
  readonly perSecond: number;
}

/** Number of customers whose lists are made in one run of the models. */
const BATCH = 128;
/**
 * Number of concurrent batches. While the ranker scores one batch, other batches are read and their
 * features are made. With only two batches, each would sometimes wait for the other.
 */
const IN_FLIGHT = 4;
/** The name of the fact in which a run stores its note. */
const FACT = 'precompute';
const NOTE_EVERY_MS = 2_000;
const REFRESH_EVERY_MS = 60_000;

/** The progress of a run. */
interface Note {
  readonly release: string;
  readonly first: number;
  /** Lists are saved up to this key, for this many customers. */
  readonly afterKey: number;
  readonly customers: number;
}

/**
 * Makes and saves the lists of all customers. Only one run takes place at a time.
 * @throws the errors of the recommender and of the store. The run can then be repeated.
 */
export function precompute(options: PrecomputeOptions): Promise<Precomputed> {
  return options.store.alone('precompute', () => run(options));
}

async function run({ store, recommender, refresh, ...options }: PrecomputeOptions): Promise<Precomputed> {
  const { release, first, anew = false, reporter, signal } = options;
  const started = performance.now();
  const found = anew ? undefined : await unfinished(store, release, first);
  const resumedAfter = found?.customers ?? 0;
  if (found) reporter.say(`Going on after ${String(resumedAfter)} customers whose lists are there.`);
  const total = (await store.counts()).customers;
  const progress = reporter.progress('Recommending', Math.max(0, total - resumedAfter), 'customers');
  const note = found ?? { release, first, afterKey: 0, customers: 0 };
  const saving = new Saving({ store, recommender, progress, note, resumedAfter });
  let refreshed = performance.now();
  try {
    for (let after = note.afterKey, more = true; more;) {
      signal?.throwIfAborted();
      if (performance.now() - refreshed >= REFRESH_EVERY_MS) {
        await refresh();
        refreshed = performance.now();
      }
      const page = await store.customersPage(BATCH, after);
      more = page.hasNext;
      if (page.rows.length === 0) break;
      after = page.rows[page.rows.length - 1].key;
      await saving.add(page.rows);
    }
    await saving.finish();
  } catch (thrown) {
    await saving.fail();
    throw thrown;
  }
  await store.setFact(FACT, undefined);
  progress.done();
  const { customers } = saving.note;
  const seconds = (performance.now() - started) / 1_000;
  return { release, customers, resumedAfter, seconds, perSecond: (customers - resumedAfter) / Math.max(seconds, 1e-3) };
}

interface SavingParts {
  readonly store: Pick<Store, 'saveLists' | 'setFact'>;
  readonly recommender: Pick<Recommender, 'recommend'>;
  readonly progress: Progress;
  readonly note: Note;
  readonly resumedAfter: number;
}

/** Makes and saves lists, several batches at once, and notes the progress. */
class Saving {
  note: Note;
  readonly #inFlight: { readonly rows: readonly CustomerRow[]; readonly saved: Promise<void> }[] = [];
  /**
   * Resolves when the first note is written. The note of another run stays until lists of this run
   * replace those of the other run.
   */
  #begun: Promise<void> | undefined;
  #noted = performance.now();

  constructor(private readonly parts: SavingParts) {
    this.note = parts.note;
  }

  async add(rows: readonly CustomerRow[]): Promise<void> {
    const saved = this.#save(rows);
    // A failure is thrown when this batch is awaited in its turn. Until then nothing awaits the
    // promise.
    saved.catch(() => undefined);
    this.#inFlight.push({ rows, saved });
    if (this.#inFlight.length === IN_FLIGHT) await this.#settle();
  }

  async finish(): Promise<void> {
    while (this.#inFlight.length > 0) await this.#settle();
  }

  /**
   * Waits for the batches in flight, since the caller is about to close what they use, and ignores
   * their errors.
   */
  async fail(): Promise<void> {
    await Promise.allSettled(this.#inFlight.map(({ saved }) => saved));
    // If this write fails too, the next run begins a little earlier.
    if (this.#begun) await this.#write().catch(() => undefined);
  }

  async #save(rows: readonly CustomerRow[]): Promise<void> {
    const { recommender, store } = this.parts;
    const { first, release } = this.note;
    const lists = await recommender.recommend(rows.map((customer) => ({ customerId: customer.id, customer, first })));
    await (this.#begun ??= this.#write());
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

  /** Waits for the oldest batch, so that all lists up to the noted key are saved. */
  async #settle(): Promise<void> {
    const oldest = this.#inFlight.shift();
    if (!oldest) return;
    await oldest.saved;
    const customers = this.note.customers + oldest.rows.length;
    this.note = { ...this.note, customers, afterKey: oldest.rows[oldest.rows.length - 1].key };
    this.parts.progress.tick(customers - this.parts.resumedAfter);
    if (performance.now() - this.#noted >= NOTE_EVERY_MS) await this.#write();
  }

  async #write(): Promise<void> {
    await this.parts.store.setFact(FACT, this.note);
    this.#noted = performance.now();
  }
}

/** The note of an unfinished run of this release and list length, undefined if there is none. */
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
