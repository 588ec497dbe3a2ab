// `embed`: a release again with vectors by another encoder, end to end. What is searched, what is
// embedded while serving, what an encoder that is gone or another one leads to, and what a run that
// was killed leaves to the next.
import { mkdir, mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Store } from '../../../src/data/store/store';
import { textHash, type TextEncoder } from '../../../src/encoders/text-encoder';
import { openEngine, type Engine } from '../../../src/engine/engine';
import { articleText } from '../../../src/features/text';
import { openLiveShop } from '../../../src/serving/live/live-shop';
import { currentFolder, modelOf, openRelease, readManifest } from '../../../src/release/open';
import { publish } from '../../../src/release/release-store';
import { createHost } from '../../../src/serving/host';
import { openCurrent } from '../../../src/serving/opened';
import { silentReporter, type Reporter } from '../../../src/telemetry/progress';
import { createLog } from '../../../src/telemetry/log';
import { openCheckpoints } from '../../../src/training/optimise/checkpoint';
import { trainingConfig } from '../../../src/training/config';
import { embedRelease, embedTexts } from '../../../src/training/stages/embed';
import { vectorParts } from '../../../src/training/models/text-encoder';
import { train } from '../../../src/training/train';
import { clipModel, DIM, writeEncoder } from '../../support/clip-folder';
import { createWorld, hastyConfig, type World } from '../../support/world';

let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'vitrine-embed-'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

describe('vectors of many texts', () => {
  /**
   * Knows how often it was asked for what; fails after so many texts, as a process that is killed.
   */
  function counting(survives = Infinity): TextEncoder & { readonly asked: string[] } {
    const asked: string[] = [];
    return {
      name: 'counting',
      fingerprint: 'counting',
      dim: 2,
      asked,
      async encode(texts) {
        if (asked.length + texts.length > survives) throw new Error('killed');
        asked.push(...texts);
        return Float32Array.from(texts.flatMap((text) => [Number(text), 1]));
      },
    };
  }
  const kept = (name: string, reporter: Reporter = silentReporter) => openCheckpoints(join(base, name), reporter);
  const texts = Array.from({ length: 1_500 }, (_, i) => (i % 100 === 99 ? undefined : String(i % 1_300)));
  const expected = Float32Array.from(texts.flatMap((text) => (text === undefined ? [0, 0] : [Number(text), 1])));
  const distinct = new Set(texts.filter((text) => text !== undefined)).size;

  test('reads equal texts once, and gives zeros where there is none', async () => {
    const encoder = counting();
    const { vectors, ...counts } = await embedTexts(encoder, texts, kept('once'), silentReporter);
    expect(vectors).toEqual(expected);
    expect(counts).toEqual({ distinct, read: distinct });
    expect(encoder.asked).toHaveLength(distinct);
  });

  test('goes on where it was killed, and reads nothing twice', async () => {
    const first = counting(1_100);
    await expect(embedTexts(first, texts, kept('killed'), silentReporter)).rejects.toThrow('killed');
    const second = counting();
    const { vectors } = await embedTexts(second, texts, kept('killed'), silentReporter);
    expect(vectors).toEqual(expected);
    expect(first.asked.length).toBeGreaterThan(1_000);
    expect(new Set([...first.asked, ...second.asked]).size).toBe(first.asked.length + second.asked.length);
  });

  test('reads only what is new when texts have changed', async () => {
    await embedTexts(counting(), texts, kept('changed'), silentReporter);
    const encoder = counting();
    const { vectors, read } = await embedTexts(encoder, ['7', '5000', '8', '5000'], kept('changed'), silentReporter);
    expect([...vectors]).toEqual([7, 1, 5_000, 1, 8, 1, 5_000, 1]);
    expect(read).toBe(1);
    expect(encoder.asked).toEqual(['5000']);
    const again = counting();
    await embedTexts(again, ['5000'], kept('changed'), silentReporter);
    expect(again.asked).toEqual([]);
  });

  test('keeps vectors of the texts that there are, and no others', async () => {
    const held = async () => {
      const all: string[] = [];
      for (let chunk = 0; ; chunk++) {
        const saved = await kept('pruned').load(`texts ${chunk}`);
        if (!saved) return { all: new Set(all), total: all.length, chunks: chunk };
        all.push(...(saved.metadata as { texts: string[] }).texts);
      }
    };
    const hashes = (some: readonly string[]) => new Set(some.map(textHash));
    const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => String(from + i));
    await embedTexts(counting(), numbers(0, 1_300), kept('pruned'), silentReporter);
    expect(await held()).toMatchObject({ total: 1_300, chunks: 3 });
    // The first chunk is wholly of texts that are gone, the second partly.
    const encoder = counting();
    const { vectors } = await embedTexts(encoder, numbers(600, 1_500), kept('pruned'), silentReporter);
    expect([...vectors].filter((_, i) => i % 2 === 0)).toEqual(numbers(600, 1_500).map(Number));
    expect(encoder.asked).toEqual(numbers(1_300, 1_500));
    expect(await held()).toEqual({ all: hashes(numbers(600, 1_500)), total: 900, chunks: 3 });
    const again = counting();
    await embedTexts(again, numbers(600, 1_500), kept('pruned'), silentReporter);
    expect(again.asked).toEqual([]);
  });

  test('says of a damaged file that it is, and reads its texts again', async () => {
    await embedTexts(counting(), ['1', '2'], kept('damaged'), silentReporter);
    const said: string[] = [];
    const reporter = { ...silentReporter, say: (line: string) => said.push(line) };
    const [file] = await readdir(join(base, 'damaged'));
    await writeFile(join(base, 'damaged', file), 'nothing of the kind');
    const { vectors, read } = await embedTexts(counting(), ['1', '2'], kept('damaged', reporter), reporter);
    expect([...vectors]).toEqual([1, 1, 2, 1]);
    expect(read).toBe(2);
    expect(said.join()).toMatch(/is damaged/);
  });
});

