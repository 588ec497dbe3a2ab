// Opens a file of any kind as a table of text cells.

import { openBytes } from './bytes';
import { openCsv } from './csv-table';
import { encodingName } from './decode';
import { detectEncoding } from './encoding';
import type { PartialForm } from './form';
import type { Table } from './rows';

export { formSchema, type Form, type PartialForm } from './form';
export { csvLine, RAW_LIMIT, type RowFault, type Table, type TableBatch } from './rows';

/**
 * Opens a file and reads its header. `path` may go on into a zip file: `shop.zip/orders.csv`.
 * @throws VitrineError INPUT_INVALID if the file is missing, empty, cut off or cannot be read in this
 *   form, also later while it is read; STORAGE_UNAVAILABLE if the system refuses to read the file
 */
export async function openTable(path: string, form: PartialForm = {}): Promise<Table> {
  const source = await openBytes(path);
  try {
    const encoding = form.encoding === undefined ? await detectEncoding(source) : encodingName(form.encoding);
    return await openCsv(source, { ...form, encoding });
  } catch (thrown) {
    source.close();
    throw thrown;
  }
}
