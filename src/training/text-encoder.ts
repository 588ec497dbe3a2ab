// The built-in text encoder: from words to a vector, learnt from the catalogue alone. Two random halves of one article's words must
// find each other among those of other articles (contrastive learning, as SimCSE, Gao et al., EMNLP 2021, with word
// dropout for noise), which pulls words together that describe the same things. Knows nothing of columns.
import type { Batch, Engine } from '../engine/engine';
import { MAX_TOKENS, type Tokeniser } from '../features/text';
import {
  add,
  cast,
  equal,
  l2Normalise,
  logSumExp,
  matmul,
  mean,
  mul,
  reduceSum,
  sub,
  transposeLast,
} from '../graph/operators';
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
  /** Share of the words that each half keeps. */
  readonly keep: number;
}

/**
 * The encoder, to be applied once or to several views with one set of weights. [batch, dim], unit length, from the inputs
 * `PREFIX_ids` and `PREFIX_weights` [batch, MAX_TOKENS].
 */
export function textEncoder(tokeniser: Tokeniser, dim: number): (prefix: string) => Tensor {
  const table: Table = { name: 'text.tokens', rows: tokeniser.slots, width: dim };
  const layers = sharedMlp('text.layers', dim, [dim, dim]);
  return (prefix) => {
    const places = ['batch', MAX_TOKENS];
    const ids = input(`${prefix}_ids`, places, 'int32');
    const bag = embedding(`${prefix}.tokens`, table, ids, input(`${prefix}_weights`, places));
    // The weighted sum of random word vectors is already a projection of TF-IDF; the layers learn what to change.
    return l2Normalise(add(bag, layers(bag)));
  };
}

/** Trains on the articles' token inputs; gives the weights by name. */
export async function trainTextEncoder(
  engine: Engine,
  tokeniser: Tokeniser,
  tokens: Batch,
  config: TextEncoderConfig,
  random: Random,
  reporter: Reporter,
): Promise<Weights> {
  const ids = tokens.text_ids.data;
  const weights = tokens.text_weights.data;
  const articles = ids.length / MAX_TOKENS;
  const trainer = await createTrainer(engine, {
    name: 'train.text_encoder',
    loss: contrastiveLoss(tokeniser, config),
    random,
    denseRate: config.denseRate,
    tableRate: config.tableRate,
  });
  const batch = Math.min(config.batch, articles);
  const progress = reporter.progress('Text encoder', config.steps, 'steps');
  function* batches(): Generator<Batch> {
    for (let step = 0; step < config.steps; step++) {
      const chosen = Int32Array.from({ length: batch }, () => random.int(articles));
      const places = Int32Array.from(chosen.keys());
      yield {
        ...half('a', chosen, ids, weights, config.keep, random),
        ...half('b', chosen, ids, weights, config.keep, random),
        row: { data: chosen, shape: [batch, 1] },
        column: { data: chosen, shape: [1, batch] },
        place_row: { data: places, shape: [batch, 1] },
        place_column: { data: places, shape: [1, batch] },
      };
    }
  }
  await trainer.train(batches(), (step, loss) => {
    progress.tick(step, `loss ${loss.toFixed(3)}`);
  });
  progress.done();
  return trainer.weights;
}

function contrastiveLoss(tokeniser: Tokeniser, { dim, temperature }: TextEncoderConfig): Tensor {
  const encode = textEncoder(tokeniser, dim);
  const [a, b] = [encode('a'), encode('b')];
  const own = cast(
    equal(input('place_row', ['batch', 1], 'int32'), input('place_column', [1, 'batch'], 'int32')),
    'float32',
  );
  const same = cast(equal(input('row', ['batch', 1], 'int32'), input('column', [1, 'batch'], 'int32')), 'float32');
  const scores = mul(matmul(a, transposeLast(b)), constant(1 / temperature));
  // An article drawn twice into one batch is no negative of itself.
  const logits = sub(scores, mul(sub(same, own), constant(1e4)));
  return mean(sub(logSumExp(logits), reduceSum(mul(logits, own), [-1])));
}

/** A random part of each chosen article's words; weights of unit length again. */
function half(
  prefix: string,
  chosen: Int32Array,
  ids: ArrayLike<number>,
  weights: ArrayLike<number>,
  keep: number,
  random: Random,
): Batch {
  const shape = [chosen.length, MAX_TOKENS];
  const outIds = new Int32Array(chosen.length * MAX_TOKENS);
  const outWeights = new Float32Array(chosen.length * MAX_TOKENS);
  chosen.forEach((article, r) => {
    let squared = 0;
    for (let t = 0; t < MAX_TOKENS; t++) {
      const weight = weights[article * MAX_TOKENS + t];
      if (weight === 0 || random.next() >= keep) continue;
      outIds[r * MAX_TOKENS + t] = ids[article * MAX_TOKENS + t];
      outWeights[r * MAX_TOKENS + t] = weight;
      squared += weight * weight;
    }
    const norm = Math.sqrt(squared) || 1;
    for (let t = 0; t < MAX_TOKENS; t++) outWeights[r * MAX_TOKENS + t] /= norm;
  });
  return {
    [`${prefix}_ids`]: { data: outIds, shape },
    [`${prefix}_weights`]: { data: outWeights, shape },
  };
}
