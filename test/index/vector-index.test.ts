import { VitrineError } from '../../src/errors';
import {
  buildIndex,
  exactIndex,
  faissStatus,
  openIndex,
  type IndexKind,
  type IndexOptions,
  type VectorIndex,
} from '../../src/index/vector-index';

const DIM = 16;
const KINDS: readonly IndexKind[] = ['exact', 'faiss-flat', 'faiss-hnsw'];

/**
 * FAISS may be absent where it can neither be fetched nor built; then its kinds have nothing to be
 * tested with.
 */
const available = faissStatus().available ? KINDS : KINDS.slice(0, 1);

describe.each(available)('the %s index', (kind) => {
  const world = clusteredVectors(1500, 7);
  const build = (ids = world.ids, vectors = world.vectors): VectorIndex => buildIndex(DIM, ids, vectors, { kind });
  const oracle = (ids = world.ids, vectors = world.vectors): VectorIndex => exactIndex(DIM, ids, vectors);
  const queries = clusteredVectors(40, 8).vectors;

  test('says what it is', () => {
    expect(build()).toMatchObject({ kind, size: 1500, dim: DIM, exact: kind !== 'faiss-hnsw' });
  });

  test('finds what the exact index finds', () => {
    expect(recall(build().search(queries, 50).ids, oracle().search(queries, 50).ids, 50)).toBeGreaterThan(
      kind === 'faiss-hnsw' ? 0.95 : 0.9999,
    );
  });

  test('gives inner products, best first, each id once', () => {
    const { ids, scores, k } = build().search(queries, 20);
    expect(k).toBe(20);
    for (let q = 0; q < 40; q++) {
      const row = [...ids.subarray(q * k, (q + 1) * k)];
      expect(new Set(row).size).toBe(k);
      row.forEach((id, i) => {
        expect(scores[q * k + i]).toBeCloseTo(dot(queries, q, world.vectors, world.ids.indexOf(id)), 5);
        if (i > 0) expect(scores[q * k + i]).toBeLessThanOrEqual(scores[q * k + i - 1]);
      });
    }
  });

  test('answers a batch as it answers its queries one by one', () => {
    const index = build();
    const batch = index.search(queries, 10);
    for (let q = 0; q < 40; q++) {
      const single = index.search(queries.subarray(q * DIM, (q + 1) * DIM), 10);
      expect([...single.ids]).toEqual([...batch.ids.subarray(q * 10, (q + 1) * 10)]);
    }
  });

  test('is the same every time it is built', () => {
    expect(build().serialise().equals(build().serialise())).toBe(true);
  });

  test('finds a vector by itself', () => {
    const { ids } = build().search(world.vectors, 1);
    expect(matches(ids, world.ids)).toBeGreaterThan(0.99 * world.ids.length);
  });

  test('no longer finds what was removed, and still finds the rest', () => {
    const index = build();
    const gone = world.ids.slice(0, 700);
    index.remove(gone);
    index.remove(gone);
    expect(index.size).toBe(800);
    const left = oracle(world.ids.slice(700), world.vectors.slice(700 * DIM));
    const found = index.search(queries, 30).ids;
    expect(found.some((id) => gone.includes(id))).toBe(false);
    expect(recall(found, left.search(queries, 30).ids, 30)).toBeGreaterThan(0.95);
  });

  test('finds what was added, and a replaced vector at its new place only', () => {
    const index = build();
    const added = Int32Array.of(900_000, world.ids[3]);
    const vectors = Float32Array.from({ length: 2 * DIM }, (_, i) => (i === 0 || i === DIM + 1 ? 1 : 0));
    index.add(added, vectors);
    index.add(added, vectors);
    expect(index.size).toBe(1501);
    expect([...index.search(vectors, 1).ids]).toEqual([...added]);
    const everything = index.search(vectors.subarray(0, DIM), 1501).ids;
    expect(new Set(everything).size).toBe(1501);
  });

  test('gives everything when asked for more than there is, with no filler among it', () => {
    const index = build();
    const { ids, k } = index.search(queries.subarray(0, 2 * DIM), 10_000);
    expect(k).toBe(1500);
    expect([...ids.subarray(0, k)].sort((a, b) => a - b)).toEqual([...world.ids].sort((a, b) => a - b));
    index.remove(world.ids.slice(5));
    expect(index.search(queries, 100).k).toBe(5);
    expect(index.search(queries, 100).ids.every((id) => world.ids.indexOf(id) < 5)).toBe(true);
  });

  test('orders equal scores by id', () => {
    const same = new Float32Array(6 * DIM);
    for (let row = 0; row < 6; row++) same[row * DIM] = 1;
    const index = build(Int32Array.of(5, 3, 9, 1, 7, 2), same);
    expect([...index.search(same.subarray(0, DIM), 6).ids]).toEqual([1, 2, 3, 5, 7, 9]);
  });

  test('comes back the same from its file, changes included', () => {
    const index = build();
    index.remove(world.ids.slice(10, 60));
    index.add(Int32Array.of(7_000, world.ids[2]), clusteredVectors(2, 9).vectors);
    const reopened = openIndex(index.serialise(), index.ids, { kind });
    expect(reopened).toMatchObject({ kind, size: index.size, dim: DIM });
    expect(reopened.search(queries, 25)).toEqual(index.search(queries, 25));
    reopened.remove(world.ids.slice(60, 70));
    expect(reopened.size).toBe(index.size - 10);
  });

  test('is read by the exact index where FAISS is not at hand', () => {
    const index = build();
    index.remove(world.ids.slice(0, 100));
    const exact = openIndex(index.serialise(), index.ids, { kind: 'exact' });
    expect(exact.size).toBe(1400);
    expect(recall(index.search(queries, 25).ids, exact.search(queries, 25).ids, 25)).toBeGreaterThan(0.95);
  });

  test('may be empty, and filled and emptied again', () => {
    const index = build(new Int32Array(0), new Float32Array(0));
    expect(index.size).toBe(0);
    expect(index.search(queries, 10)).toEqual({ ids: new Int32Array(0), scores: new Float32Array(0), k: 0 });
    index.add(world.ids.slice(0, 3), world.vectors.slice(0, 3 * DIM));
    expect(index.search(queries, 10).k).toBe(3);
    index.remove(world.ids);
    expect(index.search(queries, 10).k).toBe(0);
    expect(openIndex(index.serialise(), index.ids).size).toBe(0);
  });

  test('takes no queries for no neighbours', () => {
    expect(build().search(new Float32Array(0), 5)).toMatchObject({ k: 5, ids: new Int32Array(0) });
    expect(build().search(queries, 0)).toMatchObject({ k: 0, ids: new Int32Array(0) });
  });

  test('refuses what it cannot take, saying why, and stays as it was', () => {
    const index = build();
    const before = index.search(queries, 5);
    const bad = queries.slice(0, 3 * DIM);
    bad[DIM + 3] = NaN;
    const one = Int32Array.of(1);
    const id = Int32Array.of(424_242);
    for (const [attempt, message] of [
      [() => index.search(bad, 5), 'query 1 holds NaN, not a finite number'],
      [() => index.search(queries.subarray(0, DIM + 1), 5), 'expected queries of 16 numbers each, got 17'],
      [() => index.search(queries, -1), 'expected k to be a whole number from 0 on, got -1'],
      [() => index.search(queries, 1.5), 'expected k to be a whole number from 0 on, got 1.5'],
      [() => index.add(one, new Float32Array(DIM - 1)), 'expected 1 vectors of 16 = 16 numbers, got 15'],
      [() => index.add(id, new Float32Array(DIM).fill(Infinity)), 'the vector of id 424242 holds Infinity'],
      [() => index.add(Int32Array.of(-1), new Float32Array(DIM)), 'expected ids from 0 on, got -1'],
      [() => index.add(Int32Array.of(4, 4), new Float32Array(2 * DIM)), 'expected each id once, got 4 twice'],
    ] as const) {
      expect(attempt).toThrow(VitrineError);
      expect(attempt).toThrow(message);
    }
    expect(index.size).toBe(1500);
    expect(index.search(queries, 5)).toEqual(before);
  });

  test('refuses a file that is cut short, foreign or has other ids', () => {
    const index = build();
    const file = index.serialise();
    expect(() => openIndex(file.subarray(0, file.length - 4), index.ids)).toThrow(/cut short or damaged/);
    expect(() => openIndex(Buffer.from('IxF2, and then something else that is no index'), index.ids)).toThrow(
      /begins with 'IxF2'/,
    );
    expect(() => openIndex(Buffer.alloc(0), index.ids)).toThrow(/begins with ''/);
    expect(() => openIndex(file, index.ids.slice(1))).toThrow('expected 1500 ids for the rows of the file, got 1499');
    expect(() => openIndex(file, new Int32Array(1500), { kind })).toThrow(/each/);
  });
});

