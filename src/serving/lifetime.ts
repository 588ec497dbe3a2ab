// Tells whether a caller still waits for an answer. An AbortSignal tells the same, but its
// listeners cost a request some ten microseconds. A lifetime has no listeners: each step checks the
// lifetime before it begins.

/** A request of a caller who may stop waiting. */
export interface Mortal {
  /**
   * Once the lifetime is over, no further step begins. If omitted, the caller never stops waiting.
   */
  readonly lifetime?: Lifetime;
}

export class Lifetime {
  /** The reason why no caller waits any longer, undefined while a caller waits. */
  over: Error | undefined;

  /** Ends the lifetime. Only the first reason is kept. */
  end(reason: Error): void {
    this.over ??= reason;
  }

  throwIfOver(): void {
    if (this.over) throw this.over;
  }
}
