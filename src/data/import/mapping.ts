// Maps the columns of a shop's files to the fields of the store. H&M's layout is built in, and a
// shop.json describes any other.

import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { asError, VitrineError } from '../../errors';
import { FIELDS } from '../store/fields';
import { openCsv, type CsvFile } from './csv';
import { readUtf8, unreadable } from './utf8';

const FILE_KINDS = ['articles', 'customers', 'transactions'] as const;
export type FileKind = (typeof FILE_KINDS)[number];

/** The mapping is stored as JSON in Postgres, which refuses NUL and unpaired surrogates. */
const storable = (expected: string) =>
  z
    .string({ error: expected })
    .min(1, expected)
    .refine((text) => !/[\0\p{Surrogate}]/u.test(text), `${expected}, got a character that cannot be stored`);
const column = storable('expected the name of a column');
const file = z.string().regex(/^[^/\\]+\.csv(\.gz)?$/, 'expected the name of a .csv or .csv.gz file of the folder');

/**
 * Columns without a field of their own. Their values are kept in `attributes` under the names of
 * the columns.
 */
const attributes = {
  /** One category in each row. */
  categorical: z.array(column).optional(),
  /** Several categories in each row: the column and the separator between them. */
  multiValued: z.record(column, storable('expected the separator between the values')).optional(),
  numeric: z.array(column).optional(),
};

function fieldsOf<K extends FileKind, R extends keyof (typeof FIELDS)[K] & string>(kind: K, required: readonly R[]) {
  type Optional = Exclude<keyof (typeof FIELDS)[K] & string, R>;
  const shape: Record<string, z.ZodType> = {};
  for (const name of Object.keys(FIELDS[kind])) {
    shape[name] = required.some((field) => field === name) ? column : column.optional();
  }
  return shape as Record<R, typeof column> & Record<Optional, z.ZodOptional<typeof column>>;
}

const mappingSchema = z.strictObject({
  articles: z.strictObject({ file: file.optional(), ...fieldsOf('articles', ['id']), ...attributes }),
  /** Without this section, or without its file, customers are made from the transactions. */
  customers: z.strictObject({ file: file.optional(), ...fieldsOf('customers', ['id']), ...attributes }).optional(),
  transactions: z.strictObject({
    file: file.optional(),
    ...fieldsOf('transactions', ['date', 'customer', 'article']),
  }),
});

/** For each file, the column of each field and the columns that become attributes. */
export type Mapping = z.infer<typeof mappingSchema>;

/** H&M's layout. Its columns have the store's names, except these. */
const HM_MAPPING: Mapping = Object.freeze({
  articles: { ...ownNames('articles'), id: 'article_id' },
  customers: { ...ownNames('customers'), id: 'customer_id', fn: 'FN', active: 'Active' },
  transactions: { ...ownNames('transactions'), date: 't_dat', customer: 'customer_id', article: 'article_id' },
});

const MAPPING_FILE = 'shop.json';

/** The open files of a shop, and their mapping. */
export interface ShopFiles {
  readonly mapping: Mapping;
  readonly articles: CsvFile;
  /** null if there is no such file. */
  readonly customers: CsvFile | null;
  readonly transactions: CsvFile;
}

/**
 * Finds and opens the files of the shop in a folder. The mapping is that of `mappingFile`, else the
 * folder's shop.json, else H&M's.
 * @throws VitrineError INPUT_INVALID listing all faults of the mapping, or all missing files and
 *   columns
 */
