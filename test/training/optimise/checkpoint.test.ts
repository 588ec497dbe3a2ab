// Checkpoints on disk: they are loaded as they were saved, damaged ones are ignored, and an
// unfinished write changes nothing.
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentReporter, type Reporter } from '../../../src/telemetry/progress';
import { openCheckpoints, type Checkpoint } from '../../../src/training/optimise/checkpoint';

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'vitrine-checkpoint-')), 'made', 'when-needed');
});
afterEach(() => rm(join(folder, '..', '..'), { recursive: true, force: true }));

const checkpoint = (first: number): Checkpoint => ({
  metadata: { segments: 3, note: 'ö', scores: [0.1, 0.25] },
  arrays: new Map([
    ['weights/a', Float32Array.of(first, -0, 1e-40, Infinity, Math.fround(0.1))],
    ['empty', new Float32Array(0)],
    ['part', new Float32Array([9, 8, 7, 6]).subarray(1, 3)],
  ]),
});

function listening(): { reporter: Reporter; said: string[] } {
  const said: string[] = [];
  return { said, reporter: { ...silentReporter, say: (line) => said.push(line) } };
}

async function onlyFile(): Promise<string> {
  const names = await readdir(folder);
  expect(names).toHaveLength(1);
  return join(folder, names[0]);
}

test('a checkpoint is loaded bit for bit, even by another process', async () => {
  await openCheckpoints(folder, silentReporter).save('run 1/towers', checkpoint(5));
  const loaded = await openCheckpoints(folder, silentReporter).load('run 1/towers');
  expect(loaded).toEqual(checkpoint(5));
});

test('each key has its own checkpoint, and the last save counts', async () => {
  const checkpoints = openCheckpoints(folder, silentReporter);
  await checkpoints.save('a', checkpoint(1));
  await checkpoints.save('../b', checkpoint(2));
  await checkpoints.save('a', checkpoint(3));
  expect(await checkpoints.load('a')).toEqual(checkpoint(3));
  expect(await checkpoints.load('../b')).toEqual(checkpoint(2));
  expect(await readdir(folder)).toHaveLength(2);
});

test('a key that was not saved gives undefined, without a message', async () => {
  const { reporter, said } = listening();
  const checkpoints = openCheckpoints(folder, reporter);
  expect(await checkpoints.load('a')).toBeUndefined();
  await checkpoints.save('b', checkpoint(1));
  expect(await checkpoints.load('a')).toBeUndefined();
  expect(said).toEqual([]);
});

test('a checkpoint with a changed byte, or cut short, is ignored with a message', async () => {
  const { reporter, said } = listening();
  const checkpoints = openCheckpoints(folder, reporter);
  await checkpoints.save('a', checkpoint(1));
  const path = await onlyFile();
  const whole = await readFile(path);
  for (let at = 0; at < whole.length; at += 7) {
    const damaged = Buffer.from(whole);
    damaged[at] ^= 0x11;
    for (const content of [damaged, whole.subarray(0, at)]) {
      await writeFile(path, content);
      expect(await checkpoints.load('a')).toBeUndefined();
    }
  }
  expect(said).toHaveLength(2 * Math.ceil(whole.length / 7));
  expect(said.every((line) => line.includes(path) && line.includes('damaged'))).toBe(true);
  await writeFile(path, Buffer.concat([whole, Buffer.of(0)]));
  expect(await checkpoints.load('a')).toBeUndefined();
  await writeFile(path, whole);
  expect(await checkpoints.load('a')).toEqual(checkpoint(1));
});

test('the draft of a killed process is removed, the draft of a running one stays', async () => {
  const checkpoints = openCheckpoints(folder, silentReporter);
  await checkpoints.save('a', checkpoint(1));
  const path = await onlyFile();
  const [dead, alive] = [`${path}.99999999.draft`, `${path}.${String(process.ppid)}.draft`];
  await writeFile(dead, 'half of the next');
  await writeFile(alive, 'half of the next');
  expect(await checkpoints.load('a')).toEqual(checkpoint(1));
  await checkpoints.save('b', checkpoint(2));
  const left = (await readdir(folder)).map((name) => join(folder, name));
  expect(left).not.toContain(dead);
  expect(left).toContain(alive);
});

test('a save that fails leaves the earlier checkpoint', async () => {
  const checkpoints = openCheckpoints(folder, silentReporter);
  await checkpoints.save('a', checkpoint(1));
  const metadata: Record<string, unknown> = {};
  metadata.itself = metadata;
  await expect(checkpoints.save('a', { ...checkpoint(2), metadata })).rejects.toThrow('circular');
  expect(await checkpoints.load('a')).toEqual(checkpoint(1));
});

test('a checkpoint that does not fit on the disk fails with a remedy, and its draft is removed at once', async () => {
  await openCheckpoints(folder, silentReporter).save('a', checkpoint(1));
  const path = await onlyFile();
  const script = `
    const { openCheckpoints } = require(${JSON.stringify(join(__dirname, '..', '..', '..', 'src', 'training', 'optimise', 'checkpoint.js'))});
    openCheckpoints(${JSON.stringify(folder)}, {})
      .save('a', { metadata: {}, arrays: new Map([['large', new Float32Array(2 ** 18)]]) })
      .catch(({ code, message }) => console.log(code, message));`;
  const { stdout } = spawnSync('bash', ['-c', 'ulimit -f 64; exec "$0" -e "$1"', process.execPath, script]);
  expect(stdout.toString()).toMatch(new RegExp(`^STORAGE_UNAVAILABLE Cannot use ${path}: .*ulimit`));
  expect(await onlyFile()).toBe(path);
  expect(await openCheckpoints(folder, silentReporter).load('a')).toEqual(checkpoint(1));
});

test('clearing removes all checkpoints and nothing else', async () => {
  const checkpoints = openCheckpoints(folder, silentReporter);
  await checkpoints.clear(); // no folder yet
  await checkpoints.save('a', checkpoint(1));
  await checkpoints.save('b', checkpoint(2));
  await writeFile(join(folder, 'README'), 'somebody else’s');
  await checkpoints.clear();
  expect(await readdir(folder)).toEqual(['README']);
});
