// Reads back what was trained: the numbers of parameters and embedding tables, by name, out of a
// release's models, with the encoder that says what the rows of the tables stand for. Knows the
// format, not what the models compute.
import { z } from 'zod';
import type { Values } from '../engine/batch';
import { asError, VitrineError } from '../errors';
import { openEncoder, type Encoder } from '../features/encoder';
import { ModelProto } from '../graph/onnx-format';
import { ENCODER_FILE, modelFile, type ModelName } from './format';
import { checkPairs, readManifest, readVerified } from './open';

/** Weights by name of parameter or table, and the encoder that they were trained with. */
export interface Trained {
  /** The name of the release. */
  readonly name: string;
  readonly encoder: Encoder;
  readonly weights: ReadonlyMap<string, Values>;
}

/** What was trained, of models that are not yet released. */
export function trainedOf(
  name: string,
  encoder: Encoder,
  models: Readonly<Record<(typeof MODELS)[number], { readonly bytes: Uint8Array }>>,
): Trained {
  return {
    name,
    encoder,
    weights: new Map(MODELS.flatMap((model) => [...initialisers(models[model].bytes, modelFile(model))])),
  };
}

/** The models whose tables the encoder names; words of texts are a vocabulary of their own. */
const MODELS = ['query_tower', 'article_tower', 'ranker'] as const satisfies readonly ModelName[];

/** @throws VitrineError RELEASE_MISSING, RELEASE_INVALID */
export async function readTrained(folder: string): Promise<Trained> {
  const manifest = await readManifest(folder);
  const encoder = openEncoder(JSON.parse((await readVerified(folder, manifest, ENCODER_FILE)).toString('utf8')));
  checkPairs(manifest, encoder);
  const weights = new Map<string, Values>();
  for (const model of MODELS) {
    const file = modelFile(model);
    for (const [name, values] of initialisers(await readVerified(folder, manifest, file), file)) {
      weights.set(name, values);
    }
  }
  return { name: manifest.name, encoder, weights };
}

const FLOAT32 = 1;

const modelSchema = z.object({
  graph: z.object({
    initializer: z.array(
      z.object({
        name: z.string(),
        dims: z.array(z.number()),
        dataType: z.number(),
        rawData: z.instanceof(Uint8Array),
      }),
    ),
  }),
});

/** The named float32 numbers of a model. Its literals are left out: they are called c0, c1, … */
function initialisers(bytes: Uint8Array, file: string): Map<string, Values> {
  let model: z.infer<typeof modelSchema>;
  try {
    model = modelSchema.parse(ModelProto.toObject(ModelProto.decode(bytes), { longs: Number, defaults: true }));
  } catch (thrown) {
    throw new VitrineError('RELEASE_INVALID', `The release's file ${file} is no model: ${asError(thrown).message}`, {
      cause: thrown,
    });
  }
  const weights = model.graph.initializer.filter(({ name, dataType }) => dataType === FLOAT32 && !/^c\d+$/.test(name));
  return new Map(weights.map(({ name, dims, rawData }) => [name, { data: floatsOf(rawData), shape: dims }]));
}

/** A copy: bytes within a file do not lie where float32 must. */
function floatsOf(bytes: Uint8Array): Float32Array {
  const values = new Float32Array(bytes.length / 4);
  new Uint8Array(values.buffer).set(bytes);
  return values;
}
