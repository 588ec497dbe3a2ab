// Writes shop.json. One that is there already is kept under another name.

import { access, rename, writeFile } from 'node:fs/promises';
import { asStorageError } from '../files/storage';
import type { ShopJson } from '../import/shop-json';

/**
 * Returns the name under which the former file is kept; undefined if there was none.
 * @throws VitrineError STORAGE_UNAVAILABLE
 */
export async function writeDescription(path: string, json: ShopJson): Promise<string | undefined> {
  try {
    const kept = (await exists(path)) ? await freeName(path) : undefined;
    if (kept !== undefined) await rename(path, kept);
    await writeFile(path, `${JSON.stringify(json, null, 2)}\n`, { flag: 'wx' });
    return kept;
  } catch (thrown) {
    throw asStorageError(thrown, path);
  }
}

/** shop.json → shop.before.json, shop.before.2.json, … */
async function freeName(path: string): Promise<string> {
  const stem = path.replace(/\.json$/i, '');
  for (let n = 1; ; n++) {
    const name = n === 1 ? `${stem}.before.json` : `${stem}.before.${n}.json`;
    if (!(await exists(name))) return name;
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
