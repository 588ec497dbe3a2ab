// Opens the files of all sections of a shop, and reports all that is missing at once.

import { VitrineError } from '../../../errors';
import { openTable, type Table } from '../../tables/table';
import type { Description } from '../description';
import { detect } from './detection';
import { columnFaults, findFiles, openAll } from './files';
import type { Found } from '../readers';
import { openRows, type SectionRows } from './rows';
import { SECTIONS, type Section } from '../shop-json';
import { readColumns, targetsOf, type SectionJson, type Targets } from '../targets';

export interface OpenFile {
  readonly table: Table;
  readonly rows: SectionRows;
}

export interface OpenSection {
  readonly section: Section;
  readonly json: SectionJson;
  readonly targets: Targets;
  readonly files: readonly OpenFile[];
  readonly found: Found;
  /** Whether only the first row of each id counts. */
  readonly distinct: boolean;
}

/**
 * Opens the sections that have files, in the order of SECTIONS.
 * @throws VitrineError INPUT_INVALID listing all missing files and columns
 */
export async function openSections(
  dir: string,
  entries: readonly string[],
  { json, name }: Description,
): Promise<OpenSection[]> {
  const faults: string[] = [];
  const opened: Table[] = [];
  const sections: OpenSection[] = [];
  try {
    const plans = SECTIONS.flatMap((section) => {
      const own = json[section];
      return own === undefined ? [] : [{ section, json: own, ...findFiles(section, own, entries) }];
    });
    faults.push(...plans.flatMap((plan) => plan.faults));
    if (plans.every(({ names }) => names.length === 0) && faults.length === 0) {
      faults.push(
        `no file of articles or transactions: the folder has ${entries.slice(0, 10).join(', ') || 'nothing'}`,
      );
    }
    for (const plan of plans) {
      if (plan.names.length === 0) continue;
      const targets = targetsOf(plan.section, plan.json);
      const tables = await openAll(dir, plan.names, plan.json);
      opened.push(...tables);
      const wanted = wantedColumns(plan.json, targets);
      const files: OpenFile[] = [];
      for (const table of tables) files.push({ table, rows: await openRows(dir, table, plan.json, wanted) });
      const joined = files[0].rows.header.slice(tables[0].header.length);
      const missing = columnFaults(tables, targets, plan.json, joined);
      faults.push(...missing);
      if (missing.length > 0) continue;
      const reopen = tables.map((table) => () => openTable(table.path, table.form));
      const found = await detect(reopen, plan.json, targets);
      sections.push({
        section: plan.section,
        json: plan.json,
        targets,
        files,
        found,
        distinct: isDistinct(plan, plans),
      });
    }
    if (faults.length > 0) {
      throw new VitrineError(
        'INPUT_INVALID',
        `${dir} does not fit ${name}:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
      );
    }
    return sections;
  } catch (thrown) {
    for (const table of opened) await table.close();
    throw thrown;
  }
}

interface Plan {
  readonly section: Section;
  readonly json: SectionJson;
  readonly names: readonly string[];
}

/** A file of orders repeats its articles and customers. */
function isDistinct({ section, json, names }: Plan, plans: readonly Plan[]): boolean {
  if (section === 'transactions') return false;
  // Rows of one line of the file cannot be told apart by their lines.
  if (json.form?.explode !== undefined) return true;
  if ('distinct' in json && json.distinct !== undefined) return json.distinct;
  if (json.fillDown) return true;
  const others = plans.find((plan) => plan.section === 'transactions')?.names ?? [];
  return names.some((name) => others.includes(name));
}

function wantedColumns(json: SectionJson, targets: Targets): ReadonlySet<string> {
  const conditions = json.where === undefined ? [] : Array.isArray(json.where) ? json.where : [json.where];
  return new Set([
    ...readColumns(targets).map(([, column]) => column),
    ...conditions.map(({ column }) => column),
    ...(json.fillDown ? [json.fillDown.by, ...json.fillDown.columns] : []),
    ...('state' in json ? [json.state ?? []].flat().map(({ column }) => column) : []),
  ]);
}
