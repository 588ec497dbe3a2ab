// A holder's watch over the embedded server: lets its heart beat, and starts it again where it has
// died, for as long as it takes. Stops only where it starts and dies again and again. Knows nothing
// of how it is started.

import { setTimeout as sleep } from 'node:timers/promises';
import { asError } from '../../errors';
import { ClusterInUse } from './postgres-cluster';
import { BEAT_MS } from '../files/process-mark';

export interface Watched {
  isAlive(): boolean;
  /** Called every second while it is alive. */
  beat(): void;
  /** Starts it again, or finds that another process has; false: this watch is over. */
  restart(): Promise<boolean>;
  /** What it said before it died. */
  lastWords(): string;
  say(line: string): void;
}

const MOST_STARTS = 4;
const WITHIN_MS = 600_000;
/** Between two tries to start it: a full disk may have room again at any time. */
const LONGEST_PAUSE_MS = 30_000;

/** Returns how to end it, which waits for a start that is under way. */
export function watchServer(watched: Watched): () => Promise<void> {
  const ending = new AbortController();
  const ended = watch(watched, ending.signal).catch(() => undefined);
  return async () => {
    ending.abort();
    await ended;
  };
}

async function watch(watched: Watched, signal: AbortSignal): Promise<void> {
  let starts: number[] = [];
  let trouble = '';
  let pause = 0;
  for (;;) {
    await sleep(BEAT_MS, undefined, { ref: false, signal });
    if (watched.isAlive()) {
      watched.beat();
      trouble = '';
      continue;
    }
    starts = starts.filter((at) => performance.now() - at < WITHIN_MS);
    if (starts.length >= MOST_STARTS) {
      watched.say(
        `The embedded Postgres died ${MOST_STARTS + 1} times within ten minutes and is not started again. ` +
          `Mend what its log says, then start this command again:\n${watched.lastWords()}`,
      );
      return;
    }
    // One that has just been started again may die of the same: at once, then after 1, 3 and 7
    // seconds.
    await sleep(Math.max(pause, BEAT_MS * (2 ** starts.length - 1)), undefined, { ref: false, signal });
    try {
      if (!(await watched.restart())) return;
      starts.push(performance.now());
      pause = 0;
      watched.say('The embedded Postgres had died. It runs again, with all that was committed.');
    } catch (thrown) {
      // Remains of the crashed server end by themselves within moments.
      if (!(thrown instanceof ClusterInUse)) pause = Math.min(LONGEST_PAUSE_MS, Math.max(BEAT_MS, 2 * pause));
      const { message } = asError(thrown);
      if (message !== trouble) watched.say(`The embedded Postgres died and could not be started again: ${message}`);
      trouble = message;
    }
  }
}
