// Publishing in a folder of releases: several publishers at once, in one process and in many, and
// the remains when publishing fails or its process ends. Files of a few bytes stand for models.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { currentRelease, publish, type Described } from '../../src/release/release-store';

const STORE = join(__dirname, '..', '..', 'src', 'release', 'release-store.js');
const described = { format: 2, training: {} } as unknown as Described;
const draft = { described, files: new Map([['model/1/model.onnx', 'bytes']]) };

let modelsDir: string;
beforeEach(async () => {
  modelsDir = await mkdtemp(join(tmpdir(), 'vitrine-releases-'));
});
afterEach(() => rm(modelsDir, { recursive: true, force: true }));

const releases = async (): Promise<string[]> => (await readdir(modelsDir)).filter((name) => name !== 'current').sort();

/**
 * Runs this code in a process of its own, where `store` is the module and `modelsDir` and `draft`
 * are as here.
 */
async function elsewhere(code: string, shell = ''): Promise<{ code: number | null; output: string }> {
  const script = `
    const store = require(${JSON.stringify(STORE)});
    const modelsDir = ${JSON.stringify(modelsDir)};
    const draft = { described: { format: 2, training: {} }, files: new Map([['model/1/model.onnx', 'bytes']]) };
    (async () => { ${code} })().then(console.log, (thrown) => console.log(thrown.code ?? thrown, thrown.message));`;
  const child = spawn('bash', ['-c', `${shell} exec "$0" -e "$1"`, process.execPath, script]);
  let output = '';
  child.stdout.on('data', (text) => (output += String(text)));
  child.stderr.on('data', (text) => (output += String(text)));
  const [status] = (await once(child, 'close')) as [number | null];
  return { code: status, output };
}

test('a release that was made from the current one replaces it', async () => {
  const first = await publish(modelsDir, draft, new Date());
  const second = await publish(modelsDir, draft, new Date(), first.name);
  expect(await currentRelease(modelsDir)).toBe(second.name);
  expect(await releases()).toEqual([first.name, second.name]);
});

test('if processes publish over one release at once, one wins and the others leave nothing', async () => {
  const first = await publish(modelsDir, draft, new Date(0));
  const code = `return (await store.publish(modelsDir, draft, new Date(), ${JSON.stringify(first.name)})).name`;
  const ended = await Promise.all(Array.from({ length: 6 }, () => elsewhere(code)));
  const won = ended.map(({ output }) => output.trim()).filter((output) => output.startsWith('20'));
  expect(won).toHaveLength(1);
  expect(ended.filter(({ output }) => output.startsWith('RELEASE_MOVED'))).toHaveLength(5);
  expect(await currentRelease(modelsDir)).toBe(won[0]);
  expect(await releases()).toEqual([first.name, won[0]]);
});

test('releases of one moment get different names', async () => {
  const now = new Date();
  const all = await Promise.all(Array.from({ length: 4 }, () => publish(modelsDir, draft, now)));
  expect(new Set(all.map(({ name }) => name)).size).toBe(4);
  for (const { name } of all) {
    expect(JSON.parse(await readFile(join(modelsDir, name, 'manifest.json'), 'utf8'))).toMatchObject({ name });
  }
});

test('a release that cannot be made current does not stay', async () => {
  const first = await publish(modelsDir, draft, new Date(0));
  // A folder of this name blocks the new `current`.
  await mkdir(join(modelsDir, '.current.draft', 'full'), { recursive: true });
  await expect(publish(modelsDir, draft, new Date())).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  expect(await currentRelease(modelsDir)).toBe(first.name);
  expect((await releases()).filter((name) => !name.startsWith('.'))).toEqual([first.name]);
});

test('a release that was not made from the current one is refused and leaves nothing', async () => {
  const first = await publish(modelsDir, draft, new Date());
  const second = await publish(modelsDir, draft, new Date());
  const late = publish(modelsDir, draft, new Date(), first.name);
  await expect(late).rejects.toMatchObject({ code: 'RELEASE_MOVED' });
  await expect(late).rejects.toThrow(second.name);
  expect(await currentRelease(modelsDir)).toBe(second.name);
  expect(await releases()).toEqual([first.name, second.name]);
});

test('a file that is too large for the disk is named with a remedy, and the draft is removed at once', async () => {
  const first = await publish(modelsDir, draft, new Date());
  const { output } = await elsewhere(
    `draft.files.set('large.bin', Buffer.alloc(2 ** 20));
     return store.publish(modelsDir, draft, new Date())`,
    'ulimit -f 64;',
  );
  expect(output).toMatch(/^STORAGE_UNAVAILABLE Cannot use .*large\.bin: .*ulimit/);
  expect(await releases()).toEqual([first.name]);
  expect(await currentRelease(modelsDir)).toBe(first.name);
});

const mounted = spawnSync('bash', ['-c', 'd=$(mktemp -d) && mount -t tmpfs none "$d" && umount "$d" && rmdir "$d"']);
const disks = mounted.status === 0 ? describe : describe.skip;
disks(`a disk of 256 KiB${mounted.status === 0 ? '' : ' (skipped: this user cannot mount one)'}`, () => {
  beforeEach(() => {
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', modelsDir]);
  });
  afterEach(() => {
    spawnSync('umount', [modelsDir]);
  });

  test('that is full is reported as full, keeps its release, and has room again', async () => {
    const first = await publish(modelsDir, draft, new Date());
    const large = { described, files: new Map([['large.bin', Buffer.alloc(2 ** 20)]]) };
    await expect(publish(modelsDir, large, new Date())).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: expect.stringMatching(/large\.bin: the disk is full/) as string,
    });
    expect(await releases()).toEqual([first.name]);
    const next = await publish(modelsDir, draft, new Date(), first.name);
    expect(await currentRelease(modelsDir)).toBe(next.name);
  });
});

test('a draft is removed when its process ends', async () => {
  const { code, output } = await elsewhere(
    `void store.publish(modelsDir, draft, new Date());
     const { readdirSync } = require('node:fs');
     while (!readdirSync(modelsDir).some((name) => name.endsWith('.draft'))) await new Promise(setImmediate);
     console.log('begun');
     process.exit(3)`,
  );
  expect({ code, output }).toEqual({ code: 3, output: 'begun\n' });
  expect(await releases()).toEqual([]);
});

test('a file in place of the folder of releases is reported as such', async () => {
  const file = join(modelsDir, 'file');
  await writeFile(file, '');
  for (const failing of [
    () => publish(join(file, 'models'), draft, new Date()),
    () => currentRelease(join(file, 'models')),
  ]) {
    await expect(failing()).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: expect.stringContaining('a file, not a folder') as string,
    });
  }
});
