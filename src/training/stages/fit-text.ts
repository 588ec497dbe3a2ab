// Fits the text encoder of a shop: tokeniser, training, a vector for each article, an index.
import { builtInEncoder, type TextEncoder } from '../../encoders/text-encoder';
import type { TrainingEngine } from '../../engine/training-engine';
import type { CoPurchases } from '../../statistics/co-purchase';
import type { HistoryEnds, Dataset } from '../../dataset/dataset';
import { fitTokeniser, type Tokeniser } from '../../features/text';
import type { EncodedModel } from '../../graph/onnx';
import { createRandom } from '../../random';
import type { LocalIndex } from '../../index/vector-index';
import type { Reporter } from '../../telemetry/progress';
import type { TrainingConfig } from '../config';
import { indexVectors, loadDraft, servedModel } from './draft-release';
import { groupings, looksOf } from './looks';
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
  /** The columns of looks that the shop names. Default: chosen by their values. */
  readonly looks: readonly string[] | undefined;
  readonly config: Pick<TrainingConfig, 'text' | 'seed'>;
}

export async function fitText(
  engine: TrainingEngine,
  shop: Dataset,
  { known, coPurchases, looks, config }: TextOptions,
  reporter: Reporter,
): Promise<FittedText> {
  const dim = textDim(config.text);
  const { texts, catalogue } = shop;
  const tokeniser = fitTokeniser(texts);
  const groups = groupings(shop, looksOf(shop, looks));
  const examples = {
    tokens: tokeniser.inputs(texts),
    looks: groups.looks,
    taste: {
      groups: groups.taste,
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
