import { sourceFiles } from './support/source-files';

const files = sourceFiles('src');

/** Which stages each stage may import, types included. Serving (recommend, graphql) never imports training. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  data: [],
  graph: [],
  // Of the engine only what a batch of numbers looks like.
  features: ['data', 'engine'],
  engine: ['graph'],
  encoders: ['data', 'features', 'graph', 'engine'],
  release: ['data', 'features', 'graph', 'engine', 'encoders'],
  // The ranker learns from the candidates that serving will give it, found by the same code.
  training: ['data', 'features', 'graph', 'engine', 'encoders', 'release', 'recommend'],
  recommend: ['data', 'features', 'engine', 'encoders', 'release'],
  images: ['data'],
  graphql: ['data', 'recommend', 'images'],
  web: [],
};

/** What every stage may import of src/ itself. The others there (main, doctor) know all stages. */
const COMMON = ['src/config', 'src/errors', 'src/random', 'src/data/files/storage', 'src/telemetry/telemetry'];

/** What only one file, or one folder, may import. */
const SINGLE_IMPORTERS: readonly (readonly [what: RegExp, where: RegExp])[] = [
  [/^(@prisma\/|prisma\b|src\/data\/prisma\/)/, /^src\/data\/store\.ts$/],
  [/^onnxruntime/, /^src\/engine\//],
  [/^faiss-node/, /^src\/release\/vector-index\.ts$/],
  [/^@huggingface\//, /^src\/encoders\/tokens\.ts$/],
  [/^(graphql|type-graphql|@apollo\/)/, /^src\/graphql\//],
  [/^dataloader$/, /^src\/graphql\//],
];

test('the search for imports finds them', () => {
  const store = files.find(({ path }) => path === 'src/data/store/store.ts');
  expect(store?.imports).toEqual(expect.arrayContaining(['@prisma/adapter-pg', 'src/errors']));
  expect(files.length).toBeGreaterThan(30);
});

test('every folder of src is a stage that is listed here', () => {
  const folders = new Set(files.map(({ path }) => stageOf(path)).filter((stage) => stage !== undefined));
  expect(Object.keys(MAY_IMPORT)).toEqual(expect.arrayContaining([...folders]));
});

test('stages import only earlier ones', () => {
  const wrong = files.flatMap(({ path, imports }) => {
    const stage = stageOf(path);
    if (stage === undefined) return [];
    const allowed = [stage, ...(MAY_IMPORT[stage] ?? [])];
    return imports
      .filter((target) => target.startsWith('src/') && !COMMON.includes(target))
      .filter((target) => !allowed.includes(stageOf(target) ?? 'the wiring'))
      .map((target) => `${path} imports ${target}`);
  });
  expect(wrong).toEqual([]);
});

test('what all stages may import imports no stage', () => {
  const wrong = files
    .filter(({ path }) => COMMON.includes(path.replace(/\.ts$/, '')))
    .flatMap(({ path, imports }) => imports.filter((target) => stageOf(target)).map((target) => `${path}: ${target}`));
  expect(wrong).toEqual([]);
});

test.each(SINGLE_IMPORTERS)('%p is imported by %p only', (what, where) => {
  const wrong = files
    .filter(({ path, imports }) => !where.test(path) && imports.some((target) => what.test(target)))
    .map(({ path }) => path);
  expect(wrong).toEqual([]);
});

test('only config.ts reads the environment', () => {
  const readers = files.filter(({ text }) => /\bprocess\.env\b/.test(text)).map(({ path }) => path);
  expect(readers).toEqual(['src/config.ts']);
});

test('every file opens with what it is', () => {
  const silent = [...files, ...sourceFiles('bench')].filter(({ text }) => !/^(#!.*\n)?(\/\/|\/\*)/.test(text));
  expect(silent.map(({ path }) => path)).toEqual([]);
});

/** The folder below src/, undefined for files of src/ itself and for packages. */
function stageOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}
