// A release on disk: the names of its files, and the manifest that lists them.
//
//   models/current              the name of the release to serve
//   models/<release>/
//     manifest.json  encoder.json  tokeniser.json  articles.ids
//     articles.faiss  similar.faiss  habits.bin
//     articles.versions         when each article's row was last changed before training
//     articles.texts            hashes of the texts that `embed` embedded; optional
//     report.html               the evaluation, for people; optional
//     <model>/config.pbtxt      a Triton model repository
//     <model>/1/model.onnx
import { z } from 'zod';

/** The models of a release. Each model has a folder of its own. */
export const MODEL_NAMES = ['query_tower', 'article_tower', 'ranker', 'text_encoder'] as const;
export type ModelName = (typeof MODEL_NAMES)[number];

/** The name of the only output of each model. */
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
  /** The fingerprint of the encoder. A release whose encoder has another fingerprint is refused. */
  encoder: z.string(),
  tokeniser: z.string(),
  /**
   * The encoder that made the vectors of the similar index: the encoder in this release, or an
   * encoder from a folder. The files of such a folder are too large to copy into every release, so
   * the path of the folder and the SHA-256 of each file are recorded.
   */
  textEncoder: z
    .union([
      z.literal('built-in'),
      z.object({
        name: z.string(),
        /** Absolute path, on the machine that made the vectors. */
        folder: z.string(),
        fingerprint: z.string(),
        files: z.record(z.string(), z.string()),
      }),
    ])
    .default('built-in'),
  /**
   * For vectors of the built-in encoder: the index at which the taste begins, and the share of the
   * taste in the cosine. Omitted if the vectors have only one part.
   */
  textParts: z.object({ from: z.int().positive(), share: z.number().gt(0).lt(1) }).optional(),
  articles: z.number(),
  dims: z.object({ articles: z.number(), similar: z.number() }),
  models: z.record(z.enum(MODEL_NAMES), z.object({ inputs: z.array(port), outputs: z.array(port) })),
  /** SHA-256 of every other file, by path within the release. */
  files: z.record(z.string(), z.string()),
  /** The purchases that were used in training. */
  data: z.object({
    purchases: z.number(),
    customers: z.number(),
    from: z.string(),
    to: z.string(),
  }),
  training: z.record(z.string(), z.unknown()),
  /** The evaluation of the same training on data before a cut, with its baselines. */
  evaluation: z.unknown(),
});
export type Manifest = z.infer<typeof manifestSchema>;
