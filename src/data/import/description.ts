// Reads the description of a shop: the file that is named, else the folder's shop.json, else H&M's
// layout.

import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { asError, VitrineError } from '../../errors';
import { readUtf8 } from '../tables/source/decode';
import { HM_LAYOUT } from './hm';
import { sectionKeys, shopJsonSchema, type ShopJson } from './shop-json';

export const SHOP_JSON = 'shop.json';

export interface Description {
  readonly json: ShopJson;
  /** What errors call it. */
  readonly name: string;
  /** Whether a file was found. Without one, H&M's layout is assumed. */
  readonly written: boolean;
}

/** @throws VitrineError INPUT_INVALID listing every fault, one on each line */
export async function readDescription(dir: string, file?: string): Promise<Description> {
  const path = file ?? (existsSync(join(dir, SHOP_JSON)) ? join(dir, SHOP_JSON) : undefined);
  if (path === undefined) {
    const name = `H&M's layout (\`npx vitrine inspect ${dir}\` writes a ${SHOP_JSON} for any other)`;
    return { json: HM_LAYOUT, name, written: false };
  }
  let value: unknown;
  try {
    value = JSON.parse(await readUtf8(path), (key, own: unknown) => {
      // No object of JavaScript can have such a key like any other.
      if (key !== '__proto__') return own;
      throw new VitrineError(
        'INPUT_INVALID',
        `${path}: "__proto__" cannot be a key; name such a column in a list, as in "categorical": ["__proto__"].`,
      );
    });
  } catch (thrown) {
    if (thrown instanceof VitrineError) throw thrown;
    throw new VitrineError('INPUT_INVALID', `The mapping ${path} is not JSON: ${asError(thrown).message}`);
  }
  return { json: parseDescription(value, path), name: basename(path), written: true };
}

function parseDescription(value: unknown, source: string): ShopJson {
  const parsed = shopJsonSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => {
    const place = issue.path.join('.') || 'the whole';
    if (issue.code !== 'unrecognized_keys') return `${place}: ${issue.message}`;
    const known = sectionKeys(issue.path[0]) ?? Object.keys(shopJsonSchema.shape);
    return `${place}: no such key as ${issue.keys.join(', ')}; expected some of ${known.join(', ')}`;
  });
  throw new VitrineError('INPUT_INVALID', `${source} is not valid:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
}
