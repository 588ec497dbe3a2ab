// The built-in text encoder: from words to a vector, learnt from the shop alone. A vector has two
// parts. The looks are learnt from words: some words of an article must identify other words of the
// same article among many articles, as in SimCSE (Gao et al., EMNLP 2021) with word dropout as
// noise. Or they must identify words of an article that looks similar, which is supervised
// contrastive learning (Khosla et al., NeurIPS 2020). The taste must identify an article that is
// bought together with the given article. Views of few words teach the encoder to read searches.
import type { VectorParts } from '../../features/vector-parts';
import type { Batch } from '../../engine/batch';
import type { TrainingEngine } from '../../engine/training-engine';
import type { CoPurchases } from '../../statistics/co-purchase';
import { MAX_TOKENS, type Tokeniser } from '../../features/text';
import { matmul, transposeLast } from '../../graph/products';
import { l2Normalise, logSumExp, mean } from '../../graph/rows';
import { concat } from '../../graph/pieces';
import { add, cast, equal, mul, sub } from '../../graph/elementwise';
import { constant, embedding, input, type Table, type Tensor } from '../../graph/tensor';
import type { Random } from '../../random';
import type { Reporter } from '../../telemetry/progress';
import { sharedMlp } from './layers';
import { createTrainer } from '../optimise/trainer';
import type { Weights } from '../optimise/learnt';

/** A part of the vector. Each part is trained separately. */
export interface TextPart {
  readonly dim: number;
  readonly steps: number;
}

/** Both parts of the vector. */
export interface TextParts {
  readonly looks: TextPart;
  /**
   * `share` is the weight of the taste in the cosine of two articles. The rest is the weight of the
   * looks.
   */
  readonly taste: TextPart & { readonly share: number };
}

export interface TextEncoderConfig extends TextParts {
  readonly temperature: number;
  readonly batch: number;
  readonly denseRate: number;
  readonly tableRate: number;
  /** The smallest and the largest share of an article's words that a view keeps. */
  readonly keep: readonly [number, number];
}

/**
 * The training data. A grouping is [articles]: the group of every article, or 0. Articles of one
 * group are alike.
 */
export interface TextExamples {
  /** `text_ids` and `text_weights` [articles, MAX_TOKENS] */
  readonly tokens: Batch;
  /** Groupings by looks. */
  readonly looks?: readonly Int32Array[];
  /** Articles that are bought together are alike in taste. */
  readonly taste?: {
    readonly groups?: readonly Int32Array[];
    /** Co-purchases, with articles numbered as in `tokens`. */
    readonly coPurchases: CoPurchases;
    /** Articles to draw from. Articles that sold more occur more often. */
    readonly sold: Int32Array;
    /**
     * [articles] the product of each article. Variants of one product do not count as bought
     * together.
     */
    readonly products: Int32Array;
  };
}

/** The width of the vectors. */
export function textDim({ looks, taste }: TextParts): number {
  return looks.dim + taste.dim;
}

/** The division of the vectors into the two parts. */
export function vectorParts({ looks, taste }: TextParts): VectorParts {
  return { from: looks.dim, share: taste.share };
}

/** Inputs: `text_ids` and `text_weights` [batch, MAX_TOKENS]. → [batch, textDim], unit length. */
export function textEncoder(tokeniser: Tokeniser, { looks, taste }: TextParts): Tensor {
  const view = viewInput('text');
  const weighted = (name: PartName, dim: number, share: number): Tensor =>
    mul(partEncoder(tokeniser, name, dim)(view), constant(Math.sqrt(share)));
  return concat([weighted('looks', looks.dim, 1 - taste.share), weighted('taste', taste.dim, taste.share)]);
}

type PartName = 'looks' | 'taste';

/** The words of some texts, as inputs of the graph. */
interface View {
  readonly prefix: string;
  /** [batch, MAX_TOKENS] The inputs `PREFIX_ids` and `PREFIX_weights`, both of this shape. */
  readonly ids: Tensor;
  readonly weights: Tensor;
}

function viewInput(prefix: string): View {
  const places = ['batch', MAX_TOKENS];
  return {
    prefix,
    ids: input(`${prefix}_ids`, places, 'int32'),
    weights: input(`${prefix}_weights`, places),
  };
}

/**
 * The encoder of one part: [batch, dim], unit length. It can be applied to several views with the
 * same weights.
 */
function partEncoder(tokeniser: Tokeniser, name: PartName, dim: number): (view: View) => Tensor {
  const table: Table = { name: `text.${name}.tokens`, rows: tokeniser.slots, width: dim };
  const layers = sharedMlp(`text.${name}.layers`, [dim], [dim, dim]);
  return ({ prefix, ids, weights }) => {
    const bag = embedding(`${prefix}.${name}.tokens`, table, ids, weights);
    // The weighted sum of random word vectors is already a projection of TF-IDF. The layers learn
    // the difference.
    return l2Normalise(add(bag, layers(bag)));
  };
}

export interface TextTraining {
  readonly tokeniser: Tokeniser;
  readonly examples: TextExamples;
  readonly config: TextEncoderConfig;
  readonly random: Random;
  readonly reporter: Reporter;
}

/** Trains both parts. Returns the weights by name. */
export async function trainTextEncoder(engine: TrainingEngine, training: TextTraining): Promise<Weights> {
  const { examples } = training;
  const looks = await trainPart(engine, training, 'looks', [itself, ...(examples.looks ?? []).map(inGroups)]);
  const taste = await trainPart(engine, training, 'taste', tastePairings(examples));
  return new Map([...looks, ...taste]);
}

