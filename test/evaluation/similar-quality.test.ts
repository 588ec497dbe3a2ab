// The quality of similar articles and searches on the small test shop. The encoder must beat the
// baselines. The picture of the result must not tell which articles it shows.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import type { ArticleRow } from '../../src/data/store/store';
import { openTrainingEngine } from '../../src/engine/training-engine';
import { NO_PHOTOS } from '../../src/api/http/photos';
import { patternName } from '../../src/demo/drawing/drawing';
import { similarQualityTable, similarSheet } from '../../src/cli/output/show';
import { silentReporter } from '../../src/telemetry/progress';
import { trainingConfig } from '../../src/training/config';
import { openKept } from '../../src/training/stages/embed';
import { SERVED, type SimilarQuality } from '../../src/evaluation/offline/similar-quality';
import { measureSimilar } from '../../src/training/measure-similar';
import { writeEncoder } from '../support/clip-folder';
import { createShop } from '../support/world';

const METHODS = ['random', 'same type', 'TF-IDF', 'encoder', SERVED, 'encoder, co-purchase 0.5', 'encoder small-clip'];
/** The methods with a margin. */
const ENCODERS = METHODS.slice(3);

let base: string;
let shop: Awaited<ReturnType<typeof createShop>>;
let quality: SimilarQuality;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'vitrine-similar-'));
  shop = await createShop('similar');
  const engine = openTrainingEngine({ threadsPerRun: 2 });
  const folder = await writeEncoder(join(base, 'small-clip'));
  const other = await openKept(engine, folder, join(base, 'models'), silentReporter);
  const questions = { articles: 200, days: 7, coPurchase: [0.5], show: 3, other };
  quality = await measureSimilar(engine, shop.store, trainingConfig('tiny', 1), questions, silentReporter);
  await engine.close();
});
afterAll(async () => {
  await shop.close();
  await rm(base, { recursive: true, force: true });
});

test('every measure of every method is a share', () => {
  expect(Object.keys(quality.methods)).toEqual(METHODS);
  expect(quality.articles).toBe(200);
  expect(quality.pairs).toBeGreaterThan(100);
  for (const { catalogue, sold, bought } of Object.values(quality.methods)) {
    for (const share of [...Object.values(catalogue), ...Object.values(sold), bought]) {
      expect(share).toBeGreaterThanOrEqual(0);
      expect(share).toBeLessThanOrEqual(1);
    }
  }
});

test('random articles of the same type agree in type, and in the rest hardly more than random ones', () => {
  const { random, 'same type': sameType } = quality.methods;
  expect(sameType.catalogue.type).toBe(1);
  expect(random.catalogue.type).toBeLessThan(0.2);
  expect(Math.abs(sameType.catalogue.colour - random.catalogue.colour)).toBeLessThan(0.1);
});

test('the encoder is far better than chance', () => {
  const { random, encoder } = quality.methods;
  expect(encoder.catalogue.type).toBeGreaterThan(5 * random.catalogue.type);
  expect(encoder.catalogue.pattern).toBeGreaterThan(1.5 * random.catalogue.pattern);
  expect(encoder.sold.type).toBeGreaterThan(5 * random.sold.type);
});

test('the margin is an encoder’s lead over TF-IDF, and lies within its interval', () => {
  const { margins, methods } = quality;
  expect(Object.keys(margins)).toEqual(ENCODERS);
  for (const [name, { catalogue, sold, bought, interval }] of Object.entries(margins)) {
    expect(catalogue.type).toBeCloseTo(methods[name].catalogue.type - methods['TF-IDF'].catalogue.type, 10);
    expect(sold.colour).toBeCloseTo(methods[name].sold.colour - methods['TF-IDF'].sold.colour, 10);
    expect(bought).toBeCloseTo(methods[name].bought - methods['TF-IDF'].bought, 10);
    expect(interval[0]).toBeLessThan(bought);
    expect(interval[1]).toBeGreaterThan(bought);
  }
});

test('a share of co-purchases finds more articles that are bought together', () => {
  const { encoder, 'encoder, co-purchase 0.5': blended, 'TF-IDF': words } = quality.methods;
  expect(blended.bought).toBeGreaterThan(encoder.bought);
  expect(blended.bought).toBeGreaterThan(words.bought);
});

