// Articles as text, text as tokens, tokens as vectors: what is read of an article, and what the
// built-in encoder learns of it.
import type { ArticleRow } from '../../src/data/store/store';
import type { Batch } from '../../src/engine/batch';
import { inMemory } from '../../src/engine/model-runner';
import { openTrainingEngine, type TrainingEngine } from '../../src/engine/training-engine';
import { CoPurchases } from '../../src/statistics/co-purchase';
import { articleText, fitTokeniser, MAX_TOKENS, openTokeniser, words, type Tokeniser } from '../../src/features/text';
import { encodeOnnx } from '../../src/graph/onnx';
import { createRandom } from '../../src/random';
import { silentReporter } from '../../src/telemetry/progress';
import { textEncoder, trainTextEncoder } from '../../src/training/models/text-encoder';
import { articleRow } from '../support/rows';

const HASH_SLOTS = 512;

describe('the words of a text', () => {
  test('are lower-case, without punctuation, numbers among them', () => {
    expect(words('Slim-fit T-Shirt, 100% cotton (5-pack).')).toEqual([
      'slim',
      'fit',
      't',
      'shirt',
      '100',
      'cotton',
      '5',
      'pack',
    ]);
  });

  test('are found in any script that writes letters one by one', () => {
    expect(words('Größe ÉTÉ Платье φόρεμα שמלה 裙子')).toEqual(['größe', 'été', 'платье', 'φόρεμα', 'שמלה', '裙子']);
  });

  test('keep the signs that belong to their letters: vowels of Hindi and Thai, accents written apart', () => {
    expect(words('हिन्दी कपड़े')).toHaveLength(2);
    expect(words('เสื้อ')).toHaveLength(1);
    expect(words('cafe\u0301')).toEqual(words('caf\u00e9'));
  });

  test('keep joined words whole', () => {
    expect(words('brand_acme brand_Acme')).toEqual(['brand_acme', 'brand_acme']);
  });

  test('are none where there is nothing to read', () => {
    expect(['', '  ', '…!?', '🙂'].flatMap(words)).toEqual([]);
  });
});

