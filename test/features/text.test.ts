// The tokens of texts, and the built-in encoder that makes vectors of them.

import type { ArticleRow } from '../../src/data/store/store';
import type { Batch } from '../../src/engine/batch';
import { inMemory } from '../../src/engine/model-runner';
import { openTrainingEngine, type TrainingEngine } from '../../src/engine/training-engine';
import { CoPurchases } from '../../src/statistics/co-purchase';
import { articleText } from '../../src/features/article-text';
import { fitTokeniser, MAX_TOKENS, openTokeniser, type Tokeniser } from '../../src/features/text';
import { encodeOnnx } from '../../src/graph/onnx';
import { createRandom } from '../../src/random';
import { silentReporter } from '../../src/telemetry/progress';
import { textEncoder, trainTextEncoder } from '../../src/training/models/text-encoder';
import { articleRow } from '../support/rows';

const HASH_SLOTS = 512;

describe('the tokeniser', () => {
  const tokeniser = fitTokeniser(['red dress', 'red shirt', 'blue dress', 'blue shirt red', 'once']);
  const tokensOf = (text: string) => {
    const { text_ids: ids, text_weights: weights } = tokeniser.inputs([text]);
    expect([ids.shape, weights.shape]).toEqual([
      [1, MAX_TOKENS],
      [1, MAX_TOKENS],
    ]);
    const used = [...weights.data].filter((weight) => weight !== 0).length;
    expect([...ids.data].slice(used).every((id) => id === 0)).toBe(true);
    return { ids: [...ids.data].slice(0, used), weights: [...weights.data].slice(0, used) };
  };

  test('gives a word of at least two articles its own id, the most frequent first', () => {
    expect(tokeniser.slots).toBe(1 + HASH_SLOTS + 4);
    expect(tokensOf('red blue dress shirt').ids).toEqual([513, 514, 515, 516]);
  });

  test('gives unknown words shared slots by hash, never that of a known word', () => {
    const unknown = ['once', 'never', 'seen', 'würde', '裙子'].map((word) => tokensOf(word).ids[0]);
    for (const id of unknown) {
      expect(id).toBeGreaterThanOrEqual(1);
      expect(id).toBeLessThanOrEqual(HASH_SLOTS);
    }
    expect(new Set(unknown).size).toBeGreaterThan(3);
    expect(tokensOf('a never b').ids[1]).toBe(unknown[1]);
  });

  test('gives any text weights whose squares sum to 1', () => {
    const many = Array.from({ length: 500 }, (_, i) => `w${i}`).join(' ');
    for (const text of ['red', 'red blue dress', 'something else entirely', 'red red red never', many]) {
      expect(Math.hypot(...tokensOf(text).weights)).toBeCloseTo(1, 5);
    }
  });

  test('takes each word once, and gives rare words more weight', () => {
    const { ids, weights } = tokensOf('red shirt red once');
    expect(ids).toHaveLength(3);
    expect(weights[1]).toBeGreaterThan(weights[0]);
    expect(weights[2]).toBeGreaterThan(weights[1]);
  });

  test('gives no tokens for a text without words', () => {
    expect(tokensOf('')).toEqual({ ids: [], weights: [] });
    expect(tokensOf('…')).toEqual({ ids: [], weights: [] });
  });

  test('reads the first words of a long text', () => {
    const long = Array.from({ length: MAX_TOKENS + 20 }, (_, i) => `w${i}`);
    expect(tokensOf(long.join(' '))).toEqual(tokensOf(long.slice(0, MAX_TOKENS).join(' ')));
    expect(tokensOf(long.join(' ')).ids).toHaveLength(MAX_TOKENS);
  });

  test('reads half of a long text from its beginning, and of the rest the rarest known words', () => {
    const word = (kind: string, i: number) => `${kind}${String(i)}`;
    const range = (kind: string, count: number) => Array.from({ length: count }, (_, i) => word(kind, i));
    // Common words are in 40 of 100 articles, rare ones in 4. Words of one article are not known.
    const texts = Array.from({ length: 100 }, (_, i) =>
      [...(i < 40 ? range('common', 60) : []), ...(i < 4 ? range('rare', 10) : []), word('single', i)].join(' '),
    );
    const shop = fitTokeniser(texts);
    const idsOf = (text: string) => [...shop.inputs([text]).text_ids.data].filter((id) => id !== 0);
    const own = range('own', 40);
    const read = idsOf([...own, ...range('common', 60), ...range('rare', 10)].join(' '));
    expect(read).toHaveLength(MAX_TOKENS);
    expect(read.slice(0, 32)).toEqual(own.slice(0, 32).flatMap(idsOf));
    expect(read.slice(32, 42).sort()).toEqual(range('rare', 10).flatMap(idsOf).sort());
    expect(range('common', 60).flatMap(idsOf)).toEqual(expect.arrayContaining(read.slice(42)));
  });

  test('does not read words that nearly all articles have, unless a text has no others', () => {
    const notes = Array.from({ length: 80 }, (_, i) => `note${i}`).join(' ');
    const shop = fitTokeniser(Array.from({ length: 20 }, (_, i) => `${notes} ${i % 2 === 0 ? 'cup' : 'bowl'}`));
    const read = (text: string, kind?: 'search') => shop.inputs([text], kind);
    expect(read(`${notes} cup`)).toEqual(read('cup'));
    expect(read('note1 cup', 'search')).toEqual(read('cup', 'search'));
    expect([...read('note1 note2').text_weights.data].filter((weight) => weight > 0)).toHaveLength(2);
    expect([...read('note1 note2', 'search').text_weights.data].filter((weight) => weight > 0)).toHaveLength(2);
  });

  test('finds a character of a script without spaces in the pairs that hold it', () => {
    const shop = fitTokeniser(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? `红色杯子` : `蓝色花瓶`)));
    const idsOf = (text: string, kind?: 'search') =>
      [...shop.inputs([text], kind).text_ids.data].filter((id) => id !== 0).sort();
    expect(idsOf('杯', 'search')).toEqual(idsOf('色杯子'));
    expect(idsOf('花瓶', 'search')).toEqual(idsOf('花瓶'));
  });

  test('gives the same tokens for many texts as for each alone', () => {
    const texts = ['red dress', '', 'never seen', 'shirt'];
    const together = tokeniser.inputs(texts);
    texts.forEach((text, r) => {
      for (const [name, { data }] of Object.entries(tokeniser.inputs([text]))) {
        expect(together[name].data.subarray(r * MAX_TOKENS, (r + 1) * MAX_TOKENS)).toEqual(data);
      }
    });
  });

  test('does not depend on the order of the articles, and can be saved and opened', () => {
    const reversed = fitTokeniser(['once', 'blue shirt red', 'blue dress', 'red shirt', 'red dress']);
    expect(reversed.fingerprint).toBe(tokeniser.fingerprint);
    const opened = openTokeniser(JSON.parse(JSON.stringify(tokeniser)));
    expect(opened.fingerprint).toBe(tokeniser.fingerprint);
    expect(opened.inputs(['red never dress'])).toEqual(tokeniser.inputs(['red never dress']));
    expect(fitTokeniser(['red dress', 'red shirt']).fingerprint).not.toBe(tokeniser.fingerprint);
  });

  describe('in a search', () => {
    const texts = [...Array.from({ length: 40 }, () => 'red dress'), ...Array.from({ length: 30 }, () => 'blue jeans')];
    const shop = fitTokeniser(texts);
    const bagOf = (text: string, kind?: 'search') => {
      const { text_ids: ids, text_weights: weights } = shop.inputs([text], kind);
      const used = Array.from(ids.data, (id, t) => [id, weights.data[t]]).filter(([, w]) => w !== 0);
      return used.sort(([a], [b]) => a - b);
    };

    test('reads unknown words as words of articles, and a single word without a reading as it is', () => {
      const idsOf = (text: string, kind?: 'search') => bagOf(text, kind).map(([id]) => id);
      expect(idsOf('red dresses', 'search')).toEqual(idsOf('red dress'));
      expect(idsOf('bleu jaens', 'search')).toEqual(idsOf('blue jeans'));
      expect(bagOf('red dress', 'search')).toEqual(bagOf('red dress'));
      expect(bagOf('refrigerator', 'search')).toEqual(bagOf('refrigerator'));
    });

    test('drops a word without a reading, and gives a mistyped one less weight', () => {
      expect(bagOf('refrigerator red dress', 'search')).toEqual(bagOf('red dress'));
      const weightOf = (word: string, text: string): number | undefined =>
        bagOf(text, 'search').find(([id]) => id === bagOf(word)[0][0])?.[1];
      expect(weightOf('dress', 'red dresses')).toBeLessThan(weightOf('dress', 'red dress') ?? 0);
      expect(weightOf('red', 'red dresses')).toBeGreaterThan(weightOf('red', 'red dress') ?? 1);
    });

    test('adds up two words that are read as one', () => {
      expect(bagOf('dress dresses', 'search')).toEqual(bagOf('dress'));
      const [[red, once], [dress, twice]] = bagOf('red dress dresses', 'search');
      expect([red, dress].sort()).toEqual(bagOf('red dress').map(([id]) => id));
      // The word counts once as itself, and once with an ending of two more letters.
      expect(Math.max(once, twice) / Math.min(once, twice)).toBeCloseTo(1 + 1 / 1.3, 5);
    });

    test('drops no heavy word from a long search', () => {
      const near = ['aa', 'bb', 'cc', 'dd', 'ee', 'ff', 'gg', 'hh', 'ii', 'jj'].flatMap((one) =>
        ['x', 'y', 'z'].map((end) => `${one}cdefgh${end}`),
      );
      const many = fitTokeniser([...near, 'last', 'last'].flatMap((text) => [text, text]));
      const slipped = near.map((word, i) => `${word.slice(0, -1)}${'uvw'[i % 3]}`);
      const { text_ids: ids } = many.inputs([[...slipped, 'last'].join(' ')], 'search');
      expect(Array.from(ids.data)).toContain(many.inputs(['last']).text_ids.data[0]);
    });

    test('does not depend on the order of words', () => {
      expect(bagOf('jeans blue', 'search')).toEqual(bagOf('blue jeans', 'search'));
    });

    test('takes the words of articles as they are', () => {
      expect(bagOf('dresses')).not.toEqual(bagOf('dress'));
    });

    test('has no more tokens than the limit', () => {
      const long = Array.from(
        { length: 200 },
        (_, i) => `dress${'s'.repeat(i % 3)}${String.fromCharCode(97 + (i % 26))}`,
      );
      expect(bagOf(long.join(' '), 'search').length).toBeLessThanOrEqual(MAX_TOKENS);
    });
  });

  test('is not opened from anything else', () => {
    for (const saved of [{}, { ...tokeniser.toJSON(), version: 1 }, { version: 2, articles: 1, vocabulary: ['red'] }]) {
      expect(() => openTokeniser(saved)).toThrow(expect.objectContaining({ code: 'RELEASE_INVALID' }) as Error);
    }
  });
});

