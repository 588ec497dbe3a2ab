import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { PROJECT_ROOT, readConfig, SETTING_NAMES } from '../src/config';
import { asError, VitrineError } from '../src/errors';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitrine-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the configuration', () => {
  test('has a default for every setting', () => {
    expect(readConfig({}, folder)).toEqual({
      databaseUrl: undefined,
      home: join(folder, '.vitrine'),
      modelsDir: join(folder, 'models'),
      imagesDir: undefined,
      host: '127.0.0.1',
      port: 4000,
      device: 'cpu',
      threads: availableParallelism(),
      logLevel: 'info',
      introspection: true,
      corsOrigins: [],
      corsHeaders: [],
      allowedHosts: [],
      open: false,
      tokens: { secrets: [] },
      budgets: {},
      trusted: { only: false, manifests: [] },
      explore: 24,
    });
  });

  test('shows no secret in a message about it', () => {
    const message = faultsOf({ VITRINE_TOKEN_SECRETS: `${'long enough '.repeat(4)},hunter2` });
    expect(message).toContain('VITRINE_TOKEN_SECRETS: expected secrets of 32 bytes or more');
    expect(message).not.toContain('hunter2');
    expect(message).not.toContain('long enough');
  });

  test('reports every fault at once, with the expected and the given value', () => {
    const message = faultsOf({
      DATABASE_URL: 'mysql://root:secret@db/shop',
      PORT: '70000',
      VITRINE_DEVICE: 'tpu',
      VITRINE_THREADS: '0',
      LOG_LEVEL: 'loud',
      VITRINE_INTROSPECTION: 'perhaps',
      CORS_ORIGIN: 'https://shop.example/path',
      ALLOWED_HOSTS: 'https://shop.example',
    });
    expect(message).toContain('8 settings are not valid');
    expect(message).toContain("PORT: expected a whole number from 0 to 65535, got '70000'");
    expect(message).toContain("VITRINE_DEVICE: expected one of cpu, cuda, webgpu, got 'tpu'");
    for (const key of [
      'DATABASE_URL',
      'VITRINE_THREADS',
      'LOG_LEVEL',
      'VITRINE_INTROSPECTION',
      'CORS_ORIGIN',
      'ALLOWED_HOSTS',
    ]) {
      expect(message).toContain(`${key}: expected`);
    }
  });

  test('never shows a password, not even of a wrong URL', () => {
    expect(faultsOf({ DATABASE_URL: 'mysql://root:secret@db/shop' })).not.toContain('secret');
  });

  test.each(['1e3', '-1', '4000.5', '0x10', ' ,'])('refuses %p as a port', (PORT) => {
    expect(faultsOf({ PORT })).toContain('PORT: expected a whole number');
  });

  test('takes names of hosts with and without ports, and refuses others', () => {
    const names = ['*', 'shop.example', '.shop.example', '*.shop.example', 'Shop.Example:8443', '10.0.0.7', '[::1]:80'];
    expect(readConfig({ ALLOWED_HOSTS: names.join(' , ') }, folder).allowedHosts).toEqual(names);
    for (const name of ['http://shop.example', 'shop.example/', 'a b', 'me@shop.example', 'shop.*', '**', ',', '::1']) {
      expect(faultsOf({ ALLOWED_HOSTS: name })).toContain('ALLOWED_HOSTS: expected names such as shop.example');
    }
  });

  test('treats an empty value as unset', () => {
    expect(readConfig({ PORT: '', DATABASE_URL: '  ' }, folder)).toMatchObject({ port: 4000, databaseUrl: undefined });
  });

  test('cannot be changed', () => {
    const config = readConfig({ CORS_ORIGIN: '*' }, folder);
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.corsOrigins)).toBe(true);
  });

  test('resolves relative folders from the project, and keeps absolute ones', () => {
    const config = readConfig(
      { VITRINE_HOME: 'state', MODELS_DIR: '/srv/models', IMAGES_DIR: 'photos', ENCODER_DIR: 'clip' },
      folder,
    );
    expect(config).toMatchObject({
      home: join(folder, 'state'),
      modelsDir: '/srv/models',
      imagesDir: join(folder, 'photos'),
      encoderDir: join(folder, 'clip'),
    });
  });
});

describe('the .env file', () => {
  test('is read, and the environment wins over it', () => {
    writeFileSync(join(folder, '.env'), 'PORT=5000\nLOG_LEVEL=debug # while trying\n');
    expect(readConfig({ PORT: '6000' }, folder)).toMatchObject({ port: 6000, logLevel: 'debug' });
  });

  test('is searched for misspelt settings', () => {
    writeFileSync(join(folder, '.env'), 'VITRINE_DEVICES=cuda\n');
    expect(faultsOf({})).toContain('VITRINE_DEVICES: no such setting');
  });

  test('the environment may hold settings of other programs', () => {
    expect(() => readConfig({ VITRINE_SERVICE_HOST: '10.0.0.1' }, folder)).not.toThrow();
  });
});

describe('.env.example', () => {
  const text = readFileSync(join(PROJECT_ROOT, '.env.example'), 'utf8');

  test('lists every setting and no other', () => {
    expect(Object.keys(parseEnv(text)).sort()).toEqual([...SETTING_NAMES].sort());
  });

  test('gives the defaults', () => {
    writeFileSync(join(folder, '.env'), text);
    const fromExample = readConfig({}, folder);
    rmSync(join(folder, '.env'));
    expect(fromExample).toEqual(readConfig({}, folder));
  });

  test('explains each setting right above it', () => {
    const lines = text.split('\n');
    for (const name of SETTING_NAMES) {
      const at = lines.findIndex((line) => line.startsWith(`${name}=`));
      expect(lines[at - 1]).toMatch(/^# \S/);
    }
  });
});

function faultsOf(env: Record<string, string>): string {
  try {
    readConfig(env, folder);
  } catch (thrown) {
    if (thrown instanceof VitrineError && thrown.code === 'CONFIG_INVALID') return thrown.message;
    throw asError(thrown);
  }
  throw new Error('the configuration was accepted');
}