describe('the text of an article', () => {
  test('is name, type, colour, pattern, department, description and attributes, in this order', () => {
    const row = articleRow(1, {
      name: 'Anna',
      productTypeName: 'Dress',
      colourGroupName: 'Dark Red',
      perceivedColourMasterName: 'Red',
      graphicalAppearanceName: 'Solid',
      departmentName: 'Ladies',
      indexGroupName: 'Divided',
      description: 'A dress.',
      attributes: { brand: ['acme'], weight: 1.2 },
    });
    expect(articleText(row)).toBe('Anna. Dress. Dark Red. Red. Solid. Ladies. Divided. A dress.. brand_acme');
  });

  test('leaves out what is null or empty', () => {
    expect(articleText(articleRow(1))).toBe('');
    expect(articleText(articleRow(1, { name: '', description: 'Soap', attributes: null }))).toBe('Soap');
  });

  test('does not change with what customers cannot read: keys, codes, numbers', () => {
    const plain = articleRow(1, { name: 'Anna' });
    expect(articleText({ ...plain, key: 2, id: 'x', productCode: '7', departmentNo: 9 })).toBe(articleText(plain));
  });
});

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

  test('gives words that two articles have an id of their own, most frequent first', () => {
    expect(tokeniser.slots).toBe(1 + HASH_SLOTS + 4);
    expect(tokensOf('red blue dress shirt').ids).toEqual([513, 514, 515, 516]);
  });

  test('puts unknown words into shared places by hash: always the same, never that of a known one', () => {
    const unknown = ['once', 'never', 'seen', 'würde', '裙子'].map((word) => tokensOf(word).ids[0]);
    for (const id of unknown) {
      expect(id).toBeGreaterThanOrEqual(1);
      expect(id).toBeLessThanOrEqual(HASH_SLOTS);
    }
    expect(new Set(unknown).size).toBeGreaterThan(3);
    expect(tokensOf('a never b').ids[1]).toBe(unknown[1]);
  });

  test('weighs words so that the squares sum to 1: one or many, known or not, repeated or too many', () => {
    const many = Array.from({ length: 500 }, (_, i) => `w${i}`).join(' ');
    for (const text of ['red', 'red blue dress', 'something else entirely', 'red red red never', many]) {
      expect(Math.hypot(...tokensOf(text).weights)).toBeCloseTo(1, 5);
    }
  });

  test('takes each word once, and weighs rare ones more than frequent ones', () => {
    const { ids, weights } = tokensOf('red shirt red once');
    expect(ids).toHaveLength(3);
    expect(weights[1]).toBeGreaterThan(weights[0]);
    expect(weights[2]).toBeGreaterThan(weights[1]);
  });

  test('makes nothing of a text without words', () => {
    expect(tokensOf('')).toEqual({ ids: [], weights: [] });
    expect(tokensOf('…')).toEqual({ ids: [], weights: [] });
  });

  test('reads the first words of a text that has too many', () => {
    const long = Array.from({ length: MAX_TOKENS + 20 }, (_, i) => `w${i}`);
    expect(tokensOf(long.join(' '))).toEqual(tokensOf(long.slice(0, MAX_TOKENS).join(' ')));
    expect(tokensOf(long.join(' ')).ids).toHaveLength(MAX_TOKENS);
  });

  test('makes of many texts what it makes of each alone', () => {
    const texts = ['red dress', '', 'never seen', 'shirt'];
    const together = tokeniser.inputs(texts);
    texts.forEach((text, r) => {
      for (const [name, { data }] of Object.entries(tokeniser.inputs([text]))) {
        expect(together[name].data.subarray(r * MAX_TOKENS, (r + 1) * MAX_TOKENS)).toEqual(data);
      }
    });
  });

  test('is the same for the same articles in any order, and when saved and opened again', () => {
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

    test('reads words that no article has as those that articles have, and alone the others as they are', () => {
      const idsOf = (text: string, kind?: 'search') => bagOf(text, kind).map(([id]) => id);
      expect(idsOf('red dresses', 'search')).toEqual(idsOf('red dress'));
      expect(idsOf('bleu jaens', 'search')).toEqual(idsOf('blue jeans'));
      expect(bagOf('red dress', 'search')).toEqual(bagOf('red dress'));
      expect(bagOf('refrigerator', 'search')).toEqual(bagOf('refrigerator'));
    });

    test('goes by the words that it knows: one that is like none says nothing, a mistaken one says less', () => {
      expect(bagOf('refrigerator red dress', 'search')).toEqual(bagOf('red dress'));
      const weightOf = (word: string, text: string): number | undefined =>
        bagOf(text, 'search').find(([id]) => id === bagOf(word)[0][0])?.[1];
      expect(weightOf('dress', 'red dresses')).toBeLessThan(weightOf('dress', 'red dress') ?? 0);
      expect(weightOf('red', 'red dresses')).toBeGreaterThan(weightOf('red', 'red dress') ?? 1);
    });

    test('counts two words that are read as one together', () => {
      expect(bagOf('dress dresses', 'search')).toEqual(bagOf('dress'));
      const [[red, once], [dress, twice]] = bagOf('red dress dresses', 'search');
      expect([red, dress].sort()).toEqual(bagOf('red dress').map(([id]) => id));
      // As itself, and as itself with an ending of two letters.
      expect(Math.max(once, twice) / Math.min(once, twice)).toBeCloseTo(1 + 1 / 1.3, 5);
    });

    test('drops no word that counts, however many there are', () => {
      const near = ['aa', 'bb', 'cc', 'dd', 'ee', 'ff', 'gg', 'hh', 'ii', 'jj'].flatMap((one) =>
        ['x', 'y', 'z'].map((end) => `${one}cdefgh${end}`),
      );
      const many = fitTokeniser([...near, 'last', 'last'].flatMap((text) => [text, text]));
      const slipped = near.map((word, i) => `${word.slice(0, -1)}${'uvw'[i % 3]}`);
      const { text_ids: ids } = many.inputs([[...slipped, 'last'].join(' ')], 'search');
      expect(Array.from(ids.data)).toContain(many.inputs(['last']).text_ids.data[0]);
    });

    test('reads words in any order', () => {
      expect(bagOf('jeans blue', 'search')).toEqual(bagOf('blue jeans', 'search'));
    });

    test('leaves articles as they are', () => {
      expect(bagOf('dresses')).not.toEqual(bagOf('dress'));
    });

    test('reads no more than a text may have', () => {
      const long = Array.from(
        { length: 200 },
        (_, i) => `dress${'s'.repeat(i % 3)}${String.fromCharCode(97 + (i % 26))}`,
      );
      expect(bagOf(long.join(' '), 'search').length).toBeLessThanOrEqual(MAX_TOKENS);
    });
  });

  test('is not opened from what is none', () => {
    for (const saved of [{}, { ...tokeniser.toJSON(), version: 2 }, { version: 1, articles: 1, vocabulary: ['red'] }]) {
      expect(() => openTokeniser(saved)).toThrow(expect.objectContaining({ code: 'RELEASE_INVALID' }) as Error);
    }
  });
});

describe('the text encoder', () => {
  /**
   * Each kind has words of its own; every article says a random few of them, and a name that says
   * nothing.
   */
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

  test('gives unit vectors, also for words that it has never read and for no words at all', async () => {
    for (const vector of [...vectors, ...(await encode(['entirely other words', 'lamp', '']))]) {
      expect(Math.hypot(...vector)).toBeCloseTo(1, 4);
    }
  });

  test('puts articles of one kind nearer to each other than to those of others', () => {
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

  test('places texts together that describe the same kind, though they share no word', async () => {
    // What brings them together was learnt: word vectors start at random.
    const [dress, gown, boot] = await encode(['hem waist', 'gown chiffon', 'leather sole']);
    expect(dot(dress, gown)).toBeGreaterThan(dot(dress, boot) + 0.2);
  });

  test('learns from what looks alike and from what is bought together', async () => {
    // Two colours, said in one word each and never with another word in common; lamps are bought
    // with boots.
    const texts = rows.map((row, i) => `${articleText(row)} ${i % 2 === 0 ? 'crimson' : 'navy'}`);
    const taught = fitTokeniser(texts);
    const boots = rows.flatMap((_, i) => (kindOf(i) === 1 ? [i] : []));
    // Nearer still is what is of the same product, which says nothing of what goes together.
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

  test('gives a text the same vector alone and among others', async () => {
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
