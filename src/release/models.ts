// Loads the models of a release into a model runner, and calls them there.
import { sha256 } from '../bytes';
import { builtInEncoder, type TextEncoder } from '../encoders/text-encoder';
import type { Batch } from '../engine/batch';
import type { ModelRunner } from '../engine/model-runner';
import { asError, VitrineError } from '../errors';
import type { Tokeniser } from '../features/text';
import { invalid, type ReleaseFiles } from './files';
import { MANIFEST_FILE, MODEL_NAMES, MODEL_OUTPUT, modelFile, type Manifest, type ModelName } from './format';

/**
 * The models for which computing one customer takes less time than sending the inputs to another
 * thread.
 */
const QUICK_MODELS: ReadonlySet<ModelName> = new Set(['query_tower', 'ranker'] as const);

/** Loads every model under `${release}/${model}`. @throws VitrineError RELEASE_INVALID */
export async function loadModels(runner: ModelRunner, files: ReleaseFiles): Promise<void> {
  for (const name of MODEL_NAMES) {
    const file = modelFile(name);
    const source = { file, bytes: () => files.need(file), quick: QUICK_MODELS.has(name) };
    await runner.load(modelKey(files.manifest, name), source).catch((thrown: unknown) => {
      // A failing device does not mean that the file is invalid.
      if (thrown instanceof VitrineError && thrown.code !== 'INPUT_INVALID') throw thrown;
      throw invalid(file, asError(thrown).message);
    });
  }
}

/**
 * The name of a release's model in the runner. The release is part of the name, since a runner may
 * hold two releases.
 */
export function modelKey(manifest: Pick<Manifest, 'name'>, model: ModelName): string {
  return `${manifest.name}/${model}`;
}

/**
 * Returns a function that runs a loaded model. The memory of the inputs is handed over, so the
 * caller's arrays may be empty afterwards.
 */
export function modelOf(runner: ModelRunner, manifest: Pick<Manifest, 'name'>, model: ModelName) {
  const output = MODEL_OUTPUT[model];
  return async (inputs: Batch): Promise<Float32Array> => {
    const options = { outputs: [output], handOver: true };
    const { data } = (await runner.run(modelKey(manifest, model), inputs, options))[output];
    if (data instanceof Float32Array) return data;
    throw invalid(modelFile(model), `its output ${output} is not float32`);
  };
}

/** The text encoder that every release has. Its model must be loaded. */
export function builtInOf(runner: ModelRunner, manifest: Manifest, tokeniser: Tokeniser): TextEncoder {
  const model = manifest.models.text_encoder;
  const dim = Number(model.outputs[0].shape.at(-1));
  const { textParts: parts } = manifest;
  if (parts && parts.from >= dim)
    throw invalid(MANIFEST_FILE, `of vectors of ${String(dim)} numbers it has tastes begin at ${String(parts.from)}`);
  return builtInEncoder({
    fingerprint: sha256(`${manifest.tokeniser} ${manifest.files[modelFile('text_encoder')]}`, 16),
    dim,
    ...(parts && { parts }),
    tokeniser,
    model: modelOf(runner, manifest, 'text_encoder'),
  });
}
