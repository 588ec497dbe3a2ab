// Today's offenders against the rules of form (form.test.ts), by name. The lists only shrink: take
// an offender off once it is mended, and mend a new one instead of listing it.

import type { Rate } from './offenders';

interface Exceptions {
  /** The modules of each circle of imports. */
  readonly circles: readonly (readonly string[])[];
  readonly fullFolders: readonly string[];
  readonly longFiles: readonly string[];
  /** The file and the name, with those of the functions and classes around it. */
  readonly longFunctions: readonly string[];
  readonly manyParameters: readonly string[];
  readonly moduleState: readonly string[];
  readonly wideComments: readonly string[];
  readonly wideProse: readonly string[];
  /** The file and the first six words. */
  readonly longSentences: readonly string[];
}

/** Above the limit today. They may only fall: the tests say when, and to which number. */
export const CEILINGS = {
  /** Per 100 sentences in comments of src/. */
  oddOpenings: { per: 100, limit: 2, ceiling: 8 },
  /** Per 1,000 sentences in comments and guides. */
  archaicWords: { per: 1_000, limit: 3, ceiling: 31.1 },
} as const satisfies Record<string, Rate>;

export const EXCEPTIONS: Exceptions = {
  circles: [],
  fullFolders: [],
  longFiles: [
    'test/training/models/ranker.test.ts',
    'src/data/store/store.ts',
    'src/demo/silhouettes.ts',
    'test/cli/cli.test.ts',
    'test/training/stages/embed.test.ts',
    'test/features/encoder.test.ts',
    'test/graph/gradients.test.ts',
    'test/data/import/import.test.ts',
    'test/web/shop-window.test.ts',
  ],
  longFunctions: [
    'src/data/store/store.ts openStore',
    'src/encoders/pretrained.ts openPretrained',
    'src/api/graphql/context.ts createContext',
    'src/demo/drawing.ts patternOf',
    'src/release/open.ts openRelease',
    'src/evaluation/offline/evaluate.ts evaluate',
    'src/training/stages/fit.ts fit',
    'src/evaluation/offline/similar-quality.ts similarQuality',
    'src/training/optimise/trainer.ts createTrainer',
    'src/web/pages/home.tsx HomePage',
    'src/web/parts/customer-switch.tsx CustomerSwitch',
    'bench/serving/kernels.ts openRecorder',
    'bench/serving/measure.ts measure',
    'bench/train.ts main',
  ],
  manyParameters: [
    'src/demo/synthetic-vocabulary.ts type',
    'src/demo/synthetic-world.ts mixture',
    'src/features/catalogue.ts Catalogue.copyMulti',
    'src/dataset/dataset.ts Shop.constructor',
    'src/training/stages/fit-text.ts fitText',
    'src/training/stages/fit.ts fit',
    'src/training/stages/fit.ts serveTowers',
    'src/training/models/layers.ts fieldEmbeddings',
    'src/dataset/protocols.ts lessons',
    'src/dataset/protocols.ts nextPurchases',
    'src/training/optimise/row-kernels.ts scaleRow',
    'src/training/optimise/row-kernels.ts addScaledRow',
    'src/training/models/text-encoder.ts trainTextEncoder',
    'src/training/models/text-encoder.ts trainPart',
    'src/training/models/text-encoder.ts drawView',
    'src/training/stages/train-ranker.ts trainRanker',
    'src/training/stages/train-ranker.ts trainStraight',
    'src/training/stages/train-towers.ts towerTrainer',
    'src/training/train.ts evaluateTraining',
    'src/training/train.ts train',
    'bench/serving/draws.ts drawRows',
  ],
  moduleState: [
    'src/engine/worker.ts models',
    'src/engine/worker.ts last',
    'src/graph/pieces.ts PLACEMENTS',
    'src/api/graphql/operation/limits.ts CHECKED',
    'src/api/graphql/operation/limits.ts COSTS',
    'src/api/graphql/operation/limits.ts DOCUMENTS',
    'src/api/graphql/operation/limits.ts documents',
    'src/api/http/photos.ts loading',
    'src/setup/nodes.mjs results',
    'src/dataset/moments.ts FIRST_SALES',
    'src/web/api.ts sent',
    'bench/serving/processes.ts tickMs',
  ],
  wideComments: [],
  wideProse: [
    'README.md',
    'ARCHITECTURE.md',
    'docs/ERRORS.md',
    'docs/shop-json.md',
    'CONTRIBUTING.md',
    'models/README.md',
    'bench/README.md',
    'CHANGELOG.md',
  ],
  longSentences: [
    'README.md Look through the eyes of several',
    'README.md `code` from 0 to 1 (0.08)',
    'ARCHITECTURE.md Similar articles and searches go the',
    "ARCHITECTURE.md It locks the customer's row, so",
    'ARCHITECTURE.md `code` keeps the connections of short',
    'ARCHITECTURE.md **Import** (`code`, `code`) streams each file',
    'ARCHITECTURE.md A step gathers and pools the',
    'ARCHITECTURE.md The query tower is a causal',
    'ARCHITECTURE.md One definition for training and serving:',
    'ARCHITECTURE.md And since who buys navy may',
    'ARCHITECTURE.md Its examples are questions of the',
    'ARCHITECTURE.md Half of it is one sum,',
    'ARCHITECTURE.md Beside it the **layers**, a DLRM:',
    'ARCHITECTURE.md A tenth of the customers is',
    'ARCHITECTURE.md In a vector both are equally',
    'ARCHITECTURE.md An **article** costs 15 KB at',
    'ARCHITECTURE.md The rest is bounded by settings,',
    'ARCHITECTURE.md The vectors of texts may be',
  ],
};