describe('a release that was embedded by an encoder from a folder', () => {
  let shop: World;
  let engine: Engine;
  let modelsDir: string;
  let folder: string;
  let trained: string;
  let embedded: Awaited<ReturnType<typeof embedRelease>>;
  const serving = () => ({ modelsDir, device: 'cpu', threads: 1, explore: 24 }) as const;
  beforeAll(async () => {
    shop = await createWorld('embed');
    engine = openEngine({ threadsPerRun: 2 });
    modelsDir = shop.modelsDir;
    folder = await writeEncoder(join(base, 'small-clip'));
    trained = shop.trained.manifest.name;
    embedded = await embedRelease(engine, shop.store, modelsDir, folder, silentReporter);
  });
  afterAll(async () => {
    await engine.close();
    await shop.close();
  });

  test('is a release of its own, whose manifest says which encoder it was; the one before is as it was', async () => {
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
        `INSERT INTO articles (article_id, prod_name, detail_desc) VALUES ('new-1', 'Wholly new', 'Unlike 77 others.')`,
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

  test('reads no text twice: not at the start, nor when something else of an article changes; but what has come back', async () => {
    const opened = await openCurrent(serving(), shop.store);
    const runs = () => opened.engine.runs.get(`${embedded.encoder.fingerprint}/text_encoder`);
    const scoreOf = async (id: string) => {
      const [list] = await opened.recommender.search([{ text: 'Come and gone', first: 5 }]);
      if (list instanceof Error) throw list;
      return list.find(({ articleId }) => articleId === id)?.score;
    };
    const add = () =>
      shop.database.sql(`INSERT INTO articles (article_id, prod_name) VALUES ('new-2', 'Come and gone')`);
    const gone = `DELETE FROM articles WHERE article_id = 'new-2'`;
    try {
      // All articles were written within the minute before the training; one run is the encoder's
      // first, one the article of before.
      expect(runs()).toBe(2);
      await shop.database.sql('UPDATE articles SET section_name = $1', ['Another section']);
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
    // Deletions are looked at once a minute: by another clock.
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

  test('says what was expected, what came and what to do where its encoder is gone, or is another one', async () => {
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
      // Where the files are now may be said.
      const opened = await openCurrent({ ...serving(), encoderDir: away }, shop.store);
      await opened.close();
    } finally {
      await rm(folder, { recursive: true, force: true });
      await rename(away, folder);
    }
  });

  test('is served without a restart when an encoder that was gone is put back', async () => {
    const away = join(base, 'moved');
    await rename(folder, away);
    const host = createHost(serving(), shop.store, createLog({ logLevel: 'silent' }), 20);
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

  test('is made again from what was kept, and goes back to the built-in encoder', async () => {
    const kept = () => readdir(join(modelsDir, '.embeddings'));
    const { fingerprint } = embedded.encoder;
    const used = async (other: string, at: Date) => {
      const path = join(modelsDir, '.embeddings', other);
      await mkdir(path);
      await utimes(path, at, at);
    };
    for (const [days, other] of ['oldest', 'old', 'newer'].entries()) await used(other, new Date(2020, 0, days + 1));
    const again = await embedRelease(engine, shop.store, modelsDir, folder, silentReporter);
    // Of three encoders, the ones that were used last.
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
    // What was used within the day may be in use in this moment.
    for (const other of ['a', 'b', 'c']) await used(other, new Date(Date.now() - 3_600_000));
    await embedRelease(engine, shop.store, modelsDir, folder, silentReporter);
    expect(new Set(await kept())).toEqual(new Set([fingerprint, 'a', 'b', 'c']));
  });

  describe('where another release becomes current meanwhile', () => {
    /** The store, which first has somebody do something when a command reads the articles. */
    const whileReading = (meanwhile: () => Promise<unknown>): Store => ({
      ...shop.store,
      async *streamArticles() {
        await meanwhile();
        yield* shop.store.streamArticles();
      },
    });
    /** The current release, published again as another training would. */
    const trainedAgain = async (mark: string): Promise<string> => {
      const from = await currentFolder(modelsDir);
      const manifest = await readManifest(from);
      const files = new Map<string, Uint8Array>();
      for (const path of Object.keys(manifest.files)) files.set(path, await readFile(join(from, path)));
      const described = { ...manifest, training: { mark } };
      return (await publish(modelsDir, { described, files }, new Date())).name;
    };
    const goBackTo = (name: string) => writeFile(join(modelsDir, 'current'), `${name}\n`);

    test('its models are taken, whether it was trained or gone back to', async () => {
      const before = basename(await currentFolder(modelsDir));
      let newer = '';
      const store = whileReading(async () => {
        // Once: the second time nothing moves any more.
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

    test('embed gives up where that never ends, and leaves nothing behind', async () => {
      const others: string[] = [];
      const store = whileReading(async () => others.push(await trainedAgain('again')));
      await expect(embedRelease(engine, store, modelsDir, 'built-in', silentReporter)).rejects.toMatchObject({
        code: 'RELEASE_MOVED',
      });
      expect(others).toHaveLength(5);
      expect(await currentFolder(modelsDir)).toBe(join(modelsDir, others[4]));
      expect((await readdir(modelsDir)).filter((name) => name.endsWith('.draft'))).toEqual([]);
    });

    test('a warm start, which goes on from another one, publishes nothing; a training does, and says what it replaced', async () => {
      const before = basename(await currentFolder(modelsDir));
      let moved = '';
      const store = whileReading(async () => {
        moved ||= await trainedAgain('moved');
      });
      const config = hastyConfig(1);
      const warm = train(engine, store, modelsDir, config, { warmStart: true }, silentReporter);
      await expect(warm).rejects.toMatchObject({ code: 'RELEASE_MOVED' });
      expect(await currentFolder(modelsDir)).toBe(join(modelsDir, moved));

      const said: string[] = [];
      const reporter = { ...silentReporter, say: (line: string) => said.push(line) };
      let gone = false;
      const rolledBack = whileReading(async () => {
        if (!gone) await goBackTo(before);
        gone = true;
      });
      const { manifest } = await train(engine, rolledBack, modelsDir, config, {}, reporter);
      expect(await currentFolder(modelsDir)).toBe(join(modelsDir, manifest.name));
      expect(said.join()).toContain(`${manifest.name} replaces ${before}`);
    });
  });

  test('leaves the current release alone where the encoder cannot be used', async () => {
    const before = await currentFolder(modelsDir);
    const wrong = embedRelease(engine, shop.store, modelsDir, join(base, 'nowhere'), silentReporter);
    await expect(wrong).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(await currentFolder(modelsDir)).toBe(before);
  });
});
