import { modulesIn } from './form/project';

// The set-up is plain JavaScript that runs before anything is installed.
const files = modulesIn('src').filter(({ path }) => !path.endsWith('.mjs'));

/**
 * The rooms that lie right below each room. A room may import these, what lies below them, and
 * telemetry: types too. Serving never reaches training, nor training serving.
 */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  telemetry: [],
  data: [],
  graph: [],
  index: [],
  engine: ['graph'],
  // Of the engine only what a batch of numbers looks like.
  features: ['data', 'engine'],
  statistics: ['features'],
  dataset: ['statistics'],
  ranking: ['statistics', 'index'],
  encoders: ['features', 'engine'],
  evaluation: ['dataset', 'ranking'],
  release: ['ranking', 'encoders'],
  training: ['evaluation', 'release'],
  serving: ['release'],
  api: ['serving'],
  // The synthetic shop, its oracle and drawings: cli hands them in as arguments.
  demo: ['evaluation'],
  cli: ['training', 'api', 'demo'],
  web: [],
};

/** What every room may import of src/ itself. */
const COMMON = ['src/config', 'src/errors', 'src/random', 'src/time', 'src/numbers', 'src/bytes'];

/** What only one file, or one folder, may import. */
const SINGLE_IMPORTERS: readonly (readonly [what: RegExp, where: RegExp])[] = [
  [/^(@prisma\/|prisma\b|src\/data\/store\/prisma\/)/, /^src\/data\/store\/store\.ts$/],
  [/^onnxruntime/, /^src\/engine\//],
  [/^faiss-node/, /^src\/index\/local-index\.ts$/],
  [/^@huggingface\//, /^src\/encoders\/tokens\.ts$/],
  [/^(graphql|type-graphql|@apollo\/)/, /^src\/api\//],
  [/^dataloader$/, /^src\/api\//],
  [/^src\/demo\//, /^src\/(demo|cli)\//],
];

test('the search for imports finds them', () => {
  const store = files.find(({ path }) => path === 'src/data/store/store.ts');
  expect(store?.imports).toEqual(expect.arrayContaining(['@prisma/adapter-pg', 'src/errors']));
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

test('what all rooms may import imports no room', () => {
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

test('every file opens with what it is', () => {
  const silent = [...files, ...modulesIn('bench')].filter(({ text }) => !/^(#!.*\n)?(\/\/|\/\*)/.test(text));
  expect(silent.map(({ path }) => path)).toEqual([]);
});

/** All rooms below a room, whatever the number of steps. */
function belowOf(room: string): readonly string[] {
  return (BELOW[room] ?? []).flatMap((below) => [below, ...belowOf(below)]);
}

/** The folder below src/, undefined for files of src/ itself and for packages. */
function roomOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}
