// The synthetic shop's articles: products in several colours. Each has a style, a palette, a life
// cycle, a price, partners that it goes with, and H&M's 25 columns.

import { createRandom, type Random } from '../../random';
import {
  COLOURS,
  INDEXES,
  PALETTES,
  PATTERNS,
  PRODUCT_NAMES,
  PRODUCT_TYPES,
  STYLES,
  type Colour,
  type PatternName,
  type ProductType,
  type ProductTypeName,
  type Style,
} from './vocabulary';

/** The shares of an article's partners, most likely first. */
export const PARTNER_SHARES = [0.55, 0.3, 0.15] as const;

/** An article of the synthetic shop: one product in one colour. */
export interface PlantedArticle {
  readonly id: string;
  readonly product: Product;
  readonly colour: Colour;
  readonly colourNo: number;
  /** The article's sales in its best week, relative to other articles of its style. */
  readonly appeal: number;
}

/**
 * The articles of a product differ in their colour only. Weeks count from 0, the first week of the
 * data.
 */
export interface Product {
  readonly code: number;
  readonly name: string;
  readonly style: number;
  readonly type: ProductTypeName;
  readonly pattern: PatternName;
  readonly department: number;
  readonly description: string;
  /** Full price in the shop's currency. */
  readonly price: number;
  /** The first week in which it is sold, which may be after the data; -Infinity if always sold. */
  readonly launch: number;
  /** Weeks until its sales have fallen to 37 %; Infinity if always sold. */
  readonly duration: number;
}

export interface PlantedCatalogue {
  readonly articles: readonly PlantedArticle[];
  /** The styles of the catalogue. Small catalogues have fewer of them. */
  readonly styles: readonly Style[];
  /** [articles × PARTNER_SHARES.length] indices of each article's partners. */
  readonly partners: Int32Array;
}

/** A catalogue of `count` articles. */
export function plantCatalogue(seed: number, count: number, weeks: number): PlantedCatalogue {
  const styles = STYLES.slice(0, Math.max(1, Math.min(STYLES.length, Math.floor(count / 12))));
  const random = createRandom(seed, 'catalogue');
  const articles: PlantedArticle[] = [];
  const codeStep = Math.max(1, Math.floor(700_000 / count));
  for (let n = 0; articles.length < count; n++) {
    const product = plantProduct(random, n, styles, weeks, 110_000 + n * codeStep + random.int(codeStep));
    const appeal = Math.exp(0.85 * random.normal());
    const colours = colourways(random, product.style);
    for (let c = 0; c < colours.length && articles.length < count; c++) {
      const colourNo = c + 1 + random.int(2) + 2 * c;
      articles.push({
        id: `0${product.code}${String(colourNo).padStart(3, '0')}`,
        product,
        colour: colours[c],
        colourNo,
        appeal: appeal * Math.exp(0.6 * random.normal()) * (colours[c].palette === 0 ? 1.5 : 1),
      });
    }
  }
  return { articles, styles, partners: plantPartners(createRandom(seed, 'partners'), articles, styles.length) };
}

/**
 * The share of its appeal that a product has in a week: its life cycle times the season of its
 * type. 0 if the product is not sold then.
 */
export function liveliness(product: Product, week: number, weekOfYear: number): number {
  const type: ProductType = PRODUCT_TYPES[product.type];
  const age = week - product.launch;
  if (age < 0) return 0;
  const ramp = age < 1 ? 0.6 : 1;
  const life = product.duration === Infinity ? 1 : ramp * Math.exp(-((age / product.duration) ** 2));
  if (life < 0.03) return 0;
  return life * Math.exp(type.swing * (Math.cos(((weekOfYear - type.peak) / 52) * 2 * Math.PI) - 1));
}

// prettier-ignore
export const ARTICLE_COLUMNS = [
  'article_id', 'product_code', 'prod_name', 'product_type_no', 'product_type_name', 'product_group_name',
  'graphical_appearance_no', 'graphical_appearance_name', 'colour_group_code', 'colour_group_name',
  'perceived_colour_value_id', 'perceived_colour_value_name', 'perceived_colour_master_id',
  'perceived_colour_master_name', 'department_no', 'department_name', 'index_code', 'index_name', 'index_group_no',
  'index_group_name', 'section_no', 'section_name', 'garment_group_no', 'garment_group_name', 'detail_desc',
] as const;

/** The article's values in the order of ARTICLE_COLUMNS. */
export function articleRow({ id, product, colour }: PlantedArticle): string[] {
  const kind: ProductType = PRODUCT_TYPES[product.type];
  const style = STYLES[product.style];
  const index = INDEXES[style.index];
  const number = (list: readonly string[], value: string, base: number) => String(base + list.indexOf(value));
  // prettier-ignore
  return [
    id, String(product.code), product.name,
    number(Object.keys(PRODUCT_TYPES), product.type, 60), product.type, kind.group,
    number(PATTERNS, product.pattern, 1_010_001), product.pattern,
    String(COLOURS.indexOf(colour) + 1), colour.name,
    number(VALUES, colour.value, 1), colour.value,
    number(MASTERS, colour.master, 1), colour.master,
    String(1_200 + 10 * product.style + product.department), style.departments[product.department],
    style.index, index.name, String(index.groupNo), index.group,
    String(2 + product.style), style.section,
    number(GARMENTS, kind.garment, 1_001), kind.garment,
    product.description,
  ];
}

const VALUES = [...new Set(COLOURS.map((colour) => colour.value))];
const MASTERS = [...new Set(COLOURS.map((colour) => colour.master))];
const GARMENTS = [...new Set(Object.values(PRODUCT_TYPES).map((kind) => kind.garment))];

