// Vectors of many texts, kept on disk: a killed run resumes, and equal texts are embedded once.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { textHash, type TextEncoder } from '../../../src/encoders/text-encoder';
import { silentReporter, type Reporter } from '../../../src/telemetry/progress';
import { openCheckpoints } from '../../../src/training/optimise/checkpoint';
import { embedTexts } from '../../../src/training/stages/embed';

let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'vitrine-embed-'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

describe('vectors of many texts', () => {
  /**
   * An encoder that records the texts that it embeds, and fails after this many, like a killed
   * process.
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

  test('are made once for equal texts, and are zeros without a text', async () => {
    const encoder = counting();
    const { vectors, ...counts } = await embedTexts(encoder, texts, kept('once'), silentReporter);
    expect(vectors).toEqual(expected);
    expect(counts).toEqual({ distinct, read: distinct });
    expect(encoder.asked).toHaveLength(distinct);
  });

  test('are not made twice after a run was killed', async () => {
    const first = counting(1_100);
    await expect(embedTexts(first, texts, kept('killed'), silentReporter)).rejects.toThrow('killed');
    const second = counting();
    const { vectors } = await embedTexts(second, texts, kept('killed'), silentReporter);
    expect(vectors).toEqual(expected);
    expect(first.asked.length).toBeGreaterThan(1_000);
    expect(new Set([...first.asked, ...second.asked]).size).toBe(first.asked.length + second.asked.length);
  });

  test('are made only for new texts when texts have changed', async () => {
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

  test('are kept for the present texts only', async () => {
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
    // All texts of the first chunk and some texts of the second chunk are gone.
    const encoder = counting();
    const { vectors } = await embedTexts(encoder, numbers(600, 1_500), kept('pruned'), silentReporter);
    expect([...vectors].filter((_, i) => i % 2 === 0)).toEqual(numbers(600, 1_500).map(Number));
    expect(encoder.asked).toEqual(numbers(1_300, 1_500));
    expect(await held()).toEqual({ all: hashes(numbers(600, 1_500)), total: 900, chunks: 3 });
    const again = counting();
    await embedTexts(again, numbers(600, 1_500), kept('pruned'), silentReporter);
    expect(again.asked).toEqual([]);
  });

  test('are made again if their file is damaged, and a message says so', async () => {
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
