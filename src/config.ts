// The settings of the program, which only this file reads from the environment. It checks every
// key, reports all faults at once and freezes the result. .env.example documents each key.

import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { asError, VitrineError } from './errors';

export const DEVICES = ['cpu', 'cuda', 'webgpu'] as const;
export type Device = (typeof DEVICES)[number];

export const CLOCK_MODES = ['live', 'replay'] as const;
export type ClockMode = (typeof CLOCK_MODES)[number];

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface Config {
  /**
   * The URL of the shop's own Postgres. If undefined, the embedded Postgres is used. The URL has a
   * password, so it is never logged.
   */
  readonly databaseUrl: string | undefined;
  /**
   * The absolute path of the program's own files (embedded database, rejected rows, native builds).
   */
  readonly home: string;
  /** The absolute path of the releases. */
  readonly modelsDir: string;
  /** The absolute path of photos such as 010/0108775015.jpg. If undefined, pictures are drawn. */
  readonly imagesDir: string | undefined;
  /** The absolute path of the text encoder's files. Default: the folder that `embed` read. */
  readonly encoderDir: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly device: Device;
  /** Threads for inference and training. */
  readonly threads: number;
  readonly logLevel: LogLevel;
  readonly introspection: boolean;
  /**
   * Other origins whose pages may query from a browser, as browsers send them. `*` means all
   * origins.
   */
  readonly corsOrigins: readonly string[];
  /** Whether everybody may do everything without a key, since a gateway guards the server. */
  readonly open: boolean;
  /** How tokens of customers are verified. */
  readonly tokens: {
    readonly secrets: readonly string[];
    /** An address or an absolute path. */
    readonly jwks: string | undefined;
    readonly issuer: string | undefined;
    readonly audience: string | undefined;
  };
  /** Cost per second of a key and of a customer with a token; undefined for no limit. */
  readonly budgets: { readonly key: number | undefined; readonly customer: number | undefined };
  /** Documents that run by id, and whether nothing else runs. Manifests are absolute paths. */
  readonly trusted: { readonly only: boolean; readonly manifests: readonly string[] };
  /** Names of headers that pages of these origins may send, besides the server's own. */
  readonly corsHeaders: readonly string[];
  /**
   * Names besides localhost and `host`. `.name` or `*.name` includes all names below. `*` means any
   * name.
   */
  readonly allowedHosts: readonly string[];
  /**
   * Every `explore`th position of recommendations goes to the best article that has never sold. 0
   * means that no position does.
   */
  readonly explore: number;
  /**
   * Whether the shop's clock shows the present or stands at the end of historic data. If undefined,
   * the shop's description or its data tell.
   */
  readonly clock: ClockMode | undefined;
}

/**
 * The absolute path of the folder of package.json, which is above the source and the compiled file.
 */
export const PROJECT_ROOT = findProjectRoot(__dirname);

/** The settings of this process. Paths are relative to the project's folder. */
export function loadConfig(): Config {
  return readConfig(process.env, PROJECT_ROOT);
}

/**
 * Sets variables that native libraries read when they are loaded. Call this function on the main
 * thread before the first library loads: a worker has only a copy of `process.env`, which the
 * libraries do not see.
 *
 * - FAISS and its OpenBLAS get one thread. FAISS serves on the main thread, while inference has its
 *   own threads. More threads would compete for the processors: with two busy processors a search
 *   takes 0.4 ms with one thread and 15 ms with two. One thread also builds the same graph every
 *   time.
 * - ONNX Runtime (1.29 and later) reports to Microsoft by default. It then also reads the machine's
 *   id and keeps files in the user's cache and temporary folders. We must not allow that on behalf
 *   of shops, so no setting turns it on again.
 */
export function prepareNativeLibraries(): void {
  process.env['OMP_NUM_THREADS'] ??= '1';
  process.env['OPENBLAS_NUM_THREADS'] ??= '1';
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
}