describe('the text encoder', () => {
  /** Each article has some words of its kind, and a name without meaning. */
  const KINDS = {
    dress: ['dress', 'gown', 'hem', 'waist', 'summer', 'chiffon'],
    boot: ['boot', 'leather', 'sole', 'heel', 'lace', 'ankle'],
    lamp: ['lamp', 'shade', 'bulb', 'brass', 'cable', 'light'],
  };
  const DIM = 16;
  const kinds = Object.values(KINDS);
  const random = createRandom(41);
  const kindOf = (article: number) => article % kinds.length;
  const describeKind = (kind: number) =>
    kinds[kind]
      .map((word) => ({ word, key: random.next() }))
      .sort((a, b) => a.key - b.key)
      .slice(0, 3)
      .map(({ word }) => word)
      .join(' ');
  const rows: ArticleRow[] = Array.from({ length: 90 }, (_, i) =>
    articleRow(i + 1, { name: `No ${random.int(40)}`, description: `The new one. ${describeKind(kindOf(i))}` }),
  );

  let engine: TrainingEngine;
  let tokeniser: Tokeniser;
  let vectors: Float32Array[];
  const encode = async (texts: readonly string[]): Promise<Float32Array[]> => {
    const { vector } = await engine.run('text', tokeniser.inputs(texts));
    expect(vector.shape).toEqual([texts.length, DIM]);
    const data = Float32Array.from(vector.data);
    return texts.map((_, r) => data.subarray(r * DIM, (r + 1) * DIM));
  };

  beforeAll(async () => {
    engine = openTrainingEngine();
    tokeniser = fitTokeniser(rows.map(articleText));
    const settings = { temperature: 0.1, batch: 64, denseRate: 0.003, tableRate: 0.05 };
    const parts = { looks: { dim: DIM - 4, steps: 150 }, taste: { dim: 4, steps: 10, share: 0.1 } };
    const keep = [0.3, 0.7] as const;
    const tokens: Batch = tokeniser.inputs(rows.map(articleText));
    const weights = await trainTextEncoder(engine, {
      tokeniser,
      examples: { tokens },
      config: { ...settings, ...parts, keep },
      random: createRandom(2),
      reporter: silentReporter,
    });
    const outputs = { vector: textEncoder(tokeniser, parts) };
    const model = encodeOnnx({ name: 'text', outputs, values: weights, embeddings: 'inline' });
    await engine.load('text', inMemory(model.bytes));
    vectors = await encode(rows.map(articleText));
  });
  afterAll(() => engine.close());

  test('gives unit vectors, also for unknown words and for no words', async () => {
    for (const vector of [...vectors, ...(await encode(['entirely other words', 'lamp', '']))]) {
      expect(Math.hypot(...vector)).toBeCloseTo(1, 4);
    }
  });

  test('puts articles of one kind nearer to each other than to others', () => {
    let nearestAlike = 0;
    const means = { same: [] as number[], other: [] as number[] };
    vectors.forEach((vector, i) => {
      const others = vectors.map((one, j) => ({ j, cosine: dot(vector, one) })).filter(({ j }) => j !== i);
      for (const { j, cosine } of others) (kindOf(j) === kindOf(i) ? means.same : means.other).push(cosine);
      const [nearest] = others.sort((a, b) => b.cosine - a.cosine);
      if (kindOf(nearest.j) === kindOf(i)) nearestAlike += 1;
    });
    expect(nearestAlike / rows.length).toBeGreaterThan(0.9);
    expect(mean(means.same)).toBeGreaterThan(mean(means.other) + 0.2);
  });

  test('puts texts about the same kind together even if they share no word', async () => {
    // This must have been learnt, since word vectors start at random.
    const [dress, gown, boot] = await encode(['hem waist', 'gown chiffon', 'leather sole']);
    expect(dot(dress, gown)).toBeGreaterThan(dot(dress, boot) + 0.2);
  });

  test('learns from similar looks and from co-purchases', async () => {
    // Two colours have one word each. Lamps are bought with boots.
    const texts = rows.map((row, i) => `${articleText(row)} ${i % 2 === 0 ? 'crimson' : 'navy'}`);
    const taught = fitTokeniser(texts);
    const boots = rows.flatMap((_, i) => (kindOf(i) === 1 ? [i] : []));
    // Articles of the same product are nearer still, but that must not count as a co-purchase.
    const others = rows.flatMap((_, i) => (kindOf(i) === 0 ? [i] : []));
    const neighbours = Int32Array.from({ length: 2 * rows.length }, (_, n) => {
      const i = Math.floor(n / 2);
      if (kindOf(i) !== 2) return -1;
      return n % 2 === 0 ? others[i % others.length] : boots[i % boots.length];
    });
    const examples = {
      tokens: taught.inputs(texts),
      looks: [Int32Array.from(rows, (_, i) => 1 + (i % 2))],
      taste: {
        coPurchases: new CoPurchases(2, neighbours, new Float32Array(2 * rows.length).fill(1)),
        sold: Int32Array.from(rows.keys()).filter((i) => kindOf(i) === 2),
        products: Int32Array.from(rows, (_, i) => (kindOf(i) === 1 ? 1 : 0)),
      },
    };
    const settings = { temperature: 0.1, batch: 64, denseRate: 0.003, tableRate: 0.05 };
    const parts = { looks: { dim: DIM / 2, steps: 200 }, taste: { dim: DIM / 2, steps: 200, share: 0.5 } };
    const keep = [0.1, 0.9] as const;
    const weights = await trainTextEncoder(engine, {
      tokeniser: taught,
      examples,
      config: { ...settings, ...parts, keep },
      random: createRandom(3),
      reporter: silentReporter,
    });
    const outputs = { vector: textEncoder(taught, parts) };
    await engine.load(
      'taught',
      inMemory(encodeOnnx({ name: 'text', outputs, values: weights, embeddings: 'inline' }).bytes),
    );
    const { vector } = await engine.run('taught', taught.inputs(texts));
    const own = texts.map((_, r) => Float32Array.from(vector.data.subarray(r * DIM, (r + 1) * DIM)));
    const likeness = (alike: (i: number, j: number) => boolean): number =>
      mean(own.flatMap((one, i) => own.flatMap((other, j) => (i !== j && alike(i, j) ? [dot(one, other)] : []))));
    expect(likeness((i, j) => i % 2 === j % 2)).toBeGreaterThan(likeness((i, j) => i % 2 !== j % 2) + 0.05);
    expect(likeness((i, j) => kindOf(i) === 2 && kindOf(j) === 1)).toBeGreaterThan(
      likeness((i, j) => kindOf(i) === 2 && kindOf(j) === 0) + 0.05,
    );
  });

  test('gives a text the same vector alone as among others', async () => {
    const [alone] = await encode([articleText(rows[5])]);
    alone.forEach((value, d) => {
      expect(value).toBeCloseTo(vectors[5][d], 5);
    });
  });
});

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((total, value, d) => total + value * b[d], 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}
