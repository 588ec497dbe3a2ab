// How long somebody waits for an answer. An AbortSignal says the same and costs a request some ten
// microseconds, mostly for listeners: nobody listens here, it is looked at before each next step.

/** What is asked for on behalf of somebody who may go away. */
export interface Mortal {
  /** What has not begun when it is over does not begin. Absent: somebody waits for ever. */
  readonly lifetime?: Lifetime;
}

export class Lifetime {
  /** Why nobody waits any more; undefined while somebody does. */
  over: Error | undefined;

  /** The first reason stays. */
  end(reason: Error): void {
    this.over ??= reason;
  }

  throwIfOver(): void {
    if (this.over) throw this.over;
  }
}
