// What a workbook (.xlsx) has in it: the names of its sheets, and whether they fit into memory.

import { decodeXML } from 'entities';
import { fromBufferPromise, type Entry, type ZipFile } from 'yauzl';
import { MOST_BYTES, tooLarge } from './bytes';

/**
 * The names of the sheets, in their order.
 * @param bytes the workbook
 * @throws VitrineError INPUT_INVALID if a sheet is too large to be unpacked into memory
 */
export async function sheetNamesOf(name: string, bytes: Buffer): Promise<string[]> {
  const zip = await fromBufferPromise(bytes, { lazyEntries: true });
  let names: string[] = [];
  for await (const entry of zip.eachEntry()) {
    if (entry.uncompressedSize > MOST_BYTES) throw tooLarge(name, 'Save its sheets as CSV');
    if (entry.fileName === 'xl/workbook.xml') names = sheetsIn(await textOf(zip, entry));
  }
  return names;
}

function sheetsIn(xml: string): string[] {
  const found = xml.matchAll(/<(?:\w+:)?sheet\s[^>]*?\bname=(?:"([^"]*)"|'([^']*)')/g);
  return Array.from(found, ([, double, single]) => decodeXML(double ?? single));
}

async function textOf(zip: ZipFile, entry: Entry): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of await zip.openReadStreamPromise(entry)) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}
