// The open releases by name, and the calls in flight. A replaced release finishes its calls before
// it is closed, so that no request is dropped.
import type { Opened } from './opened';
import type { Recommender } from './types';

interface Served {
  readonly opened: Opened;
  /** Number of calls in flight. */
  calls: number;
  /** Whether the release takes no new calls. */
  retired: boolean;
}

export class ServedReleases {
  readonly #served = new Map<string, Served>();
  readonly #retired = new Set<Served>();
  readonly #closings = new Set<Promise<void>>();
  /** The name of the release that answers. */
  #answering: string | undefined;
  #closed = false;

  /** The release that answers, undefined if there is none yet. */
  get answering(): Opened | undefined {
    return this.#current()?.opened;
  }

  /** Lets a release answer from now on, and retires the others. */
  answerWith(opened: Opened): void {
    if (this.#closed) {
      this.keep(opened.close());
      return;
    }
    const former = [...this.#served.values()];
    this.#served.clear();
    this.#served.set(opened.name, { opened, calls: 0, retired: false });
    this.#answering = opened.name;
    for (const served of former) this.#retire(served);
  }

  /**
   * Calls `work` with the release that answers, which stays open until the work is done.
   * @throws the error that `missing` returns, if no release answers
   */
  async use<T>(work: (recommender: Recommender) => Promise<T>, missing: () => Error): Promise<T> {
    const served = this.#current();
    if (!served) throw missing();
    served.calls += 1;
    try {
      return await work(served.opened.recommender);
    } finally {
      served.calls -= 1;
      this.#closeIfIdle(served);
    }
  }

  /**
   * Remembers a promise of something that is closing, so that `close` waits for it. A stuck thread
   * never finishes closing.
   */
  keep(closing: Promise<void>): void {
    this.#closings.add(closing);
    const forget = (): boolean => this.#closings.delete(closing);
    closing.then(forget, forget);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { opened } of [...this.#served.values(), ...this.#retired]) await opened.close();
    await Promise.allSettled(this.#closings);
  }

  #current(): Served | undefined {
    return this.#answering === undefined ? undefined : this.#served.get(this.#answering);
  }

  #retire(served: Served): void {
    served.retired = true;
    this.#retired.add(served);
    this.#closeIfIdle(served);
  }

  #closeIfIdle(served: Served): void {
    if (served.calls > 0 || !served.retired || !this.#retired.delete(served)) return;
    this.keep(served.opened.close());
  }
}