/** Trains one part. The batches use the pairings in turn. */
async function trainPart(
  engine: TrainingEngine,
  { tokeniser, examples, config, random, reporter }: TextTraining,
  name: PartName,
  pairings: readonly Pairing[],
): Promise<Weights> {
  const { dim, steps } = config[name];
  const { tokens } = examples;
  const articles = tokens.text_ids.data.length / MAX_TOKENS;
  const trainer = await createTrainer(engine, {
    name: `train.text_${name}`,
    loss: contrastiveLoss(partEncoder(tokeniser, name, dim), config.temperature),
    random,
    denseRate: config.denseRate,
    tableRate: config.tableRate,
  });
  const batch = Math.min(config.batch, articles);
  const progress = reporter.progress(`Text encoder, ${name}`, steps, 'steps');
  function* batches(): Generator<Batch> {
    for (let step = 0; step < steps; step++) {
      const drawn = Int32Array.from({ length: batch }, () => random.int(articles));
      const { chosen, partners, keys } = pairings[step % pairings.length](drawn, random);
      yield {
        ...drawView('a', chosen, tokens, config.keep, random),
        ...drawView('b', partners, tokens, config.keep, random),
        row: { data: keys, shape: [batch, 1] },
        column: { data: keys, shape: [1, batch] },
      };
    }
  }
  await trainer.train(batches(), (step, loss) => {
    progress.tick(step, `loss ${loss.toFixed(3)}`);
  });
  progress.done();
  return trainer.weights;
}

/**
 * Makes the pairs of one batch: the model must pick out each chosen article's partner by its words.
 * Articles with equal keys count as the same answer. A pairing may choose other articles than those
 * of the batch.
 */
type Pairing = (batch: Int32Array, random: Random) => { chosen: Int32Array; partners: Int32Array; keys: Int32Array };

const itself: Pairing = (chosen) => ({ chosen, partners: chosen, keys: chosen });

function inGroups(groups: Int32Array): Pairing {
  const members = new Map<number, number[]>();
  groups.forEach((group, article) => {
    const list = members.get(group);
    if (list) list.push(article);
    else members.set(group, [article]);
  });
  // An article of group 0 is similar only to itself.
  const others = (article: number): readonly number[] => (groups[article] && members.get(groups[article])) || [article];
  return (chosen, random) => ({
    chosen,
    partners: chosen.map((article) => {
      const all = others(article);
      return all[random.int(all.length)];
    }),
    keys: chosen.map((article) => groups[article] || -1 - article),
  });
}

/**
 * The pairings of the taste. Two of the three to five turns are for articles that are bought
 * together.
 */
function tastePairings({ taste }: TextExamples): Pairing[] {
  const bought = taste && taste.sold.length > 0 ? boughtTogether(taste) : itself;
  return [itself, ...(taste?.groups ?? []).map(inGroups), bought, bought];
}

/**
 * Number of articles that can be partners of an article: those that are bought together with it
 * most often.
 */
const NEAREST = 8;

function boughtTogether({ coPurchases, sold, products }: NonNullable<TextExamples['taste']>): Pairing {
  const { width, neighbours } = coPurchases;
  return (batch, random) => {
    const chosen = batch.map(() => sold[random.int(sold.length)]);
    const partners = chosen.map((article) => {
      const others: number[] = [];
      for (let n = article * width; n < (article + 1) * width && neighbours[n] >= 0; n++) {
        if (others.length === NEAREST) break;
        if (products[neighbours[n]] !== products[article]) others.push(neighbours[n]);
      }
      return others.length === 0 ? article : others[random.int(others.length)];
    });
    return { chosen, partners, keys: chosen };
  };
}

function contrastiveLoss(encode: (view: View) => Tensor, temperature: number): Tensor {
  const [a, b] = [encode(viewInput('a')), encode(viewInput('b'))];
  const same = cast(equal(input('row', ['batch', 1], 'int32'), input('column', [1, 'batch'], 'int32')), 'float32');
  const logits = mul(matmul(a, transposeLast(b)), constant(1 / temperature));
  // The share of the softmax that similar articles get.
  const alike = add(logits, mul(sub(same, constant(1)), constant(1e4)));
  return mean(sub(logSumExp(logits), logSumExp(alike)));
}

/** Draws a random part of each article's words, at least one word, with weights of unit length. */
function drawView(
  prefix: string,
  chosen: Int32Array,
  tokens: Batch,
  [least, most]: readonly [number, number],
  random: Random,
): Batch {
  const [ids, weights] = [tokens.text_ids.data, tokens.text_weights.data];
  const shape = [chosen.length, MAX_TOKENS];
  const outIds = new Int32Array(chosen.length * MAX_TOKENS);
  const outWeights = new Float32Array(chosen.length * MAX_TOKENS);
  chosen.forEach((article, r) => {
    const from = article * MAX_TOKENS;
    let length = 0;
    while (length < MAX_TOKENS && weights[from + length] !== 0) length += 1;
    const keep = least + (most - least) * random.next();
    const sure = length === 0 ? -1 : random.int(length);
    let squared = 0;
    for (let t = 0; t < length; t++) {
      if (random.next() >= keep && t !== sure) continue;
      outIds[r * MAX_TOKENS + t] = ids[from + t];
      outWeights[r * MAX_TOKENS + t] = weights[from + t];
      squared += weights[from + t] ** 2;
    }
    const norm = Math.sqrt(squared) || 1;
    for (let t = 0; t < length; t++) outWeights[r * MAX_TOKENS + t] /= norm;
  });
  return {
    [`${prefix}_ids`]: { data: outIds, shape },
    [`${prefix}_weights`]: { data: outWeights, shape },
  };
}
