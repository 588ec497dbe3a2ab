// One release on two devices: processors, and a GPU by WebGPU. The GPU is emulated by software
// (SwiftShader, which comes with Debian's Chromium). It is slow, but uses the same code path as a
// real GPU.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { provideBrowser } from '../support/browser';
import { createWorld, type World } from '../support/world';

const MAIN = join(__dirname, '..', '..', 'src', 'main.js');
const DRIVER = 'vk_swiftshader_icd.json';

/**
 * The folder of the Vulkan software driver. In Debian it is the folder of Chromium's program,
 * elsewhere the folder of the link.
 */
const browser = provideBrowser();
const folder = [
  '/usr/lib/chromium',
  ...('path' in browser ? [dirname(browser.path)] : []),
  '/usr/lib/chromium-browser',
].find((place) => existsSync(join(place, DRIVER)));

let world: World;
let customers: string[];
let articles: string[];

beforeAll(async () => {
  world = await createWorld('webgpu');
  customers = (await world.store.customersPage(8)).rows.map(({ id }) => id);
  articles = (await world.store.articlesPage(8)).rows.map(({ id }) => id);
});
afterAll(() => world.close());

interface Scored {
  readonly articleId: string;
  readonly score: number;
}

/** The answer of `vitrine ARGS --json` on a device. */
function answer(device: 'cpu' | 'webgpu', args: readonly string[]): unknown {
  const stdout = execFileSync(process.execPath, [MAIN, ...args, '--json'], {
    encoding: 'utf8',
    env: {
      ...process.env,
      DATABASE_URL: world.database.url,
      MODELS_DIR: world.modelsDir,
      LOG_LEVEL: 'error',
      VITRINE_DEVICE: device,
      LD_LIBRARY_PATH: folder,
      VK_DRIVER_FILES: join(folder ?? '', DRIVER),
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return JSON.parse(stdout);
}

/** Articles with nearly equal scores may swap ranks, and the last article of a list may differ. */
function expectAlike(one: readonly Scored[], other: readonly Scored[]): void {
  expect(other).toHaveLength(one.length);
  const scores = new Map(other.map(({ articleId, score }) => [articleId, score]));
  one.forEach(({ articleId, score }, place) => {
    expect(Math.abs(other[place].score - score)).toBeLessThan(2e-3);
    const there = scores.get(articleId);
    if (there === undefined) expect(score - one[one.length - 1].score).toBeLessThan(2e-3);
    else expect(Math.abs(there - score)).toBeLessThan(2e-3);
  });
}

const where = folder === undefined ? describe.skip : describe;
where(`a release on a GPU${folder === undefined ? ' (there is no software Vulkan here)' : ''}`, () => {
  test('recommends the same as on processors', () => {
    type Answer = { customerId: string; recommendations: Scored[] }[];
    const args = ['recommend', ...customers, 'nobody', '--first', '20'];
    const [cpu, gpu] = (['cpu', 'webgpu'] as const).map((device) => answer(device, args) as Answer);
    expect(gpu.map(({ customerId }) => customerId)).toEqual([...customers, 'nobody']);
    cpu.forEach(({ recommendations }, c) => {
      expectAlike(recommendations, gpu[c].recommendations);
    });
  });

  test('finds the same similar articles as on processors', () => {
    type Answer = { similar: Scored[] }[];
    const args = ['similar', ...articles, '--first', '12'];
    const [cpu, gpu] = (['cpu', 'webgpu'] as const).map((device) => answer(device, args) as Answer);
    cpu.forEach(({ similar }, a) => {
      expectAlike(similar, gpu[a].similar);
    });
  });
});
