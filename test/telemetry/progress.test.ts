import { Writable } from 'node:stream';
import { createReporter } from '../../src/telemetry/progress';
import { createStageTimer } from '../../src/telemetry/traces';
import { formatDuration } from '../../src/telemetry/format';

/** A stream that keeps its text. It is a terminal if it has `columns`. */
class Screen extends Writable {
  text = '';
  readonly isTTY: boolean;

  constructor(readonly columns?: number) {
    super();
    this.isTTY = columns !== undefined;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

function clock() {
  let time = 0;
  return { now: () => time, pass: (ms: number) => (time += ms) };
}

describe('progress without a terminal', () => {
  test('has plain lines with share, rate and time left, at most one every five seconds', () => {
    const screen = new Screen();
    const { now, pass } = clock();
    const progress = createReporter(screen, now).progress('Import', 1000, 'rows');
    for (let done = 0; done < 1000; done += 10) {
      pass(110);
      progress.tick(done);
    }
    progress.done();
    expect(screen.text.split('\n')).toEqual([
      'Import: 45 % · 450 of 1,000 rows · 89/s · 6.2 s left',
      'Import: 91 % · 910 of 1,000 rows · 90/s · 1.0 s left',
      'Import: 1,000 rows in 11.0 s · 91/s',
      '',
    ]);
  });

  test('of quick work is one line at its end', () => {
    const screen = new Screen();
    const progress = createReporter(screen, () => 0).progress('Read');
    progress.tick(3);
    progress.done('nothing to do');
    progress.done();
    expect(screen.text).toBe('Read: 3 in 0 ms · nothing to do\n');
  });
});

describe('progress on a terminal', () => {
  test('is one line that never wraps and is erased at the end', () => {
    const screen = new Screen(60);
    const { now, pass } = clock();
    const progress = createReporter(screen, now).progress('Train', 100, 'steps');
    for (let done = 1; done <= 100; done++) {
      pass(150);
      progress.tick(done, 'loss 0.123456789, and a note that is much too long for the line');
    }
    progress.done();
    const drawn = screen.text.split('\r\u001b[K');
    expect(Math.max(...drawn.map((line) => line.replace(/\n/g, '').length))).toBeLessThan(60);
    expect(screen.text.endsWith('\r\u001b[KTrain: 100 steps in 15.0 s · 6.7/s\n')).toBe(true);
  });

  test('shows other lines above it', () => {
    const screen = new Screen(80);
    const reporter = createReporter(screen, () => 1000);
    reporter.progress('Train', 10).tick(1);
    reporter.say('saved');
    expect(screen.text).toMatch(/\r\u001b\[Ksaved\nTrain /);
  });
});

test('a stage timer adds up the spans of each stage, also failed ones', async () => {
  const { now, pass } = clock();
  const timer = createStageTimer(now);
  timer.measureSync('encode', () => pass(3));
  await timer.measure('read', async () => pass(10));
  await expect(timer.measure('read', () => Promise.reject(new Error('lost')))).rejects.toThrow('lost');
  timer.measureSync('encode', () => pass(4));
  expect([...timer.spans]).toEqual([
    ['encode', 7],
    ['read', 10],
  ]);
});

test.each([
  [12.4, '12 ms'],
  [1234, '1.2 s'],
  [59_990, '1 min 0 s'],
  [3_720_000, '1 h 2 min'],
  [NaN, 'unknown'],
])('%p ms reads as %p', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
