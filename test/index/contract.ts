// The contract of a vector index: the tests that every implementation passes, local or remote.
import { VitrineError } from '../../src/errors';
import { buildIndex } from '../../src/index/local-index';
import type { VectorIndex } from '../../src/index/vector-index';
import { clusteredVectors, DIM, recallOf } from './vectors';

export interface Implementation {
  readonly exact: boolean;
  /**
   * Builds a new index.
   * @param vectors [ids.length, DIM]
   */
  build(ids: Int32Array, vectors: Float32Array): Promise<VectorIndex>;
}

/** Runs the contract over one implementation. */
export function describeVectorIndex(name: string, implementation: Implementation): void {
  describe(`the contract of a vector index, by the ${name} index`, () => {
    testSearching(implementation);
    testChanging(implementation);
    testRefusing(implementation);
  });
}

const world = clusteredVectors(1500, 7);
const queries = clusteredVectors(40, 8).vectors;

function testSearching({ exact, build }: Implementation): void {
  test('it says its size, its dimension and whether it is exact', async () => {
    expect(await build(world.ids, world.vectors)).toMatchObject({ size: 1500, dim: DIM, exact });
  });

  test('it finds what the exact index finds', async () => {
    const found = await (await build(world.ids, world.vectors)).search(queries, 50);
    const truth = await oracle().search(queries, 50);
    expect(recallOf(found.ids, truth.ids, 50)).toBeGreaterThan(exact ? 0.9999 : 0.95);
  });

  test('it gives inner products, best first, each id once', async () => {
    const { ids, scores, k } = await (await build(world.ids, world.vectors)).search(queries, 20);
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

  test('it answers a batch as it answers the queries one by one', async () => {
    const index = await build(world.ids, world.vectors);
    const batch = await index.search(queries, 10);
    for (let q = 0; q < 40; q++) {
      const single = await index.search(queries.subarray(q * DIM, (q + 1) * DIM), 10);
      expect([...single.ids]).toEqual([...batch.ids.subarray(q * 10, (q + 1) * 10)]);
    }
  });

  test('it finds a vector by itself', async () => {
    const { ids } = await (await build(world.ids, world.vectors)).search(world.vectors, 1);
    const same = ids.filter((id, i) => id === world.ids[i]);
    expect(same.length).toBeGreaterThan(0.99 * world.ids.length);
  });

  test('it orders equal scores by id', async () => {
    const same = new Float32Array(6 * DIM);
    for (let row = 0; row < 6; row++) same[row * DIM] = 1;
    const index = await build(Int32Array.of(5, 3, 9, 1, 7, 2), same);
    expect([...(await index.search(same.subarray(0, DIM), 6)).ids]).toEqual([1, 2, 3, 5, 7, 9]);
  });

  test('it takes no queries, and queries for no neighbours', async () => {
    const index = await build(world.ids, world.vectors);
    expect(await index.search(new Float32Array(0), 5)).toMatchObject({ k: 5, ids: new Int32Array(0) });
    expect(await index.search(queries, 0)).toMatchObject({ k: 0, ids: new Int32Array(0) });
  });
}

function testChanging({ build }: Implementation): void {
  test('it no longer finds vectors that were removed, and still finds the others', async () => {
    const index = await build(world.ids, world.vectors);
    const gone = world.ids.slice(0, 700);
    await index.remove(gone);
    await index.remove(gone);
    expect(index.size).toBe(800);
    const left = oracle(world.ids.slice(700), world.vectors.slice(700 * DIM));
    const found = await index.search(queries, 30);
    expect(found.ids.some((id) => gone.includes(id))).toBe(false);
    expect(recallOf(found.ids, (await left.search(queries, 30)).ids, 30)).toBeGreaterThan(0.95);
  });

  test('it finds vectors that were added, and a replaced vector at its new place only', async () => {
    const index = await build(world.ids, world.vectors);
    const added = Int32Array.of(900_000, world.ids[3]);
    const vectors = Float32Array.from({ length: 2 * DIM }, (_, i) => (i === 0 || i === DIM + 1 ? 1 : 0));
    await index.add(added, vectors);
    await index.add(added, vectors);
    expect(index.size).toBe(1501);
    expect([...(await index.search(vectors, 1)).ids]).toEqual([...added]);
    const everything = await index.search(vectors.subarray(0, DIM), 1501);
    expect(new Set(everything.ids).size).toBe(1501);
  });

  test('it gives everything when asked for more than there is, without filler', async () => {
    const index = await build(world.ids, world.vectors);
    const { ids, k } = await index.search(queries.subarray(0, 2 * DIM), 10_000);
    expect(k).toBe(1500);
    expect([...ids.subarray(0, k)].sort((a, b) => a - b)).toEqual([...world.ids].sort((a, b) => a - b));
    await index.remove(world.ids.slice(5));
    const few = await index.search(queries, 100);
    expect(few.k).toBe(5);
    expect(few.ids.every((id) => world.ids.indexOf(id) < 5)).toBe(true);
  });

  test('it can be empty, filled and emptied again', async () => {
    const index = await build(new Int32Array(0), new Float32Array(0));
    expect(index.size).toBe(0);
    expect(await index.search(queries, 10)).toEqual({ ids: new Int32Array(0), scores: new Float32Array(0), k: 0 });
    await index.add(world.ids.slice(0, 3), world.vectors.slice(0, 3 * DIM));
    expect((await index.search(queries, 10)).k).toBe(3);
    await index.remove(world.ids);
    expect((await index.search(queries, 10)).k).toBe(0);
  });
}

function testRefusing({ build }: Implementation): void {
  test('it refuses arguments that do not fit, says why, and stays as it was', async () => {
    const index = await build(world.ids, world.vectors);
    const before = await index.search(queries, 5);
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
      const refused: unknown = await attempt().catch((thrown: unknown) => thrown);
      expect(refused).toBeInstanceOf(VitrineError);
      expect(String(refused)).toContain(message);
    }
    expect(index.size).toBe(1500);
    expect(await index.search(queries, 5)).toEqual(before);
  });
}

/** The exact index in plain TypeScript, whose results are taken as correct. */
function oracle(ids = world.ids, vectors = world.vectors): VectorIndex {
  return buildIndex(DIM, ids, vectors, { kind: 'exact' });
}

function dot(a: Float32Array, rowOfA: number, b: Float32Array, rowOfB: number): number {
  let sum = 0;
  for (let i = 0; i < DIM; i++) sum += a[rowOfA * DIM + i] * b[rowOfB * DIM + i];
  return sum;
}
