// The questions about similar articles: columns that should agree, pairs that were bought on one
// day, and the best sellers.

import { VitrineError } from '../../errors';
import type { HistoryEnds, Dataset } from '../../dataset/dataset';
import type { Random } from '../../random';
import { unitsInHistories } from '../baselines';
import type { NamedColumn } from './search-quality';
import { sample } from './similar-methods';
import { DAY } from '../../time';

/**
 * The columns that should agree: fields or attributes of articles, of which the first known counts.
 */
const COLUMNS = {
  type: ['category', 'product_type_name', 'product_type', 'type'],
  colour: ['colour', 'color'],
  pattern: ['graphical_appearance_name', 'pattern'],
  department: ['department_no', 'department_name', 'department'],
} as const;
export type Column = keyof typeof COLUMNS;

export function columnsOf({ catalogue, encoder }: Dataset): Record<Column, NamedColumn> {
  const { single } = catalogue.layout;
  const names = encoder.slotNames('article_fields');
  const row = new Int32Array(single.length);
  const columnOf = (columns: readonly string[]): NamedColumn => {
    const features = columns.map((column) => encoder.featureOf(column)).filter((feature) => feature !== undefined);
    const place = single.findIndex((feature) => feature === features.at(0));
    const slots = Int32Array.from({ length: catalogue.size }, (_, article) => {
      catalogue.copySingle(article, row, 0);
      return row[place] ?? -1;
    });
    return {
      slots,
      nameOf(slot) {
        // The first slot of a column means unknown. Its name has no value.
        const [, value] = slot < 0 ? [] : (JSON.parse(names[slot]) as [string, string?]);
        return value;
      },
    };
  };
  return {
    type: columnOf(COLUMNS.type),
    colour: columnOf(COLUMNS.colour),
    pattern: columnOf(COLUMNS.pattern),
    department: columnOf(COLUMNS.department),
  };
}

/** The best sellers. No two have the same type, colour or pattern. */
export function mostBought(
  shop: Dataset,
  ends: HistoryEnds,
  { type, colour, pattern }: Readonly<Record<Column, NamedColumn>>,
  most: number,
): number[] {
  const units = unitsInHistories(shop, ends);
  const chosen: number[] = [];
  const order = [...units.keys()].sort((a, b) => units[b] - units[a] || a - b);
  for (const one of order) {
    if (chosen.length === most) break;
    const differs = ({ slots }: NamedColumn): boolean => chosen.every((other) => slots[other] !== slots[one]);
    if ([type, colour, pattern].every(differs)) chosen.push(one);
  }
  return chosen;
}

/** Catalogue indices of the shop's ids. @throws VitrineError INPUT_INVALID if an id is unknown. */
export function placesOf({ catalogue }: Dataset, ids: readonly string[]): number[] {
  return ids.map((id) => {
    const place = catalogue.ids.indexOf(id);
    if (place < 0) throw new VitrineError('INPUT_INVALID', `There is no article "${id}" in the database.`);
    return place;
  });
}

/** Two articles that one customer bought on one day, by catalogue index. */
export interface BoughtPair {
  readonly one: number;
  readonly other: number;
  readonly customer: number;
}

/**
 * Draws pairs of articles of different products that were bought after a moment. Each pair can be
 * drawn in both directions.
 */
export function pairsAfter(
  { customers, offsets, article, at, catalogue }: Dataset,
  from: number,
  random: Random,
  most: number,
): BoughtPair[] {
  const pairs: BoughtPair[] = [];
  for (let customer = 0; customer < customers; customer++) {
    for (let p = offsets[customer]; p < offsets[customer + 1]; p++) {
      if (at[p] < from) continue;
      for (let q = p + 1; q < offsets[customer + 1] && Math.floor(at[q] / DAY) === Math.floor(at[p] / DAY); q++) {
        const product = catalogue.productOf(article[p]);
        const same = product === null ? article[p] === article[q] : product === catalogue.productOf(article[q]);
        const [one, other] = [article[p], article[q]];
        if (!same) pairs.push({ one, other, customer }, { one: other, other: one, customer });
      }
    }
  }
  return sample(pairs.length, most, random).map((i) => pairs[i]);
}
