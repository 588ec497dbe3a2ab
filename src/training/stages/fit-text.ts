// Fits the text encoder of a shop: tokeniser, training, a vector for each article, an index.
import { builtInEncoder, type TextEncoder } from '../../encoders/text-encoder';
import type { TrainingEngine } from '../../engine/training-engine';
import type { Catalogue } from '../../features/catalogue';
import type { CoPurchases } from '../../statistics/co-purchase';
import type { HistoryEnds, Dataset } from '../../dataset/dataset';
import type { Encoder } from '../../features/encoder';
import { fitTokeniser, type Tokeniser } from '../../features/text';
import type { EncodedModel } from '../../graph/onnx';
import { createRandom } from '../../random';
import type { LocalIndex } from '../../index/vector-index';
import type { Reporter } from '../../telemetry/progress';
import type { TrainingConfig } from '../config';
import { indexVectors, loadDraft, servedModel } from './draft-release';
import { textDim, textEncoder, trainTextEncoder, vectorParts } from '../models/text-encoder';

export interface FittedText {
  readonly tokeniser: Tokeniser;
  readonly model: EncodedModel;
  /** Tokeniser and model together, ready to use. */
  readonly encoder: TextEncoder;
  /** [articles, dim] */
  readonly vectors: Float32Array;
  /** The ids are the rows of the vectors. */
  readonly index: LocalIndex;
}

export interface TextOptions {
  /** The purchases that may be used for learning. */
  readonly known: HistoryEnds;
  /** Co-purchases, counted in the known purchases. */
  readonly coPurchases: CoPurchases;
  readonly config: Pick<TrainingConfig, 'text' | 'seed'>;
}

export async function fitText(
  engine: TrainingEngine,
  shop: Dataset,
  { known, coPurchases, config }: TextOptions,
  reporter: Reporter,
): Promise<FittedText> {
  const dim = textDim(config.text);
  const { texts, catalogue, encoder } = shop;
  const tokeniser = fitTokeniser(texts);
  const examples = {
    tokens: tokeniser.inputs(texts),
    looks: groupsOf(catalogue, encoder, LOOKS),
    taste: {
      groups: groupsOf(catalogue, encoder, TASTE),
      coPurchases,
      sold: soldOf(shop, known),
      // An article without a product counts as a product of its own.
      products: Int32Array.from({ length: catalogue.size }, (_, one) => catalogue.productOf(one) ?? -1 - one),
    },
  };
  const random = createRandom(config.seed, 'text');
  const training = { tokeniser, examples, config: config.text, random, reporter };
  const weights = await trainTextEncoder(engine, training);
  const model = servedModel('text_encoder', textEncoder(tokeniser, config.text), weights);
  const run = await loadDraft(engine, 'text_encoder', model);
  const { fingerprint } = tokeniser;
  const built = builtInEncoder({ fingerprint, dim, parts: vectorParts(config.text), tokeniser, model: run });
  const vectors = await built.encode(texts);
  return { tokeniser, model, encoder: built, vectors, index: indexVectors(dim, vectors, reporter) };
}

/**
 * Each sold article occurs as often as the square root of its sold units. Otherwise nearly all
 * drawn articles would be bestsellers.
 */
function soldOf({ article, offsets, customers, catalogue }: Dataset, known: HistoryEnds): Int32Array {
  const units = new Int32Array(catalogue.size);
  for (let customer = 0; customer < customers; customer++) {
    for (let p = offsets[customer]; p < known[customer]; p++) units[article[p]] += 1;
  }
  const times = units.map((count) => Math.round(Math.sqrt(count)));
  const sold = new Int32Array(times.reduce((sum, count) => sum + count, 0));
  let at = 0;
  times.forEach((count, one) => {
    sold.fill(one, at, at + count);
    at += count;
  });
  return sold;
}

/**
 * Lists of features by which two articles look alike to people. Training uses the lists in turn.
 * The most visible features occur twice. A shop without these features learns from words and
 * purchases alone.
 */
const LOOKS = [
  ['product_type', 'department'],
  ['product_type', 'colour_group', 'graphical_appearance'],
  ['product_type', 'colour_group', 'graphical_appearance', 'department'],
  ['product_type', 'colour_group', 'graphical_appearance'],
] as const;
/**
 * Lists of features for the taste. With few purchases the taste would memorise co-purchases, which
 * these groups prevent.
 */
const TASTE = [['product_type'], ['product_type', 'colour_group', 'graphical_appearance']] as const;

/**
 * For each list of columns, the group number of each article. Articles with equal values share a
 * group, and the number is 0 if a value is missing.
 */
function groupsOf(catalogue: Catalogue, encoder: Encoder, lists: readonly (readonly string[])[]): Int32Array[] {
  const { single } = catalogue.layout;
  // The first slot of a column, whose name contains only the column, stands for a missing value.
  const known = encoder.slotNames('article_fields').map((name) => (JSON.parse(name) as unknown[]).length > 1);
  const row = new Int32Array(single.length);
  return lists.flatMap((columns) => {
    const places = columns.map((column) => single.indexOf(column));
    if (places.includes(-1)) return [];
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
  });
}