/**
 * Reads the settings from `env`, then from `<cwd>/.env`, then from the defaults. An empty value
 * counts as unset. Relative paths start at `cwd`.
 * @throws VitrineError CONFIG_INVALID with a line for every fault
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>, cwd: string): Config {
  const file = join(cwd, '.env');
  const fromFile = readEnvFile(file);
  const given: Record<string, string> = {};
  for (const key of SETTING_NAMES) {
    const value = env[key]?.trim() || fromFile[key]?.trim();
    if (value) given[key] = value;
  }
  const parsed = settings.safeParse(given);
  const faults = parsed.success ? [] : parsed.error.issues.map((issue) => describeFault(issue, given));
  // Only the file is searched for misspelt keys. Other programs set such keys in the environment;
  // for example, Kubernetes sets VITRINE_PORT.
  for (const key of Object.keys(fromFile)) {
    if (key.startsWith('VITRINE_') && !SETTING_NAMES.includes(key)) faults.push(`${key}: no such setting (in ${file})`);
  }
  if (!parsed.success || faults.length > 0) {
    const heading = faults.length === 1 ? 'a setting is' : `${faults.length} settings are`;
    throw new VitrineError(
      'CONFIG_INVALID',
      `${heading} not valid:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
    );
  }
  const value = parsed.data;
  return Object.freeze({
    databaseUrl: value.DATABASE_URL,
    home: resolve(cwd, value.VITRINE_HOME),
    modelsDir: resolve(cwd, value.MODELS_DIR),
    imagesDir: value.IMAGES_DIR === undefined ? undefined : resolve(cwd, value.IMAGES_DIR),
    encoderDir: value.ENCODER_DIR === undefined ? undefined : resolve(cwd, value.ENCODER_DIR),
    host: value.HOST,
    port: value.PORT,
    device: value.VITRINE_DEVICE,
    threads: value.VITRINE_THREADS,
    logLevel: value.LOG_LEVEL,
    introspection: value.VITRINE_INTROSPECTION,
    corsOrigins: Object.freeze(value.CORS_ORIGIN),
    corsHeaders: Object.freeze(value.CORS_HEADERS),
    open: value.VITRINE_OPEN,
    tokens: Object.freeze({
      secrets: value.VITRINE_TOKEN_SECRETS,
      jwks: jwksPlace(value.VITRINE_TOKEN_JWKS, cwd),
      issuer: value.VITRINE_TOKEN_ISSUER,
      audience: value.VITRINE_TOKEN_AUDIENCE,
    }),
    budgets: Object.freeze({ key: value.VITRINE_KEY_BUDGET, customer: value.VITRINE_CUSTOMER_BUDGET }),
    trusted: Object.freeze({
      only: value.VITRINE_OPERATIONS === 'trusted',
      manifests: value.TRUSTED_DOCUMENTS.map((path) => resolve(cwd, path)),
    }),
    allowedHosts: Object.freeze(value.ALLOWED_HOSTS),
    explore: value.VITRINE_EXPLORE,
    clock: value.VITRINE_CLOCK,
  });
}

const wholeNumber = (least: number, most: number) => {
  const error = `expected a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d+$/, { error, abort: true })
    .transform(Number)
    .pipe(z.number().min(least, { error }).max(most, { error }));
};

const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: `expected one of ${values.join(', ')}` });

const list = z.string().transform((text) => text.split(',').map((entry) => entry.trim()));

const yesOrNo = oneOf(['true', 'false', '1', '0', 'yes', 'no', 'on', 'off']).transform((value) =>
  ['true', '1', 'yes', 'on'].includes(value),
);

const settings = z.object({
  DATABASE_URL: z
    .string()
    .refine((url) => /^postgres(ql)?:$/.test(protocolOf(url)), {
      error: 'expected a URL such as postgresql://user:password@host:5432/shop',
    })
    .optional(),
  VITRINE_HOME: z.string().default('.vitrine'),
  MODELS_DIR: z.string().default('models'),
  IMAGES_DIR: z.string().optional(),
  ENCODER_DIR: z.string().optional(),
  HOST: z.string().default('127.0.0.1'),
  PORT: wholeNumber(0, 65_535).default(4000),
  VITRINE_DEVICE: oneOf(DEVICES).default('cpu'),
  VITRINE_THREADS: wholeNumber(1, 256).default(() => availableParallelism()),
  LOG_LEVEL: oneOf(LOG_LEVELS).default('info'),
  VITRINE_INTROSPECTION: yesOrNo.default(true),
  VITRINE_OPEN: yesOrNo.default(false),
  VITRINE_TOKEN_SECRETS: list
    .refine((secrets) => secrets.every((secret) => Buffer.byteLength(secret) >= 32), {
      error: 'expected secrets of 32 bytes or more, separated by commas; `openssl rand -base64 32` makes one',
    })
    .default([]),
  VITRINE_TOKEN_JWKS: z.string().optional(),
  VITRINE_TOKEN_ISSUER: z.string().optional(),
  VITRINE_TOKEN_AUDIENCE: z.string().optional(),
  VITRINE_KEY_BUDGET: wholeNumber(1, 1e9).optional(),
  VITRINE_CUSTOMER_BUDGET: wholeNumber(1, 1e9).optional(),
  VITRINE_OPERATIONS: oneOf(['any', 'trusted']).default('any'),
  TRUSTED_DOCUMENTS: list.default([]),
  CORS_ORIGIN: list
    .refine((origins) => origins.every(isOrigin), {
      error: 'expected * or origins such as https://shop.example, separated by commas',
    })
    .default([]),
  CORS_HEADERS: list
    .refine((names) => names.every((name) => /^[\w-]+$/.test(name)), {
      error: 'expected names of headers such as x-request-id, separated by commas',
    })
    .default([]),
  ALLOWED_HOSTS: list
    .refine((hosts) => hosts.every(isHost), {
      error: 'expected names such as shop.example or *.shop.example, separated by commas, or *',
    })
    .default([]),
  VITRINE_EXPLORE: wholeNumber(0, 100).default(24),
  VITRINE_CLOCK: oneOf(CLOCK_MODES).optional(),
});

/** Every key that the program reads. .env.example lists the same ones. */
export const SETTING_NAMES: readonly string[] = Object.freeze(Object.keys(settings.shape));

