// What the program says about itself: the log, progress on a terminal, and the time that each stage of a request took.
// Knows nothing of the work that is measured.

import pino, { type Logger } from 'pino';
import type { LogLevel } from '../config';

export type { Logger };

/** Progress of one piece of work that may take more than two seconds. */
export interface Progress {
  /** `done` units of the total so far (not: since the last call). Cheap: call it as often as you like. */
  tick(done: number, note?: string): void;
  /** The work is complete: leaves one line with the total, the time and the rate. */
  done(note?: string): void;
}

export interface Reporter {
  progress(label: string, total?: number, unit?: string): Progress;
  /** A line of its own, above a live progress line. */
  say(line: string): void;
}

export interface ReporterOptions {
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
}

/** The log of the process, JSON lines on standard error: standard output belongs to the command's answer. */
export function createLog(config: { readonly logLevel: LogLevel }): Logger {
  const destination = pino.destination({ dest: 2, sync: true, maxLength: 2 ** 20 });
  // Where the disk is full, lines are lost, and the service is not.
  destination.on('error', () => undefined);
  return pino({ name: 'vitrine', level: config.logLevel }, destination);
}

/** On a terminal one live line with bar, rate and time left; elsewhere plain lines, at most one every 5 s. */
export function createReporter(stream: NodeJS.WritableStream, options: ReporterOptions = {}): Reporter {
  const now = options.now ?? (() => performance.now());
  const terminal = isTerminal(stream) ? stream : null;
  let live = '';
  const erase = (): void => {
    if (live !== '') stream.write('\r\u001b[K');
  };
  const draw = (line: string): void => {
    if (!terminal) return;
    // One column less than there are: a full line would wrap and could not be erased.
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

/** Measured spans of one request (or of one batch of requests): stage → milliseconds, in the order of first use. */
export interface StageTimer {
  /** Runs `work` and adds its time to `stage`, also when it fails. */
  measure<T>(stage: string, work: () => Promise<T>): Promise<T>;
  measureSync<T>(stage: string, work: () => T): T;
  readonly spans: ReadonlyMap<string, number>;
  /** When each stage was first begun, by the timer's clock. */
  readonly begun: ReadonlyMap<string, number>;
}

export function createStageTimer(now: () => number = () => performance.now()): StageTimer {
  const spans = new Map<string, number>();
  const begun = new Map<string, number>();
  const begin = (stage: string): number => {
    const time = now();
    if (!begun.has(stage)) begun.set(stage, time);
    return time;
  };
  const add = (stage: string, started: number): void => {
    spans.set(stage, (spans.get(stage) ?? 0) + (now() - started));
  };
  return {
    spans,
    begun,
    async measure(stage, work) {
      const started = begin(stage);
      try {
        return await work();
      } finally {
        add(stage, started);
      }
    },
    measureSync(stage, work) {
      const started = begin(stage);
      try {
        return work();
      } finally {
        add(stage, started);
      }
    },
  };
}

/** 1234.5 ms → '1.2 s', 90,000 ms → '1 min 30 s'. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return 'unknown';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${seconds % 60} s`;
}

/** 1234567 → '1,234,567'. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-GB');
}

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
