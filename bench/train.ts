// Compares training steps with the bare matrix products of their graphs. Prints examples per
// second, GFLOP/s, and the ratio of the costs. Also measures the cost of a large table of article
// ids and the peak memory. `--size tiny|small|full` chooses the models. `--quick` runs fewer rounds
// of fewer steps on a smaller shop. `--save` writes into results/. The last line is JSON.

import { parseArgs } from 'node:util';
import { loadConfig } from '../src/config';
import type { Dataset } from '../src/dataset/dataset';
import { openTrainingEngine, type TrainingEngine } from '../src/engine/training-engine';
import { sum } from '../src/numbers';
import { SIZES, trainingConfig, type TrainingConfig } from '../src/training/config';
import { trainingThreads } from '../src/training/optimise/trainer';
import { bareProducts } from './training/bare-products';
import { finish, machine, wantedTable } from './serving/results';
import { interleaved, type Cost } from './training/rounds';
import { rankerSteps, recording, towerSteps, type Steps } from './training/steps';
import { syntheticShop } from './training/synthetic-shop';

const { values: flags } = parseArgs({
  options: { size: { type: 'string' }, quick: { type: 'boolean' }, save: { type: 'boolean' } },
});
const size = SIZES.find((one) => one === (flags.size ?? 'small'));
if (!size) throw new Error(`--size: expected ${SIZES.join(', ')}, got ${String(flags.size)}`);
const quick = flags.quick ?? false;
/** Number of rounds, and number of steps in each round. */
const [rounds, count] = quick ? [7, 12] : [25, 24];

void main();

async function main(): Promise<void> {
  const { threads } = loadConfig();
  // The first engine is opened as in `vitrine train`. The second engine, for the bare products,
  // uses all threads for a single run, which is fastest for them.
  const engine = openTrainingEngine(trainingThreads(threads));
  const wide = openTrainingEngine({ threadsPerRun: threads });
  const recorder = recording(engine);
  const before = machine('none');
  const config = trainingConfig(size ?? 'small', 1);
  const shop = await syntheticShop(quick ? { customers: 2_000, transactions: 40_000, days: 180 } : {});
  const facts = [`${shop.at.length} purchases`, `${shop.catalogue.size} articles`, `${threads} threads`];
  console.log(
    `size ${config.size}, synthetic shop: ${facts.join(', ')}; medians of ${rounds} rounds of ${count} steps`,
  );

  const ranked = await measure(await rankerSteps(recorder.engine, shop, config), recorder, wide);
  const towers = await measure(await towerSteps(recorder.engine, shop, config), recorder, wide);
  const table = await measureTables(engine, shop, config);
  const peakMiB = process.resourceUsage().maxRSS / 1024;
  console.log(`peak memory of this process: ${peakMiB.toFixed(0)} MiB`);
  await engine.close();
  await wide.close();
  console.log(
    wantedTable([
      { what: 'a step of the ranker beside its products', got: ranked.ratio.wall, unit: '', least: 0.6 },
      { what: 'a step of the two towers beside its products', got: towers.ratio.wall, unit: '', least: 0.6 },
      { what: 'a table of 1,000,000 rows beside one of 10,000', got: table.ratio, unit: '', most: 1.3 },
    ]),
  );
  const measured = { size, quick, threads, machine: before, ranker: ranked, 'two-tower': towers, table, peakMiB };
  await finish('train', flags.save ?? false, measured);
}

/**
 * Compares the steps of one model with the matrix products of their graphs, which the engine `wide`
 * runs.
 */
async function measure(steps: Steps, recorder: ReturnType<typeof recording>, wide: TrainingEngine) {
  const batches = [...steps.batches(count)];
  const examplesPerStep = sum(batches.map((batch) => steps.examplesOf(batch))) / count;
  const recorded = await recorder.record(() => steps.trainer.train(batches));
  // Runs only a third of the recorded products, but runs them three times, since all products would
  // need gigabytes.
  const part = recorded.slice(0, count / 3);
  const bare = await bareProducts(wide, part);
  const costs = await interleaved(rounds, count, {
    step: () => steps.trainer.train(batches),
    training: () => steps.trainer.train(steps.batches(count)),
    bare: async () => {
      for (let done = 0; done < count; done += part.length) await bare.run();
    },
  });
  const { step, training } = costs;
  const measured = {
    unit: steps.unit,
    examplesPerStep,
    gigaflopPerStep: bare.flops / part.length / 1e9,
    examplesPerSecond: Math.round((1000 * examplesPerStep) / step.wall),
    costs,
    ratio: {
      wall: costs.bare.wall / step.wall,
      cpu: costs.bare.cpu / step.cpu,
      training: costs.bare.wall / training.wall,
    },
  };
  print(steps.name, bare.products, measured);
  return measured;
}

interface Measured {
  readonly unit: string;
  readonly examplesPerStep: number;
  readonly gigaflopPerStep: number;
  readonly costs: Readonly<Record<'step' | 'training' | 'bare', Cost>>;
  readonly ratio: Readonly<Record<'wall' | 'training', number>>;
}

function print(model: string, products: number, measured: Measured): void {
  const { unit, examplesPerStep, gigaflopPerStep, costs, ratio } = measured;
  const line = (name: string, { wall, cpu }: Cost, ...more: string[]): void => {
    const figures = [
      `${wall.toFixed(2)} ms`,
      `${cpu.toFixed(2)} ms of processors`,
      `${((gigaflopPerStep / wall) * 1000).toFixed(0)} GFLOP/s`,
    ];
    console.log(`${model.padEnd(10)} ${name.padEnd(34)} ${[...figures, ...more].join(' · ')}`);
  };
  const speed = ({ wall }: Cost): string => `${Math.round((1000 * examplesPerStep) / wall)} ${unit}/s`;
  line('a step', costs.step, speed(costs.step), `ratio ${ratio.wall.toFixed(2)}`);
  line(
    'a step, its batch made on the way',
    costs.training,
    speed(costs.training),
    `ratio ${ratio.training.toFixed(2)}`,
  );
  line(`its ${products} products alone`, costs.bare);
}

/** Measures steps of the two towers with a small and with a large table of article ids. */
async function measureTables(engine: TrainingEngine, shop: Dataset, config: TrainingConfig) {
  const [few, many] = [10_000, 1_000_000];
  const [small, large] = [await towerSteps(engine, shop, config, few), await towerSteps(engine, shop, config, many)];
  // There are fewer but longer rounds. Every 62 steps the averaging of the weights reads the large
  // table, and the median over rounds must not hide this cost.
  const steps = 5 * count;
  const costs = await interleaved(Math.ceil(rounds / 3), steps, {
    few: () => small.trainer.train(small.batches(steps)),
    many: () => large.trainer.train(large.batches(steps)),
  });
  const ratio = costs.many.wall / costs.few.wall;
  const text = `${costs.many.wall.toFixed(2)} ms, with ${few}: ${costs.few.wall.toFixed(2)} ms · ratio ${ratio.toFixed(2)}`;
  console.log(`two-tower  a step with a table of ${many} rows: ${text}`);
  return { few, many, costs, ratio };
}
