// Loads on a server, and their latencies. In a closed load each client waits for an answer before
// it sends its next request. In an open load requests are due at fixed times, whether or not the
// server keeps up. The latency of an open load counts from the time when the request was due. So
// the latencies show when a server stalls, and there is no "coordinated omission".

/** A clock in milliseconds. */
export interface Clock {
  now(): number;
  /** Calls `run` at the given time or soon after. */
  at(time: number, run: () => void): void;
}

export type Load =
  | { readonly kind: 'closed'; readonly clients: number; readonly seconds: number; readonly most: number }
  | { readonly kind: 'open'; readonly perSecond: number; readonly seconds: number; readonly connections: number };

/**
 * Sends the request with index `nth` over the connection with index `connection`. Rejects if the
 * answer is wrong.
 */
export type Send = (nth: number, connection: number) => Promise<void>;

export interface Outcome {
  /** Number of requests that were due, whether or not they were sent. */
  readonly due: number;
  /**
   * Latencies in ms of the requests that were answered and of those that were given up. Requests
   * that failed have no latency.
   */
  readonly latencies: Float64Array;
  readonly failures: number;
  /** Reason of the first failure. Undefined if there was none. */
  readonly failure: string | undefined;
  /** Time from the first request to the last answer, in ms. */
  readonly ms: number;
  /**
   * Delay of the generator itself in sending requests for which a connection was free: the 99th
   * percentile in ms.
   */
  readonly lateMs: number;
}

/** Requests that are still unanswered this long after the last request was due are given up. */
const GIVE_UP_MS = 10_000;

const wallClock: Clock = {
  now: () => performance.now(),
  at: (time, run) => void setTimeout(run, Math.max(0, time - performance.now())),
};

export function runLoad(load: Load, send: Send, clock: Clock = wallClock): Promise<Outcome> {
  return load.kind === 'closed' ? closedLoop(load, send, clock) : openLoop(load, send, clock);
}

async function closedLoop(load: Extract<Load, { kind: 'closed' }>, send: Send, clock: Clock): Promise<Outcome> {
  const started = clock.now();
  const end = started + load.seconds * 1000;
  const account = new Account();
  let sent = 0;
  const client = async (connection: number): Promise<void> => {
    while (clock.now() < end && sent < load.most) {
      const from = clock.now();
      await account.settle(send(sent++, connection), () => clock.now() - from);
    }
  };
  await Promise.all(Array.from({ length: load.clients }, (_, connection) => client(connection)));
  return account.outcome(sent, clock.now() - started);
}

function openLoop(load: Extract<Load, { kind: 'open' }>, send: Send, clock: Clock): Promise<Outcome> {
  const count = Math.max(1, Math.round(load.perSecond * load.seconds));
  const started = clock.now();
  const dueAt = (nth: number): number => started + (nth * 1000) / load.perSecond;
  const free = Array.from({ length: load.connections }, (_, connection) => load.connections - 1 - connection);
  const account = new Account();
  let [next, waited] = [0, false];
  const open = new Set<number>();
  return new Promise((resolve) => {
    const finish = (): void => {
      // Every unanswered request has waited until now, and so have the requests that found no free
      // connection.
      for (let nth = next; nth < count; nth++) open.add(nth);
      for (const nth of open) account.giveUp(clock.now() - dueAt(nth));
      resolve(account.outcome(count, clock.now() - started));
    };
    let finished = false;
    const finishOnce = (): void => {
      if (!finished) finish();
      finished = true;
    };
    const sendDue = (): void => {
      // The load was given up. A late answer frees its connection, but nothing more may be sent.
      if (finished) return;
      while (next < count && dueAt(next) <= clock.now()) {
        const connection = free.pop();
        if (connection === undefined) {
          waited = true;
          return;
        }
        const nth = next++;
        if (!waited) account.late(clock.now() - dueAt(nth));
        open.add(nth);
        void account
          .settle(
            send(nth, connection),
            () => clock.now() - dueAt(nth),
            () => !finished,
          )
          .then(() => {
            open.delete(nth);
            free.push(connection);
            if (next === count && open.size === 0) finishOnce();
            else if (waited) sendDue();
          });
      }
      // All waiting requests have been sent. From now on, a late request is late because of the
      // generator itself.
      waited = false;
    };
    const tick = (): void => {
      sendDue();
      if (!finished && next < count) clock.at(Math.max(dueAt(next), clock.now() + 1), tick);
    };
    tick();
    clock.at(dueAt(count) + GIVE_UP_MS, finishOnce);
  });
}

class Account {
  readonly #latencies: number[] = [];
  readonly #late: number[] = [];
  #failures = 0;
  #failure: string | undefined;

  async settle(answer: Promise<void>, latency: () => number, counts: () => boolean = () => true): Promise<void> {
    try {
      await answer;
      if (counts()) this.#latencies.push(latency());
    } catch (thrown) {
      if (counts()) this.#fail(thrown instanceof Error ? thrown.message : String(thrown));
    }
  }

  giveUp(latency: number): void {
    this.#latencies.push(latency);
    this.#fail(`no answer within ${Math.round(latency)} ms`);
  }

  late(ms: number): void {
    this.#late.push(ms);
  }

  outcome(due: number, ms: number): Outcome {
    return {
      due,
      latencies: Float64Array.from(this.#latencies),
      failures: this.#failures,
      failure: this.#failure,
      ms,
      lateMs: percentile(this.#late, 0.99),
    };
  }

  #fail(message: string): void {
    this.#failures += 1;
    this.#failure ??= message;
  }
}

/**
 * Returns the smallest value that is at least as large as this share of all values (nearest-rank
 * method). Returns 0 if there are no values.
 */
export function percentile(values: ArrayLike<number>, share: number): number {
  if (values.length === 0) return 0;
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
}

/** Returns the number of answers per second. */
export function rateOf({ due, failures, ms }: Pick<Outcome, 'due' | 'failures' | 'ms'>): number {
  return ms > 0 ? ((due - failures) * 1000) / ms : 0;
}

/** Joins the outcomes of several loads into one. */
export function together(outcomes: readonly Outcome[]): Outcome {
  const sum = (of: (outcome: Outcome) => number): number => outcomes.reduce((total, one) => total + of(one), 0);
  return {
    due: sum(({ due }) => due),
    latencies: Float64Array.from(outcomes.flatMap(({ latencies }) => Array.from(latencies))),
    failures: sum(({ failures }) => failures),
    failure: outcomes.find(({ failure }) => failure !== undefined)?.failure,
    ms: sum(({ ms }) => ms),
    lateMs: Math.max(0, ...outcomes.map(({ lateMs }) => lateMs)),
  };
}

/**
 * Finds the highest rate that the server sustains. Starts with the rate `wanted`. If the server
 * sustains that rate, increases it by a quarter until a rate fails; otherwise reduces it by a fifth
 * until a rate is sustained. Stops after at most `most` rates.
 */
export async function highestRate(
  wanted: number,
  most: number,
  holds: (perSecond: number) => Promise<boolean>,
): Promise<number> {
  let [rate, best] = [wanted, 0];
  let direction: 'up' | 'down' | undefined;
  for (let tried = 0; tried < most; tried++) {
    const held = await holds(rate);
    if (held) best = Math.max(best, rate);
    const next = held ? 'up' : 'down';
    if (direction !== undefined && next !== direction) break;
    direction = next;
    rate = Math.round(rate * (held ? 1.25 : 0.8));
  }
  return best;
}
