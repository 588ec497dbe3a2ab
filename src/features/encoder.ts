// Encodes rows as numbers. The encoder is fitted once on the shop's rows (encoder-fit.ts) and saved
// with the release. Training, releases and serving all encode with it.

import { z } from 'zod';
import { VitrineError } from '../errors';
import type { ArticleRow, CustomerRow } from '../data/store/store';
import {
  ARTICLE_FEATURES,
  attributeFeature,
  attributeOf,
  CUSTOMER_FEATURES,
  withAttributes,
  type AttributeKinds,
  type Feature,
} from './columns';
import { PAIR_FEATURES } from './pair-features';
import { sha256 } from '../bytes';

/** The number of latest purchases that the query tower and the ranker read. */
export const HISTORY_LENGTH = 24;

/**
 * The features of an encoded article or customer. All their ids point into one table of embeddings,
 * in which each feature has a block of slots. The first slot of a block means unknown.
 */
export interface Layout {
  /** Features with one id each. */
  readonly single: readonly string[];
  /** Features with up to `width` ids. */
  readonly multi: readonly { readonly name: string; readonly width: number }[];
  /** Rows of the embedding table. */
  readonly slots: number;
}

/** One multi-valued feature of some rows: [rows, width] each. The weights of a row sum to 1. */
export interface MultiColumn {
  readonly ids: Int32Array;
  readonly weights: Float32Array;
}

export interface EncodedRows {
  readonly rows: number;
  /** [rows, single] */
  readonly single: Int32Array;
  readonly multi: readonly MultiColumn[];
}

export interface Encoder {
  /**
   * Changes whenever the encoding changes in any way. A release accepts only the encoder of its
   * models.
   */
  readonly fingerprint: string;
  readonly articleLayout: Layout;
  readonly customerLayout: Layout;
  /** One slot for each article with an embedding of its own; slot 0 is for all others. */
  readonly articleSlots: number;
  /** [rows] the articles' slots; 0 for an article that training has not seen. */
  slotsOf(rows: readonly ArticleRow[]): Int32Array;
  articles(rows: readonly ArticleRow[]): EncodedRows;
  customers(rows: readonly (CustomerRow | null)[]): EncodedRows;
  /**
   * The feature that reads a field or an attribute of articles by this name, or one that sorts the
   * articles alike. Undefined if the models read neither.
   */
  featureOf(column: string): string | undefined;
  /** [slots] names of the values. Every encoder gives the same value the same name. */
  slotNames(vocabulary: Vocabulary): string[];
  toJSON(): EncoderState;
}

/**
 * The sets of values that embeddings stand for. The name of an embedding table ends with that of
 * its vocabulary.
 */
export const VOCABULARIES = ['article_ids', 'article_fields', 'customer_fields'] as const;
export type Vocabulary = (typeof VOCABULARIES)[number];

const featureState = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('categorical'), name: z.string(), vocabulary: z.array(z.string()) }),
  z.object({ kind: z.literal('categories'), name: z.string(), vocabulary: z.array(z.string()), width: z.number() }),
  z.object({ kind: z.literal('numeric'), name: z.string(), bounds: z.array(z.number()) }),
]);
/** The pair features, in the order in which the ranker reads them. */
export const PAIR_NAMES = Object.keys(PAIR_FEATURES);
const encoderState = z.object({
  version: z.literal(2),
  history: z.literal(HISTORY_LENGTH),
  articles: z.array(featureState),
  customers: z.array(featureState),
  /** Columns of articles that sort them like one of the features: [column, feature]. */
  aliases: z.array(z.tuple([z.string(), z.string()])),
  pairs: z
    .array(z.string())
    .refine((names) => names.join() === PAIR_NAMES.join(), { error: `expected ${PAIR_NAMES.join()}` }),
  /** The ids of the articles with an embedding of their own, from slot 1. */
  articleIds: z.array(z.string()),
});
export type FeatureState = z.infer<typeof featureState>;
export type EncoderState = z.infer<typeof encoderState>;

/** @throws VitrineError RELEASE_INVALID if the saved state is not an encoder. */
export function openEncoder(saved: unknown): Encoder {
  const parsed = encoderState.safeParse(saved);
  if (!parsed.success) {
    throw new VitrineError(
      'RELEASE_INVALID',
      `encoder.json is not an encoder of this version; train again. ${z.prettifyError(parsed.error)}`,
    );
  }
  const state = parsed.data;
  const articles = new EntityEncoder<ArticleRow>(state.articles, ARTICLE_FEATURES);
  const customers = new EntityEncoder<CustomerRow>(state.customers, CUSTOMER_FEATURES);
  const slots = new Map(state.articleIds.map((id, i) => [id, i + 1]));
  return {
    fingerprint: sha256(JSON.stringify(state), 16),
    articleLayout: articles.layout,
    customerLayout: customers.layout,
    articleSlots: state.articleIds.length + 1,
    slotsOf: (rows) => Int32Array.from(rows, (row) => slots.get(row.id) ?? 0),
    articles: (rows) => articles.encode(rows),
    customers: (rows) => customers.encode(rows),
    featureOf: (column) => featureOf(state, column),
    slotNames(vocabulary) {
      if (vocabulary === 'article_ids') return [slotName(), ...state.articleIds.map((id) => slotName(id))];
      const names = state[vocabulary === 'article_fields' ? 'articles' : 'customers'].flatMap(featureSlots);
      return names.length > 0 ? names : [slotName()];
    },
    toJSON: () => state,
  };
}

