// `embed`, end to end: a release with the vectors of another encoder, its searches, and new
// articles while it is served. The tests also cover an encoder that is gone or has changed.
import { mkdir, mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Store } from '../../../src/data/store/store';
import { openTrainingEngine, type TrainingEngine } from '../../../src/engine/training-engine';
import { articleText } from '../../../src/features/article-text';
import { openLiveShop } from '../../../src/serving/live/live-shop';
import { openRelease } from '../../../src/release/open';
import { modelOf } from '../../../src/release/models';
import { currentFolder, readManifest } from '../../../src/release/files';
import { publish } from '../../../src/release/release-store';
import { createHost } from '../../../src/serving/host';
import { openCurrent } from '../../../src/serving/opened';
import { silentReporter } from '../../../src/telemetry/progress';
import { createLog } from '../../../src/telemetry/log';
import { trainingConfig } from '../../../src/training/config';
import { embedRelease } from '../../../src/training/stages/embed';
import { vectorParts } from '../../../src/training/models/text-encoder';
import { train } from '../../../src/training/train';
import { clipModel, DIM, writeEncoder } from '../../support/clip-folder';
import { createWorld, hastyConfig, type World } from '../../support/world';

let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'vitrine-embed-'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

describe('a release that was embedded by an encoder from a folder', () => {
  let shop: World;
  let engine: TrainingEngine;
  let modelsDir: string;
  let folder: string;
  let trained: string;
  let embedded: Awaited<ReturnType<typeof embedRelease>>;
  const serving = () => ({ modelsDir, device: 'cpu', threads: 1, explore: 24 }) as const;
  beforeAll(async () => {
    shop = await createWorld('embed');
    engine = openTrainingEngine({ threadsPerRun: 2 });
    modelsDir = shop.modelsDir;
    folder = await writeEncoder(join(base, 'small-clip'));
    trained = shop.trained.manifest.name;
    embedded = await embedRelease(engine, shop.store, modelsDir, folder, silentReporter);
  });
  afterAll(async () => {
    await engine.close();
    await shop.close();
  });

  test('is a new release whose manifest names the encoder; the old release does not change', async () => {
    const manifest = await readManifest(await currentFolder(modelsDir));
    expect(manifest).toEqual(embedded.manifest);
    expect(manifest.name > trained).toBe(true);
    expect(manifest.dims.similar).toBe(DIM);
    expect(manifest.textEncoder).toMatchObject({
      name: 'small-clip',
      folder,
      fingerprint: embedded.encoder.fingerprint,
    });
    const before = await readManifest(join(modelsDir, trained));
    expect(before.textEncoder).toBe('built-in');
    const { 'similar.faiss': was, ...others } = before.files;
    expect(manifest.files).toEqual({
      ...others,
      'articles.texts': expect.any(String) as string,
      'similar.faiss': expect.not.stringMatching(was) as string,
    });
    await expect(openRelease(join(modelsDir, trained), engine)).resolves.toMatchObject({
      textEncoder: { name: 'built-in', parts: vectorParts(trainingConfig('tiny', 1).text) },
    });
  });

  test('finds similar articles by the vectors of that encoder', async () => {
    const opened = await openCurrent(serving(), shop.store);
    try {
      const rows = (await shop.store.articlesByKey([...opened.shop.articles.catalogue.keys])).filter(
        (row) => row !== null,
      );
      const { textEncoder } = await openRelease(await currentFolder(modelsDir), engine);
      expect(textEncoder.parts).toBeUndefined();
      const vectors = await textEncoder.encode(rows.map(articleText));
      const cosine = (a: number, b: number) =>
        Array.from({ length: DIM }, (_, d) => vectors[a * DIM + d] * vectors[b * DIM + d]).reduce(
          (sum, x) => sum + x,
          0,
        );
      const [list] = await opened.recommender.similar([
        { articleId: rows[3].id, first: 10, perProduct: 100, coPurchase: 0 },
      ]);
      if (list instanceof Error || list === null) throw new Error('no list');
      const best = rows
        .map((_, i) => cosine(3, i))
        .filter((_, i) => i !== 3)
        .sort((a, b) => b - a);
      list.forEach(({ score }, i) => expect(score).toBeCloseTo(Math.min(1, best[i]), 3));
      const [found] = await opened.recommender.search([{ text: articleText(rows[5]), first: 1 }]);
      if (found instanceof Error) throw found;
      expect(found[0].score).toBeCloseTo(1, 3);
    } finally {
      await opened.close();
    }
  });

  test('has new articles embedded by the same encoder while it is served', async () => {
    const opened = await openCurrent(serving(), shop.store);
    try {
      await shop.database.sql(
        `INSERT INTO articles (article_id, name, description) VALUES ('new-1', 'Wholly new', 'Unlike 77 others.')`,
      );
      await opened.shop.refresh();
      const [row] = await shop.store.articlesById(['new-1']);
      if (!row) throw new Error('no row');
      const [found] = await opened.recommender.search([{ text: articleText(row), first: 3 }]);
      if (found instanceof Error) throw found;
      expect(found.find(({ articleId }) => articleId === 'new-1')?.score).toBeCloseTo(1, 3);
    } finally {
      await opened.close();
    }
  });

  test('embeds no text twice, unless its article was deleted and has come back', async () => {
    const opened = await openCurrent(serving(), shop.store);
    const runs = () => opened.engine.runs.get(`${embedded.encoder.fingerprint}/text_encoder`);
    const scoreOf = async (id: string) => {
      const [list] = await opened.recommender.search([{ text: 'Come and gone', first: 5 }]);
      if (list instanceof Error) throw list;
      return list.find(({ articleId }) => articleId === id)?.score;
    };
    const add = () => shop.database.sql(`INSERT INTO articles (article_id, name) VALUES ('new-2', 'Come and gone')`);
    const gone = `DELETE FROM articles WHERE article_id = 'new-2'`;
    try {
      // All articles were written in the minute before the training. One of the two runs is the
      // first run of the encoder, and the other embeds the article of the previous test.
      expect(runs()).toBe(2);
      await shop.database.sql('UPDATE articles SET url = $1', ['https://shop.example']);
      expect(await opened.shop.refresh()).toBeGreaterThan(400);
      expect(runs()).toBe(2);
      await add();
      await opened.shop.refresh();
      expect(runs()).toBe(3);
      expect(await scoreOf('new-2')).toBeCloseTo(1, 3);
    } finally {
      await opened.close();
      await shop.database.sql(gone);
    }
    // Deletions are checked once a minute, so the test sets the clock.
    let now = 0;
    const release = await openRelease(await currentFolder(modelsDir), engine);
    const live = await openLiveShop({
      store: shop.store,
      release,
      reporter: silentReporter,
      articleTower: modelOf(engine, release.manifest, 'article_tower'),
      clock: () => now,
    });
    const nearest = async () => {
      const [list] = await live.articles.similar(await live.articles.embedTexts(['Come and gone']), 1);
      return list[0].score;
    };
    await add();
    now += 61_000;
    await live.refresh();
    expect(await nearest()).toBeCloseTo(1, 3);
    await shop.database.sql(gone);
    now += 61_000;
    await live.refresh();
    expect(await nearest()).toBeLessThan(0.999);
    await add();
    now += 61_000;
    await live.refresh();
    expect(await nearest()).toBeCloseTo(1, 3);
    await shop.database.sql(gone);
  });

  test('is refused with a remedy if its encoder is gone or has changed', async () => {
    const away = join(base, 'moved');
    await rename(folder, away);
    try {
      const gone = openCurrent(serving(), shop.store);
      await expect(gone).rejects.toMatchObject({ code: 'RELEASE_INVALID' });
      for (const part of [folder, /no such folder/, /ENCODER_DIR/, /vitrine embed --encoder/])
        await expect(gone).rejects.toThrow(part);
      await writeEncoder(folder, { 'onnx/text_model.onnx': clipModel(['last_hidden_state']) });
      const other = openCurrent(serving(), shop.store);
      await expect(other).rejects.toThrow(/files of another encoder \(onnx\/text_model\.onnx differ\)/);
      // The setting can name the new folder of the files.
      const opened = await openCurrent({ ...serving(), encoderDir: away }, shop.store);
      await opened.close();
    } finally {
      await rm(folder, { recursive: true, force: true });
      await rename(away, folder);
    }
  });

  test('is served without a restart once a missing encoder is put back', async () => {
    const away = join(base, 'moved');
    await rename(folder, away);
    const host = createHost(serving(), shop.store, createLog({ logLevel: 'silent' }), { followMs: 20 });
    try {
      await host.start();
      expect(host.release()).toBeUndefined();
      expect(host.problem()).toContain('ENCODER_DIR');
      await rename(away, folder);
      const deadline = performance.now() + 20_000;
      while (host.release() === undefined) {
        if (performance.now() > deadline) throw new Error(`not served: ${host.problem()}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      expect(host.problem()).toBeUndefined();
    } finally {
      await host.close();
    }
  });

  test('is made again from the kept vectors, and goes back to the built-in encoder', async () => {
    const kept = () => readdir(join(modelsDir, '.embeddings'));
    const { fingerprint } = embedded.encoder;
    const used = async (other: string, at: Date) => {
      const path = join(modelsDir, '.embeddings', other);
      await mkdir(path);
      await utimes(path, at, at);
    };
    for (const [days, other] of ['oldest', 'old', 'newer'].entries()) await used(other, new Date(2020, 0, days + 1));
    const again = await embedRelease(engine, shop.store, modelsDir, folder, silentReporter);
    // The vectors of the three most recently used encoders are kept.
    expect(new Set(await kept())).toEqual(new Set([fingerprint, 'newer', 'old']));
    expect(again.texts).toBe(embedded.texts);
    expect(again.read).toBe(0);
    expect(again.manifest.files['similar.faiss']).toBe(embedded.manifest.files['similar.faiss']);
    const back = await embedRelease(engine, shop.store, modelsDir, 'built-in', silentReporter);
    expect(back.manifest.textEncoder).toBe('built-in');
    expect(await kept()).toHaveLength(3);
    const first = await readManifest(join(modelsDir, trained));
    expect(back.manifest.dims).toEqual(first.dims);
    const opened = await openCurrent(serving(), shop.store);
    await opened.close();
    // An encoder that was used within the day may be in use now.
    for (const other of ['a', 'b', 'c']) await used(other, new Date(Date.now() - 3_600_000));
    await embedRelease(engine, shop.store, modelsDir, folder, silentReporter);
    expect(new Set(await kept())).toEqual(new Set([fingerprint, 'a', 'b', 'c']));
  });

  describe('while another release becomes current', () => {
    /** Makes a store that runs `meanwhile` before a command reads the articles. */
    const whileReading = (meanwhile: () => Promise<unknown>): Store => ({
      ...shop.store,
      async *streamArticles() {
        await meanwhile();
        yield* shop.store.streamArticles();
      },
    });
    /** Publishes the current release again, as another training would. */
    const trainedAgain = async (mark: string): Promise<string> => {
      const from = await currentFolder(modelsDir);
      const manifest = await readManifest(from);
      const files = new Map<string, Uint8Array>();
      for (const path of Object.keys(manifest.files)) files.set(path, await readFile(join(from, path)));
      const described = { ...manifest, training: { mark } };
      return (await publish(modelsDir, { described, files }, new Date())).name;
    };
    const goBackTo = (name: string) => writeFile(join(modelsDir, 'current'), `${name}\n`);

    test('the models of that release are used, whether newer or older', async () => {
      const before = basename(await currentFolder(modelsDir));
      let newer = '';
      const store = whileReading(async () => {
        // Only once: at the second try no release becomes current.
        newer ||= await trainedAgain('newer');
      });
      const said: string[] = [];
      const reporter = { ...silentReporter, say: (line: string) => said.push(line) };
      const { manifest, read } = await embedRelease(engine, store, modelsDir, folder, reporter);
      expect(await currentFolder(modelsDir)).toBe(join(modelsDir, manifest.name));
      expect(manifest.training).toEqual({ mark: 'newer' });
      expect(manifest.textEncoder).toMatchObject({ name: 'small-clip' });
      expect(read).toBe(0);
      expect(said.join()).toContain(`The release ${newer} has become current meanwhile`);

      let back = false;
      const rolledBack = whileReading(async () => {
        if (!back) await goBackTo(before);
        back = true;
      });
      const again = await embedRelease(engine, rolledBack, modelsDir, folder, silentReporter);
      expect(again.manifest.training).toMatchObject({ size: 'tiny' });
    });

    test('embed gives up if the current release keeps changing, and leaves no draft behind', async () => {
      const others: string[] = [];
      const store = whileReading(async () => others.push(await trainedAgain('again')));
      await expect(embedRelease(engine, store, modelsDir, 'built-in', silentReporter)).rejects.toMatchObject({
        code: 'RELEASE_MOVED',
      });
      expect(others).toHaveLength(5);
      expect(await currentFolder(modelsDir)).toBe(join(modelsDir, others[4]));
      expect((await readdir(modelsDir)).filter((name) => name.endsWith('.draft'))).toEqual([]);
    });

    test('a warm start from a release that was replaced meanwhile publishes nothing; a normal training publishes and names the release it replaced', async () => {
      const before = basename(await currentFolder(modelsDir));
      let moved = '';
      const store = whileReading(async () => {
        moved ||= await trainedAgain('moved');
      });
      const config = hastyConfig(1);
      const warm = train(engine, store, config, { modelsDir, warmStart: true }, silentReporter);
      await expect(warm).rejects.toMatchObject({ code: 'RELEASE_MOVED' });
      expect(await currentFolder(modelsDir)).toBe(join(modelsDir, moved));

      const said: string[] = [];
      const reporter = { ...silentReporter, say: (line: string) => said.push(line) };
      let gone = false;
      const rolledBack = whileReading(async () => {
        if (!gone) await goBackTo(before);
        gone = true;
      });
      const { manifest } = await train(engine, rolledBack, config, { modelsDir }, reporter);
      expect(await currentFolder(modelsDir)).toBe(join(modelsDir, manifest.name));
      expect(said.join()).toContain(`${manifest.name} replaces ${before}`);
    });
  });

  test('does not change if the encoder cannot be used', async () => {
    const before = await currentFolder(modelsDir);
    const wrong = embedRelease(engine, shop.store, modelsDir, join(base, 'nowhere'), silentReporter);
    await expect(wrong).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(await currentFolder(modelsDir)).toBe(before);
  });
});
