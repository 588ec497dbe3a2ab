// The text encoder of a shop, from its catalogue and its habits to vectors that can be searched:
// tokeniser, training, one vector for each article, an index. Knows the order of the work, none of
// its details.
import { builtInEncoder, type TextEncoder } from '../../encoders/text-encoder';
import type { Engine } from '../../engine/engine';
import type { Catalogue } from '../../features/catalogue';
import type { CoPurchases } from '../../statistics/co-purchase';
import type { HistoryEnds, Dataset } from '../../dataset/dataset';
import type { Encoder } from '../../features/encoder';
import { fitTokeniser, type Tokeniser } from '../../features/text';
import { encodeOnnx, type EncodedModel } from '../../graph/onnx';
import { createRandom } from '../../random';
import { MODEL_OUTPUT } from '../../release/format';
import { modelKey, modelOf } from '../../release/open';
import type { LocalIndex } from '../../index/vector-index';
import type { Reporter } from '../../telemetry/progress';
import type { TrainingConfig } from '../config';
import { indexVectors } from './fit';
import { textDim, textEncoder, trainTextEncoder, vectorParts } from '../models/text-encoder';

export interface FittedText {
  readonly tokeniser: Tokeniser;
  readonly model: EncodedModel;
  /** Both, ready to read texts. */
  readonly encoder: TextEncoder;
  /** [articles, dim] */
  readonly vectors: Float32Array;
  /** Of the vectors; ids are places. */
  readonly index: LocalIndex;
}

/** `known`: which purchases may be learnt from; `coPurchases` are counted in them. */
export async function fitText(
  engine: Engine,
  shop: Dataset,
  known: HistoryEnds,
  coPurchases: CoPurchases,
  config: Pick<TrainingConfig, 'text' | 'seed'>,
  reporter: Reporter,
): Promise<FittedText> {
  const dim = textDim(config.text);
  const { texts, catalogue, encoder } = shop;
  const tokeniser = fitTokeniser(texts);
  const lessons = {
    tokens: tokeniser.inputs(texts),
    looks: groupsOf(catalogue, encoder, LOOKS),
    taste: {
      groups: groupsOf(catalogue, encoder, TASTE),
      coPurchases,
      sold: soldOf(shop, known),
      // One that is of no product is one by itself.
      products: Int32Array.from({ length: catalogue.size }, (_, one) => catalogue.productOf(one) ?? -1 - one),
    },
  };
  const random = createRandom(config.seed, 'text');
  const weights = await trainTextEncoder(engine, tokeniser, lessons, config.text, random, reporter);
  const name = 'text_encoder';
  const output = textEncoder(tokeniser, config.text);
  const model = encodeOnnx({ name, outputs: { [MODEL_OUTPUT[name]]: output }, values: weights, embeddings: 'inline' });
  const draft = { name: 'draft' };
  await engine.load(modelKey(draft, name), model.bytes);
  const run = modelOf(engine, draft, name);
  const { fingerprint } = tokeniser;
  const built = builtInEncoder({ fingerprint, dim, parts: vectorParts(config.text), tokeniser, model: run });
  const vectors = await built.encode(texts);
  return { tokeniser, model, encoder: built, vectors, index: indexVectors(dim, vectors, reporter) };
}

/**
 * Each article that is known to have sold, as often as the root of its units. As often as it sold,
 * little would be heard of but the few that sell most.
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
 * What makes two articles look alike to people, by the names of the encoder's features: in turn,
 * and what people see first twice. A shop that does not have them teaches by its words and its
 * purchases alone.
 */
const LOOKS = [
  ['product_type', 'department'],
  ['product_type', 'colour_group', 'graphical_appearance'],
  ['product_type', 'colour_group', 'graphical_appearance', 'department'],
  ['product_type', 'colour_group', 'graphical_appearance'],
] as const;
/**
 * Of few purchases it would be learnt by heart what is bought with what; these hold the words
 * together.
 */
const TASTE = [['product_type'], ['product_type', 'colour_group', 'graphical_appearance']] as const;

/**
 * For each list of columns the groups of articles that agree in all of them; 0 where one is not
 * known.
 */
function groupsOf(catalogue: Catalogue, encoder: Encoder, lists: readonly (readonly string[])[]): Int32Array[] {
  const { single } = catalogue.layout;
  // Of a column's slots the first, which has the column's name alone, stands for what is not known.
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
