// Copies the files of a section into its temporary table.

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import { csvLine, type RowFault } from '../tables/table';
import { ValueFault } from '../values/value-fault';
import { createConverter, noTallies, type Converter, type Tallies } from './convert';
import { createPurchaseConverter } from './convert-purchases';
import { collectAsked } from './merge/asked-ids';
import { addTimes } from './purchase-times';
import type { Run } from './run';
import {
  analyzeStaging,
  createStaging,
  LINES_PER_FILE,
  stagingTable,
  takeDuplicates,
  type Mapped,
} from './merge/merge';
import type { OpenFile, OpenSection } from './sections/sections';
import type { SectionJson } from './targets';

/** A section in its temporary table. */
export interface Staged extends Mapped {
  /** The names of its files. */
  readonly name: string;
  readonly files: readonly { readonly file: string; readonly rows: number }[];
  /** All rows of the files, including rejected ones. */
  readonly rows: number;
  /** Rows that `where` leaves out. */
  readonly filtered: number;
  readonly tallies: Tallies;
  /** Columns that look like kinds of events, and that nothing reads: the column and its values. */
  readonly kinds: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly notes: readonly string[];
  readonly seconds: number;
}

export async function stageSection(run: Run, open: OpenSection): Promise<Staged> {
  const started = performance.now();
  const { section, files } = open;
  const seen = open.distinct ? new Set<string>() : undefined;
  const converters = files.map(({ rows }) => converterOf(open, rows.header, seen));
  const [first] = converters;
  const numbered = section === 'transactions' ? [] : ['line'];
  await createStaging(run.client, section, [...numbered, ...first.columns]);
  const counts: { file: string; rows: number }[] = [];
  const kinds = new Map<string, Map<string, number>>();
  for (const [place, file] of files.entries()) {
    const rows = await copyFile(run, open, { file, converter: converters[place], place, kinds });
    counts.push({ file: file.table.name, rows });
  }
  if (section === 'transactions') await collectAsked(run.client);
  else if (!open.distinct) {
    await takeDuplicates(run.client, section, async (faults, unwritten) => {
      for (const [place, { file }] of counts.entries()) {
        const own = faults.filter(({ line }) => Math.floor(line / LINES_PER_FILE) === place);
        await run.rejects.add(
          file,
          own.map((fault) => ({ ...fault, line: fault.line % LINES_PER_FILE })),
        );
      }
      run.rejects.addUnwritten(counts[0].file, unwritten);
    });
  }
  await analyzeStaging(run.client, section);
  return {
    name: [...new Set(counts.map(({ file }) => file))].join(', '),
    columns: section === 'transactions' ? mappedColumns(open) : first.columns,
    attributes: first.attributes,
    files: counts,
    rows: counts.reduce((sum, { rows }) => sum + rows, 0),
    filtered: files.reduce((sum, { rows }) => sum + rows.filtered(), 0),
    tallies: added(converters),
    kinds,
    notes: files.flatMap(({ rows, table }) => rows.notes().map((note) => `${table.name}: ${note}`)),
    seconds: (performance.now() - started) / 1_000,
  };
}

function converterOf(open: OpenSection, header: readonly string[], seen: Set<string> | undefined): Converter {
  const { json, targets, found } = open;
  return open.section === 'transactions'
    ? createPurchaseConverter(json as SectionJson<'transactions'>, targets, header, found)
    : createConverter(json, targets, header, found, seen);
}

/** The columns of purchases that the files say something about. */
function mappedColumns({ json, targets }: OpenSection): string[] {
  const columns = targets.fields.map(({ column }) => column);
  const { state } = json as SectionJson<'transactions'>;
  return state && !columns.includes('quantity')
    ? [...columns, 'state', 'quantity']
    : [...columns, ...(state ? ['state'] : [])];
}

interface Copying {
  readonly file: OpenFile;
  readonly converter: Converter;
  /** The number of the file in its section. */
  readonly place: number;
  readonly kinds: Map<string, Map<string, number>>;
}

/** Copies one file. Returns the number of its rows. */
async function copyFile(run: Run, open: OpenSection, { file, converter, place, kinds }: Copying): Promise<number> {
  const { client, rejects, reporter, signal } = run;
  const { table } = file;
  const progress = reporter.progress(`Importing ${table.name}`, table.bytes, 'bytes');
  const base = place * LINES_PER_FILE;
  const numbered = open.section !== 'transactions';
  const watched = unreadKinds(open, file.rows.header);
  let rows = 0;

  async function* copyRows(): AsyncGenerator<string> {
    for await (const batch of file.rows.batches((bytes) => progress.tick(bytes, `${rows} rows`))) {
      const faults: RowFault[] = [...batch.faults];
      let text = '';
      for (let i = 0; i < batch.rows.length; i++) {
        try {
          for (const row of converter.convert(batch.rows[i])) {
            text += numbered ? `${base + batch.lines[i]}\t${row}\n` : `${row}\n`;
          }
        } catch (thrown) {
          if (!(thrown instanceof ValueFault)) throw thrown;
          faults.push({ line: batch.lines[i], reason: thrown.message, raw: csvLine(batch.rows[i]) });
        }
        for (const { column, at } of watched) noteKind(kinds, column, batch.rows[i][at]);
      }
      rows += batch.rows.length + batch.faults.length;
      await rejects.add(table.name, faults);
      // A file that is mostly wrong need not be read to its end.
      const rejected = rejects.count(table.name);
      if (rejected > 10_000 && rejected > rows / 2) await rejects.check([{ file: table.name, rows }]);
      yield text;
    }
  }

  const columns = [...(numbered ? ['line'] : []), ...converter.columns].join(', ');
  const sink = client.query(copyFrom(`COPY ${stagingTable(open.section)} (${columns}) FROM STDIN`));
  await pipeline(Readable.from(copyRows(), { objectMode: true, highWaterMark: 2 }), sink, { signal });
  progress.done(`${rows} rows, ${rejects.count(table.name)} rejected`);
  return rows;
}

/** Names of columns that tell purchases from views, or sales from returns. */
const KIND_NAME =
  /^(order|payment|financial|fulfil?lment|feedback|event|interaction|transaction)?[ _]?(event|kind|type|name|action|status|state)$/i;
const MOST_KINDS = 20;

function unreadKinds({ section, json }: OpenSection, header: readonly string[]): { column: string; at: number }[] {
  if (section !== 'transactions') return [];
  const own = json as SectionJson<'transactions'>;
  const conditions = own.where === undefined ? [] : Array.isArray(own.where) ? own.where : [own.where];
  const states = [own.state ?? []].flat().map(({ column }) => column);
  const read = new Set([...states, ...conditions.map(({ column }) => column)]);
  return header
    .map((column, at) => ({ column, at }))
    .filter(({ column }) => KIND_NAME.test(column) && column.toLowerCase() !== 'name' && !read.has(column));
}

function noteKind(kinds: Map<string, Map<string, number>>, column: string, value: string): void {
  let counts = kinds.get(column);
  if (!counts) kinds.set(column, (counts = new Map<string, number>()));
  if (counts.size < MOST_KINDS || counts.has(value)) counts.set(value, (counts.get(value) ?? 0) + 1);
}

function added(converters: readonly Converter[]): Tallies {
  const sum = noTallies();
  for (const { tallies } of converters) {
    addTimes(sum.times, tallies.times);
    sum.guests += tallies.guests;
    sum.repeated += tallies.repeated;
    sum.returns += tallies.returns;
    for (const [reason, count] of tallies.unread) sum.unread.set(reason, (sum.unread.get(reason) ?? 0) + count);
  }
  return sum;
}
