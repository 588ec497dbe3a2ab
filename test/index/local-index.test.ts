// The indexes in this process: each index fulfils the contract, can be restored from its file, and
// is chosen by the number of vectors.
import { buildIndex, faissStatus, openIndex, type IndexOptions } from '../../src/index/local-index';
import type { IndexKind, LocalIndex } from '../../src/index/vector-index';
import { describeVectorIndex } from './contract';
import { clusteredVectors, DIM, recallOf } from './vectors';

const KINDS: readonly IndexKind[] = ['exact', 'faiss-flat', 'faiss-hnsw'];

/**
 * The kinds of index on this machine. FAISS is missing if it can be neither downloaded nor built.
 */
const available = faissStatus().available ? KINDS : KINDS.slice(0, 1);

for (const kind of available) {
  describeVectorIndex(kind, {
    exact: kind !== 'faiss-hnsw',
    build: async (ids, vectors) => buildIndex(DIM, ids, vectors, { kind }),
  });
}

describe.each(available)('the file of the %s index', (kind) => {
  const world = clusteredVectors(1500, 7);
  const queries = clusteredVectors(40, 8).vectors;
  const build = (ids = world.ids, vectors = world.vectors): LocalIndex => buildIndex(DIM, ids, vectors, { kind });

  test('is the same every time', () => {
    expect(build().serialise().equals(build().serialise())).toBe(true);
  });

  test('gives the same index, changes included', async () => {
    const index = build();
    await index.remove(world.ids.slice(10, 60));
    await index.add(Int32Array.of(7_000, world.ids[2]), clusteredVectors(2, 9).vectors);
    const reopened = openIndex(index.serialise(), index.ids, { kind });
    expect(reopened).toMatchObject({ kind, size: index.size, dim: DIM });
    expect(await reopened.search(queries, 25)).toEqual(await index.search(queries, 25));
    await reopened.remove(world.ids.slice(60, 70));
    expect(reopened.size).toBe(index.size - 10);
  });

  test('is read by the exact index too, as on a machine without FAISS', async () => {
    const index = build();
    await index.remove(world.ids.slice(0, 100));
    const exact = openIndex(index.serialise(), index.ids, { kind: 'exact' });
    expect(exact.size).toBe(1400);
    const [found, truth] = [await index.search(queries, 25), await exact.search(queries, 25)];
    expect(recallOf(found.ids, truth.ids, 25)).toBeGreaterThan(0.95);
  });

  test('can be of an empty index', async () => {
    const index = build();
    await index.remove(world.ids);
    expect(openIndex(index.serialise(), index.ids).size).toBe(0);
  });

  test('is refused if it is cut short, foreign or has other ids', () => {
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

  test('is flat FAISS for few vectors, and the exact index without FAISS', () => {
    expect(build().kind).toBe(faissStatus().available ? 'faiss-flat' : 'exact');
  });

  test('is HNSW for many', () => {
    const ids = Int32Array.from({ length: 20_000 }, (_, i) => i);
    const vectors = Float32Array.from({ length: 2 * 20_000 }, (_, i) => (i % 2 ? Math.sin(i - 1) : Math.cos(i)));
    expect(buildIndex(2, ids, vectors).kind).toBe(faissStatus().available ? 'faiss-hnsw' : 'exact');
  });

  test('cannot be another than the kind of a file', () => {
    const index = build({ kind: 'exact' });
    expect(() => openIndex(index.serialise(), index.ids, { kind: 'faiss-hnsw' })).toThrow(/expected a file of kind/);
  });
});
