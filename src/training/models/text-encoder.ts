// The built-in text encoder: from words to a vector, learnt from the shop alone. Some words of an
// article must find, among those of many others, other words of the same article (as SimCSE, Gao et
// al., EMNLP 2021, with word dropout for noise) or words of another that looks like it (supervised
// contrastive learning, Khosla et al., NeurIPS 2020): these are the looks. The other part of the
// vector, the taste, must find what is bought with it. Who searches says how much of each is asked
// for. So it learns which words matter, and what two words alone say: searches are no longer. Knows
// nothing of what columns mean.
import type { VectorParts } from '../../features/vector-parts';
import type { Batch } from '../../engine/batch';
import type { TrainingEngine } from '../../engine/training-engine';
import type { CoPurchases } from '../../statistics/co-purchase';
import { MAX_TOKENS, type Tokeniser } from '../../features/text';
import {
  add,
  cast,
  concat,
  equal,
  l2Normalise,
  logSumExp,
  matmul,
  mean,
  mul,
  sub,
  transposeLast,
} from '../../graph/operators';
import { constant, embedding, input, type Table, type Tensor } from '../../graph/tensor';
import type { Random } from '../../random';
import type { Reporter } from '../../telemetry/progress';
import { sharedMlp } from './layers';
import { createTrainer, type Weights } from '../optimise/trainer';

/** A part of the vector, which learns by itself. */
export interface TextPart {
  readonly dim: number;
  readonly steps: number;
}

/** What a vector is made of. */
export interface TextParts {
  readonly looks: TextPart;
  /**
   * `share`: how much of the cosine of two articles is that of their tastes; the rest is of their
   * looks.
   */
  readonly taste: TextPart & { readonly share: number };
}

export interface TextEncoderConfig extends TextParts {
  readonly temperature: number;
  readonly batch: number;
  readonly denseRate: number;
  readonly tableRate: number;
  /** The least and the most that a view keeps of an article's words, as shares. */
  readonly keep: readonly [number, number];
}

/**
 * What the encoder learns from. Groups are [articles] each: the group of every article, 0: none.
 * Articles of one group are alike.
 */
export interface TextLessons {
  /** `text_ids` and `text_weights` [articles, MAX_TOKENS] */
  readonly tokens: Batch;
  /** Articles of one group look alike. */
  readonly looks?: readonly Int32Array[];
  /**
   * By the same indices: what is bought with an article is alike in taste. It is asked of `sold`,
   * as often as each is there.
   */
  readonly taste?: {
    readonly groups?: readonly Int32Array[];
    readonly coPurchases: CoPurchases;
    readonly sold: Int32Array;
    /** [articles] Those of one product are bought together as one, not because they go together. */
    readonly products: Int32Array;
  };
}

/** The width of the vectors. */
export function textDim({ looks, taste }: TextParts): number {
  return looks.dim + taste.dim;
}

/** How the vectors are made of the two. */
export function vectorParts({ looks, taste }: TextParts): VectorParts {
  return { from: looks.dim, share: taste.share };
}

/**
 * The encoder: [batch, textDim], unit length, from the inputs `text_ids` and `text_weights` [batch,
 * MAX_TOKENS].
 */
export function textEncoder(tokeniser: Tokeniser, { looks, taste }: TextParts): Tensor {
  const view = viewInput('text');
  const weighted = (name: PartName, dim: number, share: number): Tensor =>
    mul(partEncoder(tokeniser, name, dim)(view), constant(Math.sqrt(share)));
  return concat([weighted('looks', looks.dim, 1 - taste.share), weighted('taste', taste.dim, taste.share)]);
}

type PartName = 'looks' | 'taste';

/** Words of some texts, as the graph reads them. */
interface View {
  readonly prefix: string;
  /** [batch, MAX_TOKENS] both: the inputs `PREFIX_ids` and `PREFIX_weights`. */
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
 * One part, to be applied once or to several views with one set of weights: [batch, dim], unit
 * length.
 */
function partEncoder(tokeniser: Tokeniser, name: PartName, dim: number): (view: View) => Tensor {
  const table: Table = { name: `text.${name}.tokens`, rows: tokeniser.slots, width: dim };
  const layers = sharedMlp(`text.${name}.layers`, [dim], [dim, dim]);
  return ({ prefix, ids, weights }) => {
    const bag = embedding(`${prefix}.${name}.tokens`, table, ids, weights);
    // The weighted sum of random word vectors is already a projection of TF-IDF; the layers learn
    // what to change.
    return l2Normalise(add(bag, layers(bag)));
  };
}

/** Trains both parts on what is known of the articles; gives the weights by name. */
export async function trainTextEncoder(
  engine: TrainingEngine,
  tokeniser: Tokeniser,
  lessons: TextLessons,
  config: TextEncoderConfig,
  random: Random,
  reporter: Reporter,
): Promise<Weights> {
  const learn = (name: PartName, kinds: readonly Lesson[]): Promise<Weights> =>
    trainPart(engine, tokeniser, { name, ...config[name] }, lessons.tokens, kinds, config, random, reporter);
  const looks = await learn('looks', [itself, ...(lessons.looks ?? []).map(inGroups)]);
  const taste = await learn('taste', tasteLessons(lessons));
  return new Map([...looks, ...taste]);
}

async function trainPart(
  engine: TrainingEngine,
  tokeniser: Tokeniser,
  { name, dim, steps }: TextPart & { readonly name: PartName },
  tokens: Batch,
  /** In turn. */
  lessons: readonly Lesson[],
  config: TextEncoderConfig,
  random: Random,
  reporter: Reporter,
): Promise<Weights> {
  const ids = tokens.text_ids.data;
  const weights = tokens.text_weights.data;
  const articles = ids.length / MAX_TOKENS;
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
      const { chosen, partners, keys } = lessons[step % lessons.length](drawn, random);
      yield {
        ...drawView('a', chosen, ids, weights, config.keep, random),
        ...drawView('b', partners, ids, weights, config.keep, random),
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
 * For each article of a batch another whose words it must find, and what they have in common: equal
 * keys are alike.
 */
type Lesson = (batch: Int32Array, random: Random) => { chosen: Int32Array; partners: Int32Array; keys: Int32Array };

const itself: Lesson = (chosen) => ({ chosen, partners: chosen, keys: chosen });

function inGroups(groups: Int32Array): Lesson {
  const members = new Map<number, number[]>();
  groups.forEach((group, article) => {
    const list = members.get(group);
    if (list) list.push(article);
    else members.set(group, [article]);
  });
  // Group 0 is of those that are like nothing but themselves.
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

/** Two turns of three to five for what is bought together. */
function tasteLessons({ taste }: TextLessons): Lesson[] {
  const bought = taste && taste.sold.length > 0 ? boughtTogether(taste) : itself;
  return [itself, ...(taste?.groups ?? []).map(inGroups), bought, bought];
}

/** Of what is bought with an article the nearest so many are alike. */
const NEAREST = 8;

function boughtTogether({ coPurchases, sold, products }: NonNullable<TextLessons['taste']>): Lesson {
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
  // How much of all likeness goes to what is alike.
  const alike = add(logits, mul(sub(same, constant(1)), constant(1e4)));
  return mean(sub(logSumExp(logits), logSumExp(alike)));
}

/** A random part of each article's words, one at least; weights of unit length again. */
function drawView(
  prefix: string,
  chosen: Int32Array,
  ids: ArrayLike<number>,
  weights: ArrayLike<number>,
  [least, most]: readonly [number, number],
  random: Random,
): Batch {
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