export async function openShopFiles(dir: string, mappingFile?: string): Promise<ShopFiles> {
  const entries = await readdir(dir).catch((thrown: unknown) => {
    throw unreadable(dir, thrown);
  });
  const path = mappingFile ?? (existsSync(join(dir, MAPPING_FILE)) ? join(dir, MAPPING_FILE) : undefined);
  const mapping = path === undefined ? HM_MAPPING : await readMapping(path);

  const faults: string[] = [];
  const open = async (kind: FileKind): Promise<CsvFile | null> => {
    const section = mapping[kind];
    if (section === undefined) return null;
    const names = section.file === undefined ? DEFAULT_NAMES[kind] : [section.file];
    const found = names.filter((name) => entries.includes(name));
    if (found.length > 1)
      faults.push(`there are both ${found.join(' and ')}: leave one, or name it as "file" in ${MAPPING_FILE}`);
    if (found.length === 0 && kind !== 'customers') {
      faults.push(`no file of ${kind}: expected ${names.join(' or ')}, the folder has ${listOf(entries)}`);
    }
    if (found.length !== 1) return null;
    const csv = await openCsv(join(dir, found[0]));
    opened.push(csv);
    faults.push(...columnFaults(csv, section));
    return csv;
  };
  const opened: CsvFile[] = [];
  try {
    const [articles, customers, transactions] = [
      await open('articles'),
      await open('customers'),
      await open('transactions'),
    ];
    if (faults.length > 0 || articles === null || transactions === null) {
      const by =
        path === undefined
          ? `H&M's layout (another one is described by a ${MAPPING_FILE}, see the README)`
          : basename(path);
      throw new VitrineError(
        'INPUT_INVALID',
        `${dir} does not fit ${by}:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
      );
    }
    return { mapping, articles, customers, transactions };
  } catch (thrown) {
    for (const csv of opened) await csv.close();
    throw thrown;
  }
}

async function readMapping(path: string): Promise<Mapping> {
  const text = await readUtf8(path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    throw new VitrineError('INPUT_INVALID', `The mapping ${path} is not JSON: ${asError(thrown).message}`);
  }
  return parseMapping(value, path);
}

/** @throws VitrineError INPUT_INVALID listing every fault, one on each line */
function parseMapping(value: unknown, source: string): Mapping {
  const parsed = mappingSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => {
    const place = issue.path.join('.') || 'the whole';
    if (issue.code !== 'unrecognized_keys') return `${place}: ${issue.message}`;
    const known = isFileKind(issue.path[0])
      ? [
          'file',
          ...Object.keys(FIELDS[issue.path[0]]),
          ...(issue.path[0] === 'transactions' ? [] : Object.keys(attributes)),
        ]
      : FILE_KINDS;
    return `${place}: no such key as ${issue.keys.join(', ')}; expected some of ${known.join(', ')}`;
  });
  throw new VitrineError('INPUT_INVALID', `${source} is not valid:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
}

const DEFAULT_NAMES: Record<FileKind, readonly string[]> = {
  articles: ['articles.csv', 'articles.csv.gz'],
  customers: ['customers.csv', 'customers.csv.gz'],
  transactions: ['transactions_train.csv', 'transactions_train.csv.gz', 'transactions.csv', 'transactions.csv.gz'],
};

/** The columns of a section: [the field or kind of attribute, the column]. */
function mappedColumns(section: NonNullable<Mapping[FileKind]>): [string, string][] {
  const columns: [string, string][] = [];
  for (const [key, value] of Object.entries(section)) {
    if (key === 'file' || value === undefined) continue;
    if (typeof value === 'string') columns.push([key, value]);
    else for (const name of Array.isArray(value) ? value : Object.keys(value)) columns.push([key, name]);
  }
  return columns;
}

function columnFaults(csv: CsvFile, section: NonNullable<Mapping[FileKind]>): string[] {
  const missing = mappedColumns(section).filter(([, name]) => !csv.header.includes(name));
  const twice = mappedColumns(section).filter(([, name]) => csv.header.filter((other) => other === name).length > 1);
  return [
    ...(missing.length === 0
      ? []
      : [
          `${csv.name} has no column ${missing.map(([field, name]) => `'${name}' (for ${field})`).join(', ')}; its columns are ${csv.header.join(', ')}`,
        ]),
    ...twice.map(([, name]) => `${csv.name} has more than one column '${name}'`),
  ];
}

function ownNames(kind: FileKind): Record<string, string> {
  return Object.fromEntries(Object.entries(FIELDS[kind]).map(([field, [name]]) => [field, name]));
}

function isFileKind(value: unknown): value is FileKind {
  return FILE_KINDS.some((kind) => kind === value);
}

function listOf(entries: readonly string[]): string {
  return entries.length === 0 ? 'nothing' : entries.slice(0, 10).join(', ') + (entries.length > 10 ? ', …' : '');
}
