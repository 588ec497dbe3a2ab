// The columns by which two articles look alike to people, and the groups of articles that they
// make. They teach the text encoder. The shop's description names the columns; otherwise they are
// chosen by their values.
import { z } from 'zod';
import type { Dataset } from '../../dataset/dataset';
import type { Store } from '../../data/store/store';
import { entropy } from '../../features/column-choice';
import { attributeOf } from '../../features/columns';

/** The columns that the shop's description names as looks. Undefined if it names none. */
export async function namedLooks(store: Pick<Store, 'fact'>): Promise<readonly string[] | undefined> {
  const mapping = z.object({ articles: z.object({ looks: z.array(z.string()).min(1) }) });
  return mapping.safeParse(await store.fact('mapping')).data?.articles.looks;
}

type Shop = Pick<Dataset, 'catalogue' | 'encoder'>;

/** Maximum number of columns that are chosen without names. */
const MOST = 4;
/** A column with fewer or more values is no description that many articles share. */
const [FEWEST_VALUES, MOST_VALUES] = [3, 300];
/** The smallest share of articles with a value. */
const LEAST_KNOWN = 0.5;

/**
 * The features for the named columns. Without names, the category and the colour come first, then
 * the attributes that tell most.
 */
export function looksOf(shop: Shop, named: readonly string[] | undefined): string[] {
  const { single } = shop.catalogue.layout;
  if (named) {
    const features = named.map((column) => shop.encoder.featureOf(column) ?? '');
    return [...new Set(features)].filter((name) => single.includes(name));
  }
  const attributes = single
    .filter((name) => attributeOf(name) !== undefined)
    .map((name) => ({ name, bits: bitsOf(shop, name) }))
    .filter(({ bits }) => bits > 0)
    .sort((a, b) => b.bits - a.bits || (a.name < b.name ? -1 : 1))
    .map(({ name }) => name);
  return [...['category', 'colour'].filter((name) => single.includes(name)), ...attributes].slice(0, MOST);
}

/**
 * What a feature tells about an article, in bits; 0 if its values are too few, too many or rare.
 */
function bitsOf(shop: Shop, feature: string): number {
  if (shop.encoder.toJSON().articles.find(({ name }) => name === feature)?.kind !== 'categorical') return 0;
  const counts = new Map<number, number>();
  for (const group of groupsOf(shop, [feature])) {
    if (group > 0) counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  const known = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (counts.size < FEWEST_VALUES || counts.size > MOST_VALUES) return 0;
  return known < LEAST_KNOWN * shop.catalogue.size ? 0 : entropy(counts.values());
}

/** Groupings: the group of every article, or 0. */
export interface Groupings {
  readonly looks: Int32Array[];
  readonly taste: Int32Array[];
}

/**
 * The groups by looks, of which training uses one after the other, and those for the taste. The
 * first column is the kind of article, the last one the least visible: H&M's looks are type,
 * colour, pattern and department. The most visible columns occur twice. With few purchases the
 * taste would memorise co-purchases, which its groups prevent. A shop without such columns learns
 * from words and purchases alone.
 */
export function groupings(shop: Shop, looks: readonly string[]): Groupings {
  if (looks.length === 0) return { looks: [], taste: [] };
  const [kind] = looks;
  if (looks.length === 1) return { looks: [groupsOf(shop, looks)], taste: [groupsOf(shop, looks)] };
  const visible = looks.slice(0, -1);
  const lists = [[kind, looks[looks.length - 1]], visible, looks, visible];
  return {
    looks: lists.map((columns) => groupsOf(shop, columns)),
    taste: [[kind], visible].map((columns) => groupsOf(shop, columns)),
  };
}

/**
 * The group number of each article. Articles with equal values in these columns share a group, and
 * the number is 0 if a value is missing.
 */
function groupsOf({ catalogue, encoder }: Shop, columns: readonly string[]): Int32Array {
  const { single } = catalogue.layout;
  // The first slot of a column, whose name contains only the column, stands for a missing value.
  const known = encoder.slotNames('article_fields').map((name) => (JSON.parse(name) as unknown[]).length > 1);
  const places = columns.map((column) => single.indexOf(column));
  const row = new Int32Array(single.length);
  const numbers = new Map<string, number>();
  return Int32Array.from({ length: catalogue.size }, (_, article) => {
    catalogue.copySingle(article, row, 0);
    const values = places.map((place) => row[place]);
    if (!values.every((value) => known[value])) return 0;
    const name = values.join(' ');
    const number = numbers.get(name) ?? numbers.size + 1;
    numbers.set(name, number);
    return number;
  });
}