describe('the choice of an index', () => {
  const small = clusteredVectors(100, 1);
  const build = (options?: IndexOptions) => buildIndex(DIM, small.ids, small.vectors, options);

  test('is flat FAISS for few vectors, and the exact index where there is no FAISS', () => {
    expect(build().kind).toBe(faissStatus().available ? 'faiss-flat' : 'exact');
  });

  test('is HNSW for many', () => {
    const ids = Int32Array.from({ length: 20_000 }, (_, i) => i);
    const vectors = Float32Array.from({ length: 2 * 20_000 }, (_, i) => (i % 2 ? Math.sin(i - 1) : Math.cos(i)));
    expect(buildIndex(2, ids, vectors).kind).toBe(faissStatus().available ? 'faiss-hnsw' : 'exact');
  });

  test('refuses to open one kind of file as another', () => {
    const index = build({ kind: 'exact' });
    expect(() => openIndex(index.serialise(), index.ids, { kind: 'faiss-hnsw' })).toThrow(/expected a file of kind/);
  });
});

/**
 * Unit vectors around a few centres, as embeddings lie. Deterministic; ids are odd so that they are
 * no row numbers.
 */
function clusteredVectors(n: number, seed: number): { ids: Int32Array; vectors: Float32Array } {
  const centres = 12;
  const centre = noise(1);
  const spread = noise(seed);
  const means = Float32Array.from({ length: centres * DIM }, () => centre());
  const vectors = new Float32Array(n * DIM);
  for (let row = 0; row < n; row++) {
    const own = vectors.subarray(row * DIM, (row + 1) * DIM);
    own.forEach((_, i) => (own[i] = means[(row % centres) * DIM + i] + 0.5 * spread()));
    const length = Math.hypot(...own);
    own.forEach((value, i) => (own[i] = value / length));
  }
  return { ids: Int32Array.from({ length: n }, (_, row) => 2 * row + 1), vectors };
}

/** Numbers in −1..1, always the same for a seed (a linear congruential generator). */
function noise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

function dot(a: Float32Array, rowOfA: number, b: Float32Array, rowOfB: number): number {
  let sum = 0;
  for (let i = 0; i < DIM; i++) sum += a[rowOfA * DIM + i] * b[rowOfB * DIM + i];
  return sum;
}

/** The share of the true neighbours, [n, k], that were found. */
function recall(found: Int32Array, truth: Int32Array, k: number): number {
  let hits = 0;
  for (let at = 0; at < truth.length; at += k) {
    const row = new Set(found.subarray(at, at + k));
    hits += truth.subarray(at, at + k).filter((id) => row.has(id)).length;
  }
  return hits / truth.length;
}

function matches(a: Int32Array, b: Int32Array): number {
  return a.filter((value, i) => value === b[i]).length;
}
