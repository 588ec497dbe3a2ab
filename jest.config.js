// Jest runs what the compiler wrote: no transform, the same JavaScript as in production. `npm test`
// starts it with --experimental-vm-modules, since Prisma loads its query compiler by import().

// Tests get a copy of the environment, so native libraries would not see what src/config.ts sets
// for them (prepareNativeLibraries).
process.env.OMP_NUM_THREADS ??= '1';
process.env.OPENBLAS_NUM_THREADS ??= '1';
process.env.ORT_DISABLE_TELEMETRY = '1';

/** @type {import('jest').Config} */
module.exports = {
  rootDir: 'dist/test',
  testMatch: ['**/*.test.js'],
  testEnvironment: '<rootDir>/support/run/environment.js',
  globalSetup: '<rootDir>/support/run/begin-run.js',
  globalTeardown: '<rootDir>/support/run/end-run.js',
  transform: {},
  // The slowest tests train small models, which takes a minute where neighbours are noisy; anything
  // longer than this is stuck.
  testTimeout: 240_000,
  // Two files at a time also where there are more processors: training and Postgres use several
  // each.
  maxWorkers: 2,
  // A worker that has run dozens of files gives back gigabytes of native memory at its end, which
  // takes longer than jest's half a second. One that still runs after this has something open.
  workerGracefulExitTimeout: 15_000,
};
