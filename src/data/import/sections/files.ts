// Finds and opens the files of a section, and checks that they have its columns.

import { join } from 'node:path';
import { openTable, pivotTables, tablesIn, type Table } from '../../tables/table';
import type { Section } from '../shop-json';
import { readColumns, type SectionJson, type Targets } from '../targets';

/** The names of files without an entry `file`, without the ending. */
const DEFAULT_NAMES: Record<Section, readonly string[]> = {
  articles: ['articles'],
  customers: ['customers'],
  transactions: ['transactions_train', 'transactions'],
};
const ENDINGS = ['.csv', '.csv.gz', '.jsonl', '.jsonl.gz', '.parquet', '.xlsx', '.zip'];

export interface FoundFiles {
  readonly names: string[];
  readonly faults: string[];
}

/** Finds the files of a section in a folder. A section without a file has no names. */
export function findFiles(section: Section, { file }: SectionJson, entries: readonly string[]): FoundFiles {
  if (file === undefined) {
    const names = DEFAULT_NAMES[section].flatMap((name) => ENDINGS.map((ending) => name + ending));
    const found = names.filter((name) => entries.includes(name));
    const faults =
      found.length > 1 ? [`there are both ${found.join(' and ')}: leave one, or name it as "file" in shop.json`] : [];
    return { names: found.length > 1 ? [] : found, faults };
  }
  const names: string[] = [];
  const faults: string[] = [];
  for (const wanted of typeof file === 'string' ? [file] : file) {
    const found = matching(wanted, entries);
    if (found.length === 0) {
      faults.push(`no file of ${section}: expected ${wanted}, the folder has ${listOf(entries)}`);
    }
    names.push(...found.filter((name) => !names.includes(name)));
  }
  return { names, faults };
}

/**
 * Entries that fit a pattern with * and ?. A path into a zip file fits if the folder has that file.
 */
function matching(wanted: string, entries: readonly string[]): string[] {
  if (!/[*?]/.test(wanted)) return entries.includes(wanted.split('/')[0]) ? [wanted] : [];
  const text = wanted
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
  const pattern = new RegExp(`^${text}$`);
  return entries.filter((entry) => pattern.test(entry)).sort();
}

/** Opens the files of a section: all files of an archive, all sheets of a workbook. */
export async function openAll(dir: string, names: readonly string[], { form: given }: SectionJson): Promise<Table[]> {
  const tables: Table[] = [];
  const { pivot, ...form } = given ?? {};
  try {
    for (const name of names) {
      const path = join(dir, name);
      const named = form.sheet === undefined ? undefined : [form.sheet].flat();
      for (const part of named?.map((sheet) => ({ path, sheet })) ?? (await tablesIn(path))) {
        tables.push(await openTable(part.path, { ...form, ...(part.sheet !== undefined && { sheet: part.sheet }) }));
      }
    }
    const [first, ...others] = tables;
    return pivot === undefined ? tables : [pivotTables([first, ...others], pivot)];
  } catch (thrown) {
    for (const table of tables) await table.close();
    throw thrown;
  }
}

/** What is wrong with the columns of the files, given the columns that joins add. */
export function columnFaults(
  tables: readonly Table[],
  targets: Targets,
  json: SectionJson,
  joined: readonly string[],
): string[] {
  const wanted: [string, string][] = [...readColumns(targets), ...plainColumns(json)];
  return tables.flatMap((table) => {
    const missing = wanted.filter(([, name]) => !table.header.includes(name) && !joined.includes(name));
    if (missing.length === 0) return [];
    const list = missing.map(([field, name]) => `'${name}' (for ${field})`).join(', ');
    return [`${table.name} has no column ${list}; its columns are ${table.header.join(', ')}`];
  });
}

/** The columns that decide which rows are read. */
function plainColumns(json: SectionJson): [string, string][] {
  const conditions = json.where === undefined ? [] : Array.isArray(json.where) ? json.where : [json.where];
  const { fillDown } = json;
  return [
    ...conditions.map(({ column }): [string, string] => ['where', column]),
    ...(fillDown ? [fillDown.by, ...fillDown.columns] : []).map((name): [string, string] => ['fillDown', name]),
    ...('state' in json ? [json.state ?? []].flat() : []).map(({ column }): [string, string] => ['state', column]),
  ];
}

function listOf(entries: readonly string[]): string {
  return entries.length === 0 ? 'nothing' : entries.slice(0, 10).join(', ') + (entries.length > 10 ? ', …' : '');
}
