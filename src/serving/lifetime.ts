// Whether somebody still waits for an answer. An AbortSignal says the same, but its listeners cost
// a request some ten microseconds. A lifetime has no listeners: each next step looks at it.

/** A request of somebody who may go away. */
export interface Mortal {
  /** Once it is over, no further step begins. Absent: somebody always waits. */
  readonly lifetime?: Lifetime;
}

export class Lifetime {
  /** Why nobody waits any more; undefined while somebody does. */
  over: Error | undefined;

  /** Keeps the first reason. */
  end(reason: Error): void {
    this.over ??= reason;
  }

  throwIfOver(): void {
    if (this.over) throw this.over;
  }
}
