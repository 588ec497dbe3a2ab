// Watches the embedded server for a holder: beats its heart, and starts it again after it died. The
// watch keeps trying, and gives up only if the server dies again and again.

import { setTimeout as sleep } from 'node:timers/promises';
import { asError } from '../../errors';
import { ClusterInUse } from './postgres-cluster';
import { BEAT_MS } from '../files/process-mark';

export interface Watched {
  isAlive(): boolean;
  /** Called every second while the server is alive. */
  beat(): void;
  /** Starts the server again unless another process has done so. Returns false to end the watch. */
  restart(): Promise<boolean>;
  /** The server's output before it died. */
  lastWords(): string;
  say(line: string): void;
}

const MOST_STARTS = 4;
const WITHIN_MS = 600_000;
/**
 * Longest pause between two attempts to start the server. A full disk may have room again at any
 * time.
 */
const LONGEST_PAUSE_MS = 30_000;

/** Returns a function that ends the watch, after waiting for a start that is under way. */
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
    // A server that was just started again may die of the same cause, so each start waits longer:
    // 0, 1, 3 and 7 seconds.
    await sleep(Math.max(pause, BEAT_MS * (2 ** starts.length - 1)), undefined, { ref: false, signal });
    try {
      if (!(await watched.restart())) return;
      starts.push(performance.now());
      pause = 0;
      watched.say('The embedded Postgres had died. It runs again, with all that was committed.');
    } catch (thrown) {
      // The last processes of the crashed server end within moments, so the pause does not grow.
      if (!(thrown instanceof ClusterInUse)) pause = Math.min(LONGEST_PAUSE_MS, Math.max(BEAT_MS, 2 * pause));
      const { message } = asError(thrown);
      if (message !== trouble) watched.say(`The embedded Postgres died and could not be started again: ${message}`);
      trouble = message;
    }
  }
}
