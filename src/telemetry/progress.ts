// Shows the progress of long work: a live line on a terminal, plain lines elsewhere.

import { formatCount, formatDuration } from './format';

/** The progress of work that may take more than two seconds. */
export interface Progress {
  /**
   * `done` is the number of units so far, not since the last call. Cheap enough to call in any
   * loop.
   */
  tick(done: number, note?: string): void;
  /** Leaves one line with the total, the time and the rate. */
  done(note?: string): void;
}

export interface Reporter {
  progress(label: string, total?: number, unit?: string): Progress;
  /** Writes a line of its own above the live line. */
  say(line: string): void;
}

/**
 * A terminal shows one live line with bar, rate and time left. Elsewhere there are plain lines, at
 * most one every 5 s. `now` is in milliseconds.
 */
export function createReporter(stream: NodeJS.WritableStream, now: () => number = () => performance.now()): Reporter {
  const terminal = isTerminal(stream) ? stream : null;
  let live = '';
  const erase = (): void => {
    if (live !== '') stream.write('\r\u001b[K');
  };
  const draw = (line: string): void => {
    if (!terminal) return;
    // One column is left free, since a full line would wrap and could not be erased.
    live = line.slice(0, Math.max(20, terminal.columns - 1));
    stream.write(`\r\u001b[K${live}`);
  };
  const say = (line: string): void => {
    erase();
    stream.write(`${line}\n`);
    if (live !== '') stream.write(live);
  };
  const finish = (line: string): void => {
    erase();
    live = '';
    stream.write(`${line}\n`);
  };

  const progress = (label: string, total?: number, unit = ''): Progress => {
    const started = now();
    const interval = terminal ? 100 : 5000;
    let lastShown = terminal ? -Infinity : started;
    let last = 0;
    let open = true;
    return {
      tick(done, note) {
        last = done;
        const time = now();
        if (!open || time - lastShown < interval) return;
        lastShown = time;
        const line = describeProgress({ label, done, total, unit, note, elapsedMs: time - started });
        if (terminal) draw(line.live);
        else stream.write(`${line.plain}\n`);
      },
      done(note) {
        if (!open) return;
        open = false;
        const done = total ?? last;
        finish(describeEnd({ label, done, total, unit, note, elapsedMs: now() - started }));
      },
    };
  };
  return { progress, say };
}

export const silentReporter: Reporter = Object.freeze({
  progress: () => ({ tick: () => undefined, done: () => undefined }),
  say: () => undefined,
});

interface Snapshot {
  label: string;
  done: number;
  total: number | undefined;
  unit: string;
  note: string | undefined;
  elapsedMs: number;
}

const BAR_WIDTH = 24;

function describeProgress(at: Snapshot): { live: string; plain: string } {
  const { label, done, total, elapsedMs } = at;
  const share = total === undefined || total <= 0 ? undefined : Math.min(1, done / total);
  const amount = withUnit(
    total === undefined ? formatCount(done) : `${formatCount(done)} of ${formatCount(total)}`,
    at,
  );
  const left = share === undefined || share === 0 ? undefined : formatDuration((elapsedMs / share) * (1 - share));
  const facts = [amount, rate(at), left && `${left} left`, at.note].filter(Boolean).join(' · ');
  if (share === undefined) return { live: `${label}  ${facts}`, plain: `${label}: ${facts}` };
  const percent = `${Math.floor(share * 100)} %`;
  const filled = Math.round(share * BAR_WIDTH);
  const bar = '━'.repeat(filled) + '╌'.repeat(BAR_WIDTH - filled);
  return { live: `${label}  ${bar} ${percent} · ${facts}`, plain: `${label}: ${percent} · ${facts}` };
}

function describeEnd(at: Snapshot): string {
  const amount = at.done > 0 ? `${withUnit(formatCount(at.done), at)} in ` : '';
  const facts = [`${amount}${formatDuration(at.elapsedMs)}`, at.done > 0 && rate(at), at.note].filter(Boolean);
  return `${at.label}: ${facts.join(' · ')}`;
}

function rate({ done, elapsedMs }: Snapshot): string | undefined {
  if (elapsedMs < 100 || done === 0) return undefined;
  const perSecond = (done / elapsedMs) * 1000;
  return `${perSecond < 10 ? perSecond.toFixed(1) : formatCount(perSecond)}/s`;
}

function withUnit(amount: string, { unit }: Snapshot): string {
  return unit === '' ? amount : `${amount} ${unit}`;
}

function isTerminal(stream: NodeJS.WritableStream): stream is NodeJS.WriteStream {
  return 'isTTY' in stream && stream.isTTY === true && 'columns' in stream;
}
