// Files that are not tables of text, told by their first bytes, and how each becomes one.

import { VitrineError } from '../../../errors';

const UNPACK = 'Unpack it first';
const FOREIGN: readonly (readonly [bytes: string, at: number, what: string, remedy: string])[] = [
  ['\xd0\xcf\x11\xe0', 0, 'a workbook of Excel before 2007 (.xls)', 'Save it as .xlsx or as CSV'],
  ['BZh', 0, 'packed with bzip2', UNPACK],
  ['\xfd7zXZ', 0, 'packed with xz', UNPACK],
  ['\x28\xb5\x2f\xfd', 0, 'packed with zstd', UNPACK],
  ["7z\xbc\xaf'\x1c", 0, 'a 7z archive', UNPACK],
  ['Rar!\x1a', 0, 'a RAR archive', UNPACK],
  ['PK\x03\x04', 0, 'a zip file within another file', UNPACK],
  ['ustar', 257, 'a tar archive', UNPACK],
  ['%PDF-', 0, 'a PDF', 'Export the table as CSV'],
  ['SQLite format 3\0', 0, 'an SQLite database', 'Export its tables as CSV'],
  ['PGDMP', 0, 'a dump of Postgres', 'Export its tables with COPY … TO … CSV HEADER'],
  ['ORC', 0, 'an ORC file', 'Convert it to Parquet'],
  ['Obj\x01', 0, 'an Avro file', 'Convert it to Parquet or JSON lines'],
  ['ARROW1', 0, 'an Arrow file', 'Convert it to Parquet'],
];

/**
 * Throws for contents that no reader here knows. Workbooks (.xlsx) are zip files that are read as
 * they are, so they never come here.
 * @throws VitrineError INPUT_INVALID
 */
export function refuseForeign(name: string, head: Buffer): void {
  const start = head.toString('latin1', 0, 512);
  const found = FOREIGN.find(([bytes, at]) => start.startsWith(bytes, at));
  if (found === undefined || isWorkbookHead(start)) return;
  throw new VitrineError(
    'INPUT_INVALID',
    `${name}: expected CSV, JSON lines, Parquet or xlsx, also within gz or zip; it is ${found[2]}. ${found[3]}.`,
  );
}

/** The first entry of a workbook has one of these names. */
function isWorkbookHead(start: string): boolean {
  return start.startsWith('PK\x03\x04') && /\[Content_Types\]\.xml|_rels\/|docProps\/|xl\//.test(start);
}
