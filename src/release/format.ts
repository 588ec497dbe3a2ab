// What a release is on disk: names of its files and the manifest that vouches for them. Knows
// nothing of how they are made.
//
//   models/<release>/manifest.json encoder.json tokeniser.json articles.ids articles.faiss
//   similar.faiss habits.bin models/<release>/articles.versions when each article's row was last
//   changed that the release was made of models/<release>/articles.texts the texts that `embed`
//   made the vectors of, by their hashes; absent where it has not run models/<release>/report.html
//   how well it does, for people; absent where nothing was measured
//   models/<release>/<model>/config.pbtxt <model>/1/model.onnx (a Triton model repository)
//   models/current names the release being served
import { z } from 'zod';

/** The models of a release; each is a folder of it. */
export const MODEL_NAMES = ['query_tower', 'article_tower', 'ranker', 'text_encoder'] as const;
export type ModelName = (typeof MODEL_NAMES)[number];

/** The name of the one output of each model. */
export const MODEL_OUTPUT: Readonly<Record<ModelName, string>> = {
  query_tower: 'query',
  article_tower: 'article',
  ranker: 'score',
  text_encoder: 'text',
};

export const MANIFEST_FILE = 'manifest.json';
export const ENCODER_FILE = 'encoder.json';
export const TOKENISER_FILE = 'tokeniser.json';
export const IDS_FILE = 'articles.ids';
export const VERSIONS_FILE = 'articles.versions';
export const TEXTS_FILE = 'articles.texts';
export const HABITS_FILE = 'habits.bin';
export const INDEX_FILES = { articles: 'articles.faiss', similar: 'similar.faiss' } as const;
export const REPORT_FILE = 'report.html';
export const CURRENT_FILE = 'current';

export function modelFile(name: ModelName): string {
  return `${name}/1/model.onnx`;
}

const dim = z.union([z.number(), z.string()]);
const port = z.object({ name: z.string(), shape: z.array(dim), dtype: z.enum(['float32', 'int32', 'bool']) });

export const manifestSchema = z.object({
  format: z.literal(2),
  name: z.string(),
  /** ISO time. */
  createdAt: z.string(),
  /** What made it: changes of the encoder are refused. */
  encoder: z.string(),
  tokeniser: z.string(),
  /**
   * Whose vectors the similar index holds: the encoder in this release, or one from a folder, whose
   * files are too large to be copied into every release. Those are named by where they were and by
   * their SHA-256.
   */
  textEncoder: z
    .union([
      z.literal('built-in'),
      z.object({
        name: z.string(),
        /** Absolute, on the machine that made the vectors. */
        folder: z.string(),
        fingerprint: z.string(),
        files: z.record(z.string(), z.string()),
      }),
    ])
    .default('built-in'),
  /**
   * Of the vectors of the encoder in this release: where the taste begins and how much of their
   * cosine it is. Absent: they are of one part.
   */
  textParts: z.object({ from: z.int().positive(), share: z.number().gt(0).lt(1) }).optional(),
  articles: z.number(),
  dims: z.object({ articles: z.number(), similar: z.number() }),
  models: z.record(z.enum(MODEL_NAMES), z.object({ inputs: z.array(port), outputs: z.array(port) })),
  /** SHA-256 of every file but this one, by path within the release. */
  files: z.record(z.string(), z.string()),
  /** The purchases that were learnt from. */
  data: z.object({
    purchases: z.number(),
    customers: z.number(),
    from: z.string(),
    to: z.string(),
  }),
  training: z.record(z.string(), z.unknown()),
  /** An evaluation of the same training on data before `cut`, beside its baselines. */
  evaluation: z.unknown(),
});
export type Manifest = z.infer<typeof manifestSchema>;
