// The trained weights of a release, read from its models, with the encoder, which tells the article
// or value of each row of a table.
import type { Values } from '../engine/batch';
import { asError, VitrineError } from '../errors';
import { openEncoder, type Encoder } from '../features/encoder';
import { readWeights } from '../graph/onnx-read';
import { ENCODER_FILE, modelFile, type ModelName } from './format';
import { checkPairs, readManifest, readVerified } from './files';

/** The models from which a warm start continues. */
export interface FormerWeights {
  /** The name of the release. */
  readonly name: string;
  readonly encoder: Encoder;
  /** Weights by the name of the parameter or table. */
  readonly weights: ReadonlyMap<string, Values>;
}

/** The models whose table rows the encoder names. The text encoder has its own vocabulary. */
const MODELS = ['query_tower', 'article_tower', 'ranker'] as const satisfies readonly ModelName[];

/** @throws VitrineError RELEASE_MISSING, RELEASE_INVALID */
export async function readFormer(folder: string): Promise<FormerWeights> {
  const manifest = await readManifest(folder);
  const encoder = openEncoder(JSON.parse((await readVerified(folder, manifest, ENCODER_FILE)).toString('utf8')));
  checkPairs(manifest, encoder);
  const weights = new Map<string, Values>();
  for (const model of MODELS) {
    const file = modelFile(model);
    for (const [name, values] of weightsOf(await readVerified(folder, manifest, file), file)) weights.set(name, values);
  }
  return { name: manifest.name, encoder, weights };
}

/** The weights of models that are not released yet. */
export function formerOf(
  name: string,
  encoder: Encoder,
  models: Readonly<Record<(typeof MODELS)[number], { readonly bytes: Uint8Array }>>,
): FormerWeights {
  return {
    name,
    encoder,
    weights: new Map(MODELS.flatMap((model) => weightsOf(models[model].bytes, modelFile(model)))),
  };
}

function weightsOf(bytes: Uint8Array, file: string): [string, Values][] {
  try {
    return readWeights(bytes).map(({ name, data, shape }) => [name, { data, shape }]);
  } catch (thrown) {
    throw new VitrineError('RELEASE_INVALID', `The release's file ${file} is no model: ${asError(thrown).message}`, {
      cause: thrown,
    });
  }
}
