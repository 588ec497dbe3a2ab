// Fits an encoder on the shop's rows: which columns there are, which are worth learning, and which
// values each has.

import type { ArticleRow, CustomerRow } from '../data/store/store';
import { chooseColumns, GroupSample, type Choice, type ColumnFacts } from './column-choice';
import {
  ARTICLE_FEATURES,
  attributeOf,
  CUSTOMER_FEATURES,
  noteAttributes,
  withAttributes,
  type Feature,
} from './columns';
import { HISTORY_LENGTH, openEncoder, PAIR_NAMES, valuesOf, type Encoder, type FeatureState } from './encoder';

/** Collects the values of rows as they stream by, then makes the vocabularies. */
export class EncoderFit {
  /** Says which columns are not learnt, once the encoder is finished. */
  readonly notes: string[] = [];
  private readonly articles = new EntityFit<ArticleRow>(ARTICLE_FEATURES);
  private readonly customers = new EntityFit<CustomerRow>(CUSTOMER_FEATURES);

  addArticles(rows: readonly ArticleRow[]): void {
    for (const row of rows) this.articles.add(row);
  }

  addCustomers(rows: readonly CustomerRow[]): void {
    for (const row of rows) this.customers.add(row);
  }

  /** @param articleIds the articles that get embeddings of their own: those with training data */
  finish(articleIds: readonly string[]): Encoder {
    const articles = this.articles.finish();
    const customers = this.customers.finish();
    this.notes.push(...notesOf('articles', articles), ...notesOf('customers', customers));
    return openEncoder({
      version: 2,
      history: HISTORY_LENGTH,
      articles: articles.features,
      customers: customers.features,
      aliases: articles.choice.aliases,
      pairs: PAIR_NAMES,
      articleIds: [...articleIds],
    });
  }
}

/** A value in fewer rows gets no embedding, since a single row teaches nothing about others. */
const MIN_COUNT = 2;
const MAX_VOCABULARY = 100_000;
const NUMERIC_BUCKETS = 16;
/** Maximum number of values of a multi-valued feature that are read from a row. */
const MAX_VALUES = 16;

interface Finished {
  readonly features: FeatureState[];
  readonly choice: Choice;
}

/** What is collected of a feature. */
interface Collected {
  /** Number of rows with a value. */
  known: number;
  /** The largest number of values in a row. */
  width: number;
  readonly counts: Map<string, number>;
  readonly numbers: number[];
}

class EntityFit<Row extends ArticleRow | CustomerRow> {
  private readonly kinds = new Map<string, 'categories' | 'numeric'>();
  private readonly collected = new Map<string, Collected>();
  private readonly sample = new GroupSample();
  private rows = 0;
  private features: Feature<Row>[];

  constructor(private readonly declared: readonly Feature<Row>[]) {
    this.features = [...declared];
  }

  add(row: Row): void {
    if (noteAttributes(row, this.kinds)) this.features = withAttributes(this.declared, this.kinds);
    this.rows += 1;
    const sampled = this.sample.next();
    for (const feature of this.features) {
      const value = feature.kind === 'numeric' ? this.addNumber(feature, row) : this.addValues(feature, row);
      if (sampled && value !== undefined) this.sample.put(keyOf(feature), value);
    }
  }

  finish(): Finished {
    const declared = new Set(this.declared.map(({ name }) => name));
    const states: FeatureState[] = [];
    const columns: ColumnFacts[] = [];
    for (const feature of withAttributes(this.declared, this.kinds)) {
      const state = this.stateOf(feature);
      if (!state) continue;
      states.push(state);
      const { known, counts } = this.of(feature);
      columns.push({
        name: feature.name,
        declared: declared.has(feature.name),
        known,
        counts: feature.kind === 'numeric' ? undefined : counts,
        groups: this.sample.groupsOf(keyOf(feature)),
      });
    }
    const choice = chooseColumns(columns, this.rows);
    return { features: states.filter(({ name }) => choice.chosen.has(name)), choice };
  }

  /** Undefined if the shop does not have this column, or if no value repeats. */
  private stateOf(feature: Feature<Row>): FeatureState | undefined {
    const { name, kind } = feature;
    const { counts, numbers, width } = this.of(feature);
    if (kind === 'numeric') {
      const bounds = quantiles(numbers, NUMERIC_BUCKETS);
      return bounds.length > 0 ? { kind, name, bounds } : undefined;
    }
    const vocabulary = vocabularyOf(counts);
    if (vocabulary.length === 0) return undefined;
    if (width > 1) return { kind: 'categories', name, vocabulary, width: Math.min(width, MAX_VALUES) };
    return { kind: 'categorical', name, vocabulary };
  }

  /** @returns the value as a text; undefined if the row has none */
  private addValues(feature: Exclude<Feature<Row>, { kind: 'numeric' }>, row: Row): string | undefined {
    const values = valuesOf(feature, row);
    if (values.length === 0) return undefined;
    const collected = this.of(feature);
    collected.known += 1;
    collected.width = Math.max(collected.width, values.length);
    for (const value of values) collected.counts.set(value, (collected.counts.get(value) ?? 0) + 1);
    return values.length === 1 ? values[0] : JSON.stringify(values);
  }

  private addNumber(feature: Extract<Feature<Row>, { kind: 'numeric' }>, row: Row): string | undefined {
    const value = feature.of(row);
    if (value === null || !Number.isFinite(value)) return undefined;
    const collected = this.of(feature);
    collected.known += 1;
    collected.numbers.push(value);
    return String(value);
  }

  private of(feature: Pick<Feature<Row>, 'kind' | 'name'>): Collected {
    const key = keyOf(feature);
    let collected = this.collected.get(key);
    if (!collected) {
      this.collected.set(key, (collected = { known: 0, width: 0, counts: new Map<string, number>(), numbers: [] }));
    }
    return collected;
  }
}

/** An attribute may be a number in some rows and a category in others. */
function keyOf({ kind, name }: Pick<Feature<unknown>, 'kind' | 'name'>): string {
  return `${kind} ${name}`;
}

/** The values by frequency, then by value, so that the order of the rows does not matter. */
function vocabularyOf(counts: ReadonlyMap<string, number>): string[] {
  return [...counts]
    .filter(([, count]) => count >= MIN_COUNT)
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, MAX_VOCABULARY)
    .map(([value]) => value);
}

function notesOf(of: string, { features, choice: { leftOut } }: Finished): string[] {
  if (leftOut.length === 0) return [];
  const named = leftOut.slice(0, 10).map((name) => attributeOf(name) ?? name);
  const others = leftOut.length > named.length ? `, and ${String(leftOut.length - named.length)} more` : '';
  return [
    `Models read the ${String(features.length)} most telling columns of ${of}. Left out: ${named.join(', ')}${others}`,
  ];
}

/**
 * The bounds between `buckets` buckets of about equal size. There are fewer bounds if values
 * repeat.
 */
function quantiles(values: readonly number[], buckets: number): number[] {
  if (values.length < 2) return [];
  const sorted = Float64Array.from(values).sort();
  if (sorted[0] === sorted[sorted.length - 1]) return [];
  const bounds = Array.from({ length: buckets - 1 }, (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / buckets)]);
  return [...new Set(bounds)].filter((bound) => bound > sorted[0]);
}
