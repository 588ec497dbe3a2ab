// Converts the first rows of each section as the import does, so that a person sees what they
// become.

import { readdir } from 'node:fs/promises';
import { asError } from '../../errors';
import { createConverter } from '../import/convert';
import { createPurchaseConverter } from '../import/convert-purchases';
import { openSections, type OpenSection } from '../import/sections/sections';
import type { Section, ShopJson } from '../import/shop-json';
import type { SectionJson } from '../import/targets';

export interface ConvertedRows {
  readonly section: Section;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const SHOWN = 3;

/** `fault` says why the description cannot be imported as it is. */
export async function convertFirst(
  dir: string,
  json: ShopJson,
): Promise<{ readonly converted: readonly ConvertedRows[]; readonly fault?: string }> {
  let sections: OpenSection[] = [];
  try {
    sections = await openSections(dir, await readdir(dir), { json, name: 'shop.json', written: true });
    const converted: ConvertedRows[] = [];
    for (const section of sections) converted.push(await firstOf(section));
    return { converted };
  } catch (thrown) {
    return { converted: [], fault: asError(thrown).message };
  } finally {
    for (const { files } of sections) for (const { table } of files) await table.close();
  }
}

async function firstOf({ section, json, targets, files, found, distinct }: OpenSection): Promise<ConvertedRows> {
  const rows: string[][] = [];
  const [{ rows: source }] = files;
  const converter =
    section === 'transactions'
      ? createPurchaseConverter(json as SectionJson<'transactions'>, targets, source.header, found)
      : createConverter(json, targets, source.header, found, distinct ? new Set() : undefined);
  const batches = source.batches();
  for await (const batch of batches) {
    for (const row of batch.rows) {
      if (rows.length >= SHOWN) break;
      rows.push(...convertedOrNone(() => converter.convert(row)));
    }
    if (rows.length >= SHOWN) break;
  }
  return { section, columns: converter.columns, rows: rows.slice(0, SHOWN) };
}

function convertedOrNone(convert: () => readonly string[]): string[][] {
  try {
    return convert().map((line) => line.split('\t').map((cell) => (cell === '\\N' ? '' : cell)));
  } catch {
    // A row that the import rejects. Later ones are shown.
    return [];
  }
}
