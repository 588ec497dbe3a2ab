// The text of an article. All text encoders read the same text.

import type { ArticleRow } from '../data/store/store';
import { plainText } from '../data/values/text';
import { attributesOf } from './columns';

type TextRow = Pick<ArticleRow, 'name' | 'description' | 'category' | 'brand' | 'colour' | 'attributes'>;

/**
 * What there is to read of an article, as one text without markup: name, categories, brand, colour,
 * the categories among its attributes, description and further texts. Each value occurs once. Codes
 * stand at the end under the names of their attributes, since numbers alone would mean the same in
 * all of them.
 */
export function articleText(row: TextRow): string {
  const { categories, texts, codes } = attributeTexts(row);
  const parts = [row.name, ...row.category, row.brand, row.colour, ...categories, row.description, ...texts, ...codes];
  const plain = parts.map((part) => (part === null ? '' : plainText(part))).filter((part) => part !== '');
  return [...new Set(plain)].join('. ');
}

interface AttributeTexts {
  readonly categories: string[];
  readonly texts: string[];
  readonly codes: string[];
}

function attributeTexts(row: TextRow): AttributeTexts {
  const found: AttributeTexts = { categories: [], texts: [], codes: [] };
  const attributes = Object.entries(attributesOf(row)).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, value] of attributes) {
    // A flag that is set is read by its name: “vegan”, “dishwasher safe”.
    if (value === true) found.categories.push(name.replaceAll('_', ' '));
    else if (typeof value === 'string') found.texts.push(value);
    else if (Array.isArray(value)) {
      for (const one of value) {
        if (typeof one !== 'string' || one === '') continue;
        if (/\p{L}/u.test(one)) found.categories.push(one);
        else found.codes.push(`${name}_${one}`);
      }
    }
  }
  return found;
}
