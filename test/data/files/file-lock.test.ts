import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withFileLock } from '../../../src/data/files/file-lock';
import { beat, markOf } from '../../../src/data/files/process-mark';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitrine-lock-'));
  file = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

const work = (): Promise<string> => Promise.resolve('done');

test('only one caller holds a lock at a time', async () => {
  let inside = 0;
  const most: number[] = [];
  await Promise.all(
    Array.from({ length: 5 }, () =>
      withFileLock(file, async () => {
        most.push(++inside);
        await new Promise((resolve) => setTimeout(resolve, 5));
        inside--;
      }),
    ),
  );
  expect(most).toEqual([1, 1, 1, 1, 1]);
  expect(existsSync(file)).toBe(false);
});

test('the lock of a dead process is taken over at once', async () => {
  writeFileSync(file, markOf(process.pid).replace(/^\d+/, String(2 ** 22)));
  expect(await withFileLock(file, work, 5000)).toBe('done');
});

test('the lock of another container is taken over only after its heart stops', async () => {
  // No process here has its pid.
  const foreign = `${2 ** 22} 1 another-boot/pid:[1]\n`;
  const silent = join(folder, 'silent');
  for (const one of [file, silent]) writeFileSync(one, foreign);
  const heart = setInterval(() => beat(file), 500);
  const refused = withFileLock(file, work, 12_000);
  const takenOver = withFileLock(silent, work, 30_000);
  await expect(refused).rejects.toThrow(/held by process 4194304 of another container or machine for more than 12 s/);
  clearInterval(heart);
  expect(readFileSync(file, 'utf8')).toBe(foreign);
  expect(await takenOver).toBe('done');
}, 120_000);
