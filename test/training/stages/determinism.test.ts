// The same data and seed give the same figures, from reading the store to the last metric. Another
// seed gives other figures.
import { openStore } from '../../../src/data/store/open-store';
import { tasteOracle } from '../../../src/demo/synthetic/oracle';
import { openTrainingEngine } from '../../../src/engine/training-engine';
import { silentReporter } from '../../../src/telemetry/progress';
import type { Evaluation } from '../../../src/evaluation/evaluation';
import { evaluateTraining } from '../../../src/training/train';
import { createShop, hastyConfig, SMALL } from '../../support/world';

let shop: Awaited<ReturnType<typeof createShop>>;
beforeAll(async () => {
  shop = await createShop('determinism', SMALL);
});
afterAll(() => shop.close());

/** Opens its own store and threads, as a new process would. */
async function evaluated(
  seed: number,
  { workers = 2, maxCustomers = SMALL.customers }: { workers?: number; maxCustomers?: number } = {},
): Promise<Evaluation> {
  const store = openStore(shop.database.url);
  const engine = openTrainingEngine({ workers, threadsPerRun: 1 });
  try {
    const holdOut = { days: 7, maxCustomers, explore: 24, oracle: tasteOracle };
    return (await evaluateTraining(engine, store, hastyConfig(seed), holdOut, silentReporter)).evaluation;
  } finally {
    await engine.close();
    await store.close();
  }
}

test('the same data and seed give the same evaluation to the last digit, on any threads; another seed does not', async () => {
  const first = await evaluated(1);
  expect(first.customers).toBeGreaterThan(50);
  expect(await evaluated(1, { workers: 1 })).toEqual(first);

  const other = await evaluated(2);
  for (const learnt of ['two-stage', 'retrieval']) expect(other.models[learnt]).not.toEqual(first.models[learnt]);
  // Models without learning, and the protocol, depend only on the data. Diversity is excluded,
  // since it depends on learnt vectors.
  const given = ['popularity', 'recent-popularity', 'repurchase', 'item-to-item', 'oracle'];
  const unlearnt = ({ models }: Evaluation) => given.map((model) => ({ ...models[model], 'diversity@12': 0 }));
  expect(unlearnt(other)).toEqual(unlearnt(first));
  const asked = ({ cut, days, customers, cases, coldCustomers, trainedOn }: Evaluation) => [
    [cut, days, customers, cases, coldCustomers],
    trainedOn,
  ];
  expect(asked(other)).toEqual(asked(first));
});

test('no more customers are measured than asked for', async () => {
  const { customers } = await evaluated(6, { maxCustomers: 40 });
  expect(customers).toBe(40);
});