function plantProduct(random: Random, n: number, styles: readonly Style[], weeks: number, code: number): Product {
  // The first products take every style in turn and are always sold, so that each style always has
  // an article to sell.
  const first = n < styles.length;
  const number = first ? n : random.int(styles.length);
  const style = styles[number];
  const type = pickEarly(random, style.types);
  const kind: ProductType = PRODUCT_TYPES[type];
  const pattern = pickEarly(random, style.patterns);
  const mood = pick(random, style.moods);
  const fabric = pick(random, style.fabrics);
  const given = pick(random, PRODUCT_NAMES);
  const [launch, duration] = first || random.next() < 0.25 ? [-Infinity, Infinity] : lifeCycle(random, weeks);
  return {
    code,
    name: productName(random, given, mood, type, pattern),
    style: number,
    type,
    pattern,
    department: random.int(style.departments.length),
    description: describe(random, kind, style, { type, pattern, mood, fabric }),
    price: Math.max(3, Math.round(kind.price * style.price * Math.exp(0.3 * random.normal()))) - 0.01,
    launch,
    duration,
  };
}

/** Launches are spread over all weeks. Some are in the last weeks and a few after them. */
function lifeCycle(random: Random, weeks: number): [launch: number, duration: number] {
  const duration = 11 * Math.exp(0.45 * random.normal());
  const kind = random.next();
  if (kind < 0.02) return [weeks + random.int(8), duration];
  if (kind < 0.07) return [weeks - 1 - random.int(Math.min(4, weeks)), duration];
  return [Math.floor(random.next() * (weeks + 14)) - 14, duration];
}

function productName(random: Random, given: string, mood: string, type: string, pattern: string): string {
  const middle = random.next();
  if (middle < 0.35) return `${given} ${mood} ${type.toLowerCase()}`;
  if (middle < 0.5 && pattern !== 'Solid') return `${given} ${pattern.toLowerCase()} ${type.toLowerCase()}`;
  return `${given} ${type.toLowerCase()}`;
}

function describe(
  random: Random,
  kind: ProductType,
  style: Style,
  words: { type: string; pattern: string; mood: string; fabric: string },
): string {
  const detail = pick(random, kind.details);
  const other =
    kind.details[(kind.details.indexOf(detail) + 1 + random.int(kind.details.length - 1)) % kind.details.length];
  const pattern = words.pattern === 'Solid' ? '' : ` with ${an(words.pattern.toLowerCase())} pattern`;
  const sentences = [
    `${capital(words.mood)} ${words.type.toLowerCase()} in ${words.fabric}${pattern}, with ${detail} and ${other}.`,
  ];
  const more = random.next();
  if (more < 0.5) sentences.push(`Made for ${an(pick(random, [style.name, ...style.moods]))} look.`);
  else if (more < 0.75) sentences.push('Unlined.');
  return sentences.join(' ');
}

/** One to six colours, mostly one or two. Colours of the style's own palette are likelier. */
function colourways(random: Random, style: number): Colour[] {
  let count = 1;
  while (count < 6 && random.next() < 0.55) count++;
  const chosen = new Set<Colour>();
  while (chosen.size < count) {
    const palette = random.next() < 0.3 ? (style * 5 + 1) % PALETTES.length : random.int(PALETTES.length);
    chosen.add(
      pick(
        random,
        COLOURS.filter((colour) => colour.palette === palette),
      ),
    );
  }
  return [...chosen];
}

/**
 * Chooses the partners of each article. A partner is another colour of the same product, or an
 * article of another kind (trousers for a shirt) of the same or the next style. Articles of the
 * same palette that are sold at the same time fit best.
 */
function plantPartners(random: Random, articles: readonly PlantedArticle[], styleCount: number): Int32Array {
  const byStyle: number[][] = Array.from({ length: styleCount }, () => []);
  articles.forEach((article, index) => byStyle[article.product.style].push(index));
  const partners = new Int32Array(articles.length * PARTNER_SHARES.length);
  articles.forEach((article, index) => {
    for (let place = 0; place < PARTNER_SHARES.length; place++) {
      const next = articles[index + 1]?.product === article.product ? index + 1 : index - 1;
      const hasSibling = articles[next]?.product === article.product;
      if (place === 0 && hasSibling && random.next() < 0.25) {
        partners[index * PARTNER_SHARES.length] = next;
        continue;
      }
      const style = random.next() < 0.7 ? article.product.style : (article.product.style + 1) % styleCount;
      let best = index;
      let bestFit = -Infinity;
      for (let trial = 0; trial < 12; trial++) {
        const other = byStyle[style][random.int(byStyle[style].length)];
        const fit = other === index ? -Infinity : fitOf(article, articles[other]);
        if (fit > bestFit) [best, bestFit] = [other, fit];
      }
      partners[index * PARTNER_SHARES.length + place] = best;
    }
  });
  return partners;
}

function fitOf(one: PlantedArticle, other: PlantedArticle): number {
  const garment = PRODUCT_TYPES[one.product.type].garment !== PRODUCT_TYPES[other.product.type].garment ? 2 : 0;
  const palette = one.colour.palette === other.colour.palette ? 1 : 0;
  const apart = Math.abs(one.product.launch - other.product.launch);
  const together = other.product.duration === Infinity ? 1 : apart < 6 ? 1.5 : 0;
  return garment + palette + together;
}

function pick<T>(random: Random, list: readonly T[]): T {
  return list[random.int(list.length)];
}

/** Picks an item of the list. Items at the front are picked more often than those at the end. */
function pickEarly<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random.next() ** 1.5 * list.length)];
}

function capital(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}

function an(word: string): string {
  return `${/^[aeiou]/.test(word) ? 'an' : 'a'} ${word}`;
}
