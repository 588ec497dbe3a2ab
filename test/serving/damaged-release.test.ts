// A damaged or incomplete release is refused, and the message names the file.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openModelRunner } from '../../src/engine/model-runner';
import type { Manifest } from '../../src/release/format';
import { openRelease } from '../../src/release/open';
import { readFormer } from '../../src/release/weights';
import { createWorld, type World } from '../support/world';
import { editManifest } from './served';

let world: World;
beforeAll(async () => {
  world = await createWorld('damaged');
});
afterAll(() => world.close());

describe('a release that is not whole', () => {
  let folder: string;
  const open = async (): Promise<unknown> => {
    const engine = openModelRunner();
    try {
      return await openRelease(folder, engine);
    } finally {
      await engine.close();
    }
  };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vitrine-release-'));
    await cp(join(world.modelsDir, world.trained.manifest.name), folder, { recursive: true });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('opens when nothing was changed', async () => {
    await expect(open()).resolves.toBeDefined();
  });

  test('brings its report, and opens without one as well: not every release is measured', async () => {
    const report = await readFile(join(folder, 'report.html'), 'utf8');
    await expect(open()).resolves.toMatchObject({ report });
    await rm(join(folder, 'report.html'));
    await editManifest(folder, (manifest) => {
      delete (manifest.files as Record<string, string>)['report.html'];
    });
    await expect(open()).resolves.toMatchObject({ report: undefined });
  });

  test.each([
    'ranker/1/model.onnx',
    'articles.faiss',
    'encoder.json',
    'articles.ids',
    'ranker/config.pbtxt',
    'habits.bin',
    'report.html',
  ])('names the file when %s was damaged', async (file) => {
    const content = await readFile(join(folder, file));
    content[content.length >> 1] ^= 0xff;
    await writeFile(join(folder, file), content);
    await expect(open()).rejects.toThrow(`file ${file} does not fit: its SHA-256 is`);
  });

  test('names the file when one is missing', async () => {
    await rm(join(folder, 'query_tower/1/model.onnx'));
    await expect(open()).rejects.toThrow('lacks query_tower/1/model.onnx');
  });

  test('refuses another encoder than the models were trained with', async () => {
    await editManifest(folder, (manifest) => {
      manifest.encoder = 'another';
    });
    await expect(open()).rejects.toThrow('the models were trained with another');
  });

  test('refuses a ranker that reads other features than are made, to be served and to go on from', async () => {
    await editManifest(folder, (manifest) => {
      const { ranker } = manifest.models as Manifest['models'];
      for (const { name, shape } of ranker.inputs) if (name === 'pair') shape[2] = 7;
    });
    const refused = {
      code: 'RELEASE_INVALID',
      message: expect.stringContaining('reads 7 features of a pair') as string,
    };
    await expect(open()).rejects.toMatchObject(refused);
    await expect(readFormer(folder)).rejects.toMatchObject(refused);
  });

  test('refuses an index of another width than the manifest says', async () => {
    await editManifest(folder, (manifest) => {
      manifest.dims = { articles: 7, similar: 7 };
    });
    await expect(open()).rejects.toThrow(/file articles.faiss does not fit: its vectors have 32 numbers/);
  });

  test('says so when there is no manifest at all', async () => {
    await rm(join(folder, 'manifest.json'));
    await expect(open()).rejects.toMatchObject({ code: 'RELEASE_MISSING' });
  });
});
