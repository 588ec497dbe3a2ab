// The built-in text encoder: from words to a vector, learnt from the shop alone. Some words of an article must find, among those
// of many others, other words of the same article (as SimCSE, Gao et al., EMNLP 2021, with word dropout for noise), words of
// another that looks like it (supervised contrastive learning, Khosla et al., NeurIPS 2020), or words of what is bought with it. So it learns which words matter, and what two words alone say: searches are no longer.
// Knows nothing of what columns mean.
import type { Batch, Engine } from '../engine/engine';
import type { CoPurchases } from '../features/co-purchase';
import { MAX_TOKENS, type Tokeniser } from '../features/text';
import { add, cast, equal, l2Normalise, logSumExp, matmul, mean, mul, sub, transposeLast } from '../graph/operators';
import { constant, embedding, input, type Table, type Tensor } from '../graph/tensor';
import type { Random } from '../random';
import type { Reporter } from '../telemetry';
import { sharedMlp } from './layers';
import { createTrainer, type Weights } from './trainer';

export interface TextEncoderConfig {
  readonly dim: number;
  readonly temperature: number;
  readonly batch: number;
  readonly steps: number;
  readonly denseRate: number;
  readonly tableRate: number;
  /** The least and the most that a view keeps of an article's words, as shares. */
  readonly keep: readonly [number, number];
}

/** What the encoder learns from. */
export interface TextLessons {
  /** `text_ids` and `text_weights` [articles, MAX_TOKENS] */
  readonly tokens: Batch;
  /** Each [articles]: a group of every article, 0: none. Articles of one group look alike. */
  readonly groups?: readonly Int32Array[];
  /** By the same indices: what is bought with an article is alike in taste. It is asked of `sold`, as often as each is there. */
  readonly together?: { readonly coPurchases: CoPurchases; readonly sold: Int32Array };
}

/**
 * The encoder, to be applied once or to several views with one set of weights. [batch, dim], unit length, from the inputs
 * `PREFIX_ids` and `PREFIX_weights` [batch, MAX_TOKENS].
 */
export function textEncoder(tokeniser: Tokeniser, dim: number): (prefix: string) => Tensor {
  const table: Table = { name: 'text.tokens', rows: tokeniser.slots, width: dim };
  const layers = sharedMlp('text.layers', [dim], [dim, dim]);
  return (prefix) => {
    const places = ['batch', MAX_TOKENS];
    const ids = input(`${prefix}_ids`, places, 'int32');
    const bag = embedding(`${prefix}.tokens`, table, ids, input(`${prefix}_weights`, places));
    // The weighted sum of random word vectors is already a projection of TF-IDF; the layers learn what to change.
    return l2Normalise(add(bag, layers(bag)));
  };
}

/** Trains on what is known of the articles; gives the weights by name. */
export async function trainTextEncoder(
  engine: Engine,
  tokeniser: Tokeniser,
  lessons: TextLessons,
  config: TextEncoderConfig,
  random: Random,
  reporter: Reporter,
): Promise<Weights> {
  const ids = lessons.tokens.text_ids.data;
  const weights = lessons.tokens.text_weights.data;
  const articles = ids.length / MAX_TOKENS;
  const trainer = await createTrainer(engine, {
    name: 'train.text_encoder',
    loss: contrastiveLoss(tokeniser, config),
    random,
    denseRate: config.denseRate,
    tableRate: config.tableRate,
  });
  const batch = Math.min(config.batch, articles);
  const kinds = lessonsOf(lessons);
  const progress = reporter.progress('Text encoder', config.steps, 'steps');
  function* batches(): Generator<Batch> {
    for (let step = 0; step < config.steps; step++) {
      const drawn = Int32Array.from({ length: batch }, () => random.int(articles));
      const { chosen, partners, keys } = kinds[step % kinds.length](drawn, random);
      yield {
        ...view('a', chosen, ids, weights, config.keep, random),
        ...view('b', partners, ids, weights, config.keep, random),
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

/** For each article of a batch another whose words it must find, and what they have in common: equal keys are alike. */
type Lesson = (batch: Int32Array, random: Random) => { chosen: Int32Array; partners: Int32Array; keys: Int32Array };

/** In turn: the article itself, others of its groups, what is bought with it. */
function lessonsOf({ groups = [], together }: TextLessons): Lesson[] {
  const bought = together && together.sold.length > 0 ? boughtTogether(together) : undefined;
  const self: Lesson = (chosen) => ({ chosen, partners: chosen, keys: chosen });
  return [self, ...groups.map(lookAlikes), ...(bought ? [bought] : [])];
}

function lookAlikes(groups: Int32Array): Lesson {
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

/** Of what is bought with an article the nearest so many are alike. */
const NEAREST = 8;

function boughtTogether({ coPurchases: { width, neighbours }, sold }: NonNullable<TextLessons['together']>): Lesson {
  return (batch, random) => {
    const chosen = batch.map(() => sold[random.int(sold.length)]);
    const partners = chosen.map((article) => {
      const from = article * width;
      let count = 0;
      while (count < NEAREST && count < width && neighbours[from + count] >= 0) count += 1;
      return count === 0 ? article : neighbours[from + random.int(count)];
    });
    return { chosen, partners, keys: chosen };
  };
}

function contrastiveLoss(tokeniser: Tokeniser, { dim, temperature }: TextEncoderConfig): Tensor {
  const encode = textEncoder(tokeniser, dim);
  const [a, b] = [encode('a'), encode('b')];
  const same = cast(equal(input('row', ['batch', 1], 'int32'), input('column', [1, 'batch'], 'int32')), 'float32');
  const logits = mul(matmul(a, transposeLast(b)), constant(1 / temperature));
  // How much of all likeness goes to what is alike.
  const alike = add(logits, mul(sub(same, constant(1)), constant(1e4)));
  return mean(sub(logSumExp(logits), logSumExp(alike)));
}

/** A random part of each article's words, one at least; weights of unit length again. */
function view(
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