function featureOf({ articles, aliases }: EncoderState, column: string): string | undefined {
  for (const name of [column, attributeFeature(column)]) {
    const feature = aliases.find(([alias]) => alias === name)?.[1] ?? name;
    if (articles.some((one) => one.name === feature)) return feature;
  }
  return undefined;
}

/** A bucket is named by its rank and the number of buckets, since its bounds move with the data. */
function featureSlots(state: FeatureState): string[] {
  const { name } = state;
  if (state.kind !== 'numeric') return [slotName(name), ...state.vocabulary.map((value) => slotName(name, value))];
  const buckets = state.bounds.length + 1;
  return [slotName(name), ...Array.from({ length: buckets }, (_, rank) => slotName(name, rank, buckets))];
}

function slotName(...parts: (string | number)[]): string {
  return JSON.stringify(parts);
}

class EntityEncoder<Row extends ArticleRow | CustomerRow> {
  readonly layout: Layout;
  private readonly single: { slotOf: (row: Row) => number; unknown: number }[] = [];
  private readonly multi: {
    of: (row: Row) => readonly string[];
    slots: Map<string, number>;
    offset: number;
    width: number;
  }[] = [];

  constructor(states: readonly FeatureState[], declared: readonly Feature<Row>[]) {
    const kinds: AttributeKinds = new Map(
      states.flatMap((s) => {
        const attribute = attributeOf(s.name);
        return attribute === undefined ? [] : [[attribute, s.kind === 'numeric' ? 'numeric' : 'categories']];
      }),
    );
    const features = new Map(withAttributes(declared, kinds).map((feature) => [feature.name, feature]));
    let offset = 0;
    for (const state of states) {
      const feature = features.get(state.name);
      if (!feature || (feature.kind === 'numeric') !== (state.kind === 'numeric')) {
        throw new VitrineError(
          'RELEASE_INVALID',
          `encoder.json has the feature "${state.name}" (${state.kind}), which this program does not have; train again`,
        );
      }
      const start = offset;
      if (state.kind === 'numeric' && feature.kind === 'numeric') {
        const { bounds } = state;
        this.single.push({ slotOf: (row) => start + bucketOf(feature.of(row), bounds), unknown: start });
        offset += bounds.length + 2;
      } else if (state.kind !== 'numeric' && feature.kind !== 'numeric') {
        const slots = new Map(state.vocabulary.map((value, i) => [value, start + i + 1]));
        offset += state.vocabulary.length + 1;
        if (state.kind === 'categories') {
          this.multi.push({ of: (row) => valuesOf(feature, row), slots, offset: start, width: state.width });
        } else {
          this.single.push({ slotOf: (row) => slots.get(valuesOf(feature, row)[0] ?? '') ?? start, unknown: start });
        }
      }
    }
    const singleNames = states.filter((s) => s.kind !== 'categories').map((s) => s.name);
    const multi = states.flatMap((s) => (s.kind === 'categories' ? [{ name: s.name, width: s.width }] : []));
    this.layout = { single: singleNames, multi, slots: Math.max(offset, 1) };
  }

  encode(rows: readonly (Row | null)[]): EncodedRows {
    const width = this.single.length;
    const single = new Int32Array(rows.length * width);
    rows.forEach((row, r) => {
      this.single.forEach((feature, f) => {
        single[r * width + f] = row ? feature.slotOf(row) : feature.unknown;
      });
    });
    const multi = this.multi.map((feature) => {
      const ids = new Int32Array(rows.length * feature.width).fill(feature.offset);
      const weights = new Float32Array(rows.length * feature.width);
      rows.forEach((row, r) => {
        const slots = row ? knownSlots(feature.of(row), feature.slots, feature.width) : [];
        const at = r * feature.width;
        // Without a known value, the unknown slot has all the weight.
        if (slots.length === 0) weights[at] = 1;
        slots.forEach((slot, i) => {
          ids[at + i] = slot;
          weights[at + i] = 1 / slots.length;
        });
      });
      return { ids, weights };
    });
    return { rows: rows.length, single, multi };
  }
}

function knownSlots(values: readonly string[], slots: ReadonlyMap<string, number>, width: number): number[] {
  const known = new Set<number>();
  for (const value of values) {
    const slot = slots.get(value);
    if (slot !== undefined) known.add(slot);
    if (known.size === width) break;
  }
  return [...known];
}

/** The values of a row: none if the value is null or empty. */
export function valuesOf<Row>(feature: Exclude<Feature<Row>, { kind: 'numeric' }>, row: Row): readonly string[] {
  if (feature.kind === 'categories') return feature.of(row);
  const value = feature.of(row);
  return value === null || value === '' ? [] : [value];
}

/** The bucket of a value: 0 if it is missing, otherwise 1 to n + 1 for n bounds. */
function bucketOf(value: number | null, bounds: readonly number[]): number {
  if (value === null || !Number.isFinite(value)) return 0;
  let bucket = 1;
  for (const bound of bounds) {
    if (value < bound) break;
    bucket += 1;
  }
  return bucket;
}
