// Steps of training beside the bare matrix products of their graphs: examples a second, GFLOP/s,
// the ratio of the two; what the size of a table costs; the peak of memory. `--size
// tiny|small|full`, `--quick` for fewer rounds of fewer steps on a smaller shop, `--save` into
// results/. The last line is JSON. Knows nothing of how a step is made (training/steps.ts) or what
// its products are (training/bare-products.ts).

import { parseArgs } from 'node:util';
import { loadConfig } from '../src/config';
import { openTrainingEngine } from '../src/engine/training-engine';
import { SIZES, trainingConfig } from '../src/training/config';
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
const [rounds, count] = quick ? [7, 12] : [25, 24];

void main();

async function main(): Promise<void> {
  const { threads } = loadConfig();
  // As `vitrine train` opens it. The products alone get all threads for one run, which suits them
  // best.
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

  const ranked = await measure(await rankerSteps(recorder.engine, shop, config));
  const towers = await measure(await towerSteps(recorder.engine, shop, config));
  const table = await tables();
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

  async function measure(steps: Steps) {
    const batches = [...steps.batches(count)];
    const examples = batches.reduce((sum, batch) => sum + steps.examplesOf(batch), 0) / count;
    const recorded = await recorder.record(() => steps.trainer.train(batches));
    // A third of the products, three times: all of them would need gigabytes.
    const part = recorded.slice(0, count / 3);
    const bare = await bareProducts(wide, part);
    const gigaflop = bare.flops / part.length / 1e9;
    const costs = await interleaved(rounds, count, {
      step: () => steps.trainer.train(batches),
      training: () => steps.trainer.train(steps.batches(count)),
      bare: async () => {
        for (let done = 0; done < count; done += part.length) await bare.run();
      },
    });
    const { step, training } = costs;
    const ratio = {
      wall: costs.bare.wall / step.wall,
      cpu: costs.bare.cpu / step.cpu,
      training: costs.bare.wall / training.wall,
    };
    const line = (name: string, { wall, cpu }: Cost, ...more: string[]): void => {
      const figures = [
        `${wall.toFixed(2)} ms`,
        `${cpu.toFixed(2)} ms of processors`,
        `${((gigaflop / wall) * 1000).toFixed(0)} GFLOP/s`,
      ];
      console.log(`${steps.name.padEnd(10)} ${name.padEnd(34)} ${[...figures, ...more].join(' · ')}`);
    };
    const speed = (wall: number): number => Math.round((1000 * examples) / wall);
    line('a step', step, `${speed(step.wall)} ${steps.unit}/s`, `ratio ${ratio.wall.toFixed(2)}`);
    line(
      'a step, its batch made on the way',
      training,
      `${speed(training.wall)} ${steps.unit}/s`,
      `ratio ${ratio.training.toFixed(2)}`,
    );
    line(`its ${bare.products} products alone`, costs.bare);
    return {
      unit: steps.unit,
      examplesPerStep: examples,
      gigaflopPerStep: gigaflop,
      examplesPerSecond: speed(step.wall),
      costs,
      ratio,
    };
  }

  /** Steps of the two towers with a small and a large table of article ids. */
  async function tables() {
    const [few, many] = [10_000, 1_000_000];
    const [small, large] = [await towerSteps(engine, shop, config, few), await towerSteps(engine, shop, config, many)];
    // Longer rounds, and fewer: the mean of the weights looks at the large table every 62 steps,
    // which no median must hide.
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
}