test('the encoder finds nearly as much with mistyped words as with correct ones', () => {
  const { search } = quality;
  expect(quality.searches).toBeGreaterThan(50);
  expect(Object.keys(search)).toEqual(['TF-IDF', 'encoder', 'encoder small-clip']);
  expect(search.encoder['as written']).toBeGreaterThan(0.5);
  for (const writing of ['ending', 'typo', 'prefix'] as const) {
    expect(search.encoder[writing]).toBeGreaterThan(search['TF-IDF'][writing]);
    expect(search.encoder[writing]).toBeGreaterThan(0.6 * search.encoder['as written']);
  }
  // A word that is unknown to the shop hardly disturbs the others.
  expect(search.encoder.stranger).toBeGreaterThan(0.85 * search.encoder['as written']);
});

test('the tables have a line for each method', () => {
  const lines = similarQualityTable(quality).split('\n');
  expect(lines).toHaveLength(4 + METHODS.length + 4 + METHODS.length + 4 + 2 * ENCODERS.length + 4 + 3);
  expect(lines.filter((line) => /^encoder {2,}/.test(line))).toHaveLength(4);
});

describe('the picture', () => {
  let rows: ArticleRow[];
  let picture: string;
  beforeAll(async () => {
    rows = (await shop.store.articlesById(quality.shown.map(({ article }) => article))).filter((row) => row !== null);
    picture = await similarSheet(shop.store, quality.shown, NO_PHOTOS);
  });

  test('shows best sellers of different types, colours and patterns, with twelve articles by each method', () => {
    expect(rows).toHaveLength(3);
    expect(new Set(rows.map((row) => row.category.at(-1))).size).toBe(3);
    expect(new Set(rows.map((row) => row.colour)).size).toBe(3);
    expect(new Set(rows.map((row) => patternName(row))).size).toBe(3);
    for (const { article, lists } of quality.shown) {
      expect(Object.keys(lists)).toEqual([SERVED, 'encoder small-clip', 'TF-IDF']);
      for (const list of Object.values(lists)) {
        expect(new Set(list).size).toBe(12);
        expect(list).not.toContain(article);
      }
    }
  });

  test('marks and counts the attributes that agree', async () => {
    const [{ lists }] = quality.shown;
    const [own] = rows;
    const alike = await shop.store.articlesById(lists[SERVED]);
    const count = alike.filter((row) => row?.category.at(-1) === own.category.at(-1)).length;
    const [firstRow] = picture.split('class="title"').slice(1);
    expect(firstRow).toContain(`>type</text><text class="number"`);
    expect(/>type<\/text><text class="number"[^>]*>(\d+)</.exec(firstRow)?.[1]).toBe(String(count));
    expect(firstRow.match(/<circle class="(yes|no)"/g)).toHaveLength(36);
    expect(picture.match(/class="title"/g)).toHaveLength(9);
  });

  test('tells only type, colour and pattern of the articles', async () => {
    const all = [...new Set(quality.shown.flatMap(({ article, lists }) => [article, ...Object.values(lists).flat()]))];
    for (const row of await shop.store.articlesById(all)) {
      if (!row) throw new Error('no row');
      for (const secret of [row.id, row.name, row.description]) expect(picture).not.toContain(secret);
    }
    expect(picture).toContain(`<title>${rows[0].category.at(-1) ?? ''}`.slice(0, 7));
    expect(picture).not.toMatch(/https?:(?!\/\/www\.w3\.org\/2000\/svg)/);
  });

  test('needs no other file: its names are unique, its references are there, and it can be drawn', async () => {
    const ids = [...picture.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const used = [...picture.matchAll(/url\(#([^)]+)\)|href="#([^"]+)"/g)].map(([, url, href]) => url ?? href);
    expect(used.length).toBeGreaterThan(100);
    expect(ids).toEqual(expect.arrayContaining([...new Set(used)]));
    const { width, height, format } = await sharp(Buffer.from(picture)).metadata();
    expect(format).toBe('svg');
    expect([width, height]).toEqual([expect.any(Number), expect.any(Number)]);
  });

  test('shows the photos of articles that have one', async () => {
    const [{ article }] = quality.shown;
    const photo = { type: 'image/jpeg', content: Buffer.from('photo'), version: '1' } as const;
    const photos = { photo: async (id: string) => (id === article ? photo : undefined) };
    const withPhoto = await similarSheet(shop.store, quality.shown, photos);
    expect(withPhoto).toContain(`href="data:image/jpeg;base64,${photo.content.toString('base64')}"`);
    expect(withPhoto.match(/data:image/g)).toHaveLength(1);
  });
});

test('an article to be shown that is not there is an error that names it', async () => {
  const engine = openTrainingEngine({ threadsPerRun: 1 });
  const questions = { articles: 1, days: 7, show: ['nobody'] };
  const asked = measureSimilar(engine, shop.store, trainingConfig('tiny', 1), questions, silentReporter);
  await expect(asked).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    message: expect.stringContaining('"nobody"') as string,
  });
  await engine.close();
});
