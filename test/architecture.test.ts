import { modulesIn } from './form/project';

// The set-up runs before anything is installed, so it follows other rules.
const files = modulesIn('src').filter(({ path }) => !path.endsWith('.mjs'));

/**
 * The rooms right below each room. A room may import these, the rooms below them, and telemetry.
 * Imports of types count as well. Serving never reaches training, nor training serving.
 */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  telemetry: [],
  data: [],
  graph: [],
  index: [],
  engine: ['graph'],
  // Features import only the type of a batch from the engine.
  features: ['data', 'engine'],
  statistics: ['features'],
  dataset: ['statistics'],
  ranking: ['statistics', 'index'],
  encoders: ['features', 'engine'],
  evaluation: ['dataset', 'ranking'],
  release: ['ranking', 'encoders'],
  training: ['evaluation', 'release'],
  serving: ['release'],
  access: ['data'],
  api: ['serving', 'access'],
  // cli hands the synthetic shop, its oracle and drawings to the others as arguments.
  demo: ['evaluation'],
  cli: ['training', 'api', 'demo'],
  web: [],
};

/** Files of src/ that every room may import. */
const COMMON = ['src/config', 'src/errors', 'src/random', 'src/time', 'src/numbers', 'src/bytes'];

/** Imports that are allowed in one file or folder only. */
const SINGLE_IMPORTERS: readonly (readonly [what: RegExp, where: RegExp])[] = [
  [/^(@prisma\/|prisma\b|src\/data\/store\/prisma\/)/, /^src\/data\/store\//],
  [/^onnxruntime/, /^src\/engine\//],
  [/^faiss-node/, /^src\/index\/local-index\.ts$/],
  [/^@huggingface\//, /^src\/encoders\/tokens\.ts$/],
  [/^(graphql|type-graphql|@apollo\/)/, /^src\/api\//],
  [/^dataloader$/, /^src\/api\//],
  [/^src\/demo\//, /^src\/(demo|cli)\//],
];

test('the search for imports finds them', () => {
  const store = files.find(({ path }) => path === 'src/data/store/sql/statements.ts');
  expect(store?.imports).toEqual(expect.arrayContaining(['@prisma/adapter-pg', 'src/bytes']));
  expect(files.length).toBeGreaterThan(30);
});

test('every folder of src is a room that is listed here', () => {
  const rooms = new Set(files.map(({ path }) => roomOf(path)).filter((room) => room !== undefined));
  expect(Object.keys(BELOW)).toEqual(expect.arrayContaining([...rooms]));
});

test('rooms import only what lies below them', () => {
  const wrong = files.flatMap(({ path, imports }) => {
    const room = roomOf(path);
    if (room === undefined) return [];
    const allowed = [room, 'telemetry', ...belowOf(room)];
    return imports
      .filter((target) => target.startsWith('src/') && !COMMON.includes(target))
      .filter((target) => !allowed.includes(roomOf(target) ?? 'the wiring'))
      .map((target) => `${path} imports ${target}`);
  });
  expect(wrong).toEqual([]);
});

test('files that all rooms may import do not import a room', () => {
  const wrong = files
    .filter(({ path }) => COMMON.includes(path.replace(/\.ts$/, '')))
    .flatMap(({ path, imports }) => imports.filter((target) => roomOf(target)).map((target) => `${path}: ${target}`));
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

test('every file opens with a comment on its purpose', () => {
  const silent = [...files, ...modulesIn('bench')].filter(({ text }) => !/^(#!.*\n)?(\/\/|\/\*)/.test(text));
  expect(silent.map(({ path }) => path)).toEqual([]);
});

/** Returns all rooms below a room, over any number of steps. */
function belowOf(room: string): readonly string[] {
  return (BELOW[room] ?? []).flatMap((below) => [below, ...belowOf(below)]);
}

/** Returns the folder below src/, or undefined for files of src/ itself and for packages. */
function roomOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}