function readEnvFile(file: string): Record<string, string | undefined> {
  try {
    return existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
  } catch (thrown) {
    throw new VitrineError('CONFIG_INVALID', `${file} cannot be read: ${asError(thrown).message}`);
  }
}

function describeFault(issue: z.core.$ZodIssue, given: Record<string, string>): string {
  const key = String(issue.path[0]);
  return `${key}: ${issue.message}, got ${shownSetting(key, given[key] ?? '')}`;
}

/** A setting in a message. What may hold a secret is not shown. */
function shownSetting(key: string, value: string): string {
  if (key === 'VITRINE_TOKEN_SECRETS') return `${value.split(',').length} of them, one too short`;
  return key === 'DATABASE_URL' ? `'${protocolOf(value) || 'something else'}…'` : `'${value}'`;
}

function jwksPlace(place: string | undefined, cwd: string): string | undefined {
  return place === undefined || /^https?:/.test(place) ? place : resolve(cwd, place);
}

/** An origin has a scheme, a host and maybe a port, and nothing more. */
function isOrigin(text: string): boolean {
  return text === '*' || (URL.canParse(text) && new URL(text).origin === text);
}

/** A name or address, with or without a port. A name may begin with a dot or a star. */
function isHost(text: string): boolean {
  if (text === '*') return true;
  const host = text.replace(/^\*?\./, '');
  return /^[^\s/\\?#@*]+$/.test(host) && URL.canParse(`http://${host}/`);
}

function protocolOf(url: string): string {
  return URL.canParse(url) ? new URL(url).protocol : '';
}

function findProjectRoot(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) throw new Error(`no package.json above ${from}: the installation is incomplete`);
  }
}
