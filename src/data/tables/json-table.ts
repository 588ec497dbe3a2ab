// Reads JSON lines and lists of objects in JSON. Numbers stay as written, since ids change when
// they become numbers: 17000.0, or digits beyond 2 ** 53. Python's dictionaries are read too.

import { VitrineError } from '../../errors';
import type { ByteSource } from './source/bytes';
import { decodeText, locateWrongBytes, takeSample } from './source/decode';
import { flattenObject } from './reshape/flatten';
import type { PartialForm } from './form';
import { chooseCutter, type JsonCut, type JsonCutter } from './json-records';
import { isObject, parseJson, textOf } from './json-values';
import { RAW_LIMIT, type Table, type TableBatch } from './rows';

/** The names of columns are collected from so many characters. */
const SAMPLE = 1 << 22;

/**
 * @param form `encoding` is a standard name
 * @throws VitrineError INPUT_INVALID, also later while the table is read
 */
export async function openJson(source: ByteSource, form: PartialForm & { encoding: string }): Promise<Table> {
  const progress = { bytes: 0 };
  const pieces = source.read((bytes) => (progress.bytes = bytes));
  const text = locateWrongBytes(source.name, decodeText(pieces, form.encoding));
  try {
    const sample = await takeSample(text, SAMPLE);
    const cutter = chooseCutter(sample.text, sample.end);
    const first = cutter(sample.text, 1, sample.end);
    const rows = new JsonRows(namesOf(first, source.name));
    const notes: string[] = [];
    return {
      path: source.path,
      name: source.name,
      header: rows.header,
      bytes: source.size,
      form: { type: 'jsonl', encoding: form.encoding },
      notes,
      async *batches(onBytes) {
        const rest = { text: sample.text.slice(first.length), line: 1 + first.lineEnds };
        for await (const cut of readValues(first, rest, text, cutter)) {
          onBytes?.(progress.bytes);
          const batch = rows.batch(cut);
          if (batch.rows.length + batch.faults.length > 0) yield batch;
        }
        onBytes?.(progress.bytes);
        notes.push(...rows.late());
      },
      close: async () => {
        await text.return();
        source.close();
      },
    };
  } catch (thrown) {
    await text.return();
    throw thrown;
  }
}

/** The names of the sample in the order in which they first occur. */
function namesOf({ texts }: JsonCut, name: string): string[] {
  const names = new Set<string>();
  for (const text of texts) {
    const object = parseJson(text);
    if (isObject(object)) flattenObject(object, isObject, (column) => names.add(column));
  }
  if (names.size > 0) return [...names];
  throw new VitrineError(
    'INPUT_INVALID',
    `${name}: expected objects in JSON such as {"id": 1}, one on each line or in a list; got none.`,
  );
}

/** Makes rows of the texts of objects. */
class JsonRows {
  private readonly columns: ReadonlyMap<string, number>;
  /** Names that occur first after the sample, and their first lines. */
  private readonly unknown = new Map<string, number>();

  constructor(readonly header: readonly string[]) {
    this.columns = new Map(header.map((name, column) => [name, column]));
  }

  batch({ texts, lines, faults }: JsonCut): TableBatch {
    const batch: TableBatch = { rows: [], lines: [], faults };
    texts.forEach((text, i) => {
      const object = parseJson(text);
      if (!isObject(object)) {
        const reason = 'expected an object in JSON such as {"id": 1}';
        batch.faults.push({ line: lines[i], reason, raw: text.slice(0, RAW_LIMIT) });
        return;
      }
      const row = new Array<string>(this.columns.size).fill('');
      flattenObject(object, isObject, (name, value) => {
        const column = this.columns.get(name);
        if (column !== undefined) row[column] = textOf(value);
        else if (!this.unknown.has(name)) this.unknown.set(name, lines[i]);
      });
      batch.rows.push(row);
      batch.lines.push(lines[i]);
    });
    return batch;
  }

  /** What was left out. */
  late(): string[] {
    return Array.from(this.unknown, ([name, line]) => `'${name}' first occurs on line ${line} and is left out`);
  }
}

async function* readValues(
  first: JsonCut,
  start: { text: string; line: number },
  text: AsyncIterable<string>,
  cutter: JsonCutter,
): AsyncGenerator<JsonCut, void, undefined> {
  yield first;
  let { text: rest, line } = start;
  const cutOff = (end: boolean): JsonCut => {
    const cut = cutter(rest, line, end);
    rest = rest.slice(cut.length);
    line += cut.lineEnds;
    return cut;
  };
  for await (const piece of text) {
    rest += piece;
    yield cutOff(false);
  }
  yield cutOff(true);
}
