// Evaluates a shop of five articles with a pipeline that gives fixed answers: the cases, the lists
// of all models, the baselines, and the report.

import type { Candidates } from '../../src/ranking/candidates';
import { CoPurchases } from '../../src/statistics/co-purchase';
import type { Dataset } from '../../src/dataset/dataset';
import type { Pipeline } from '../../src/ranking/pipeline';
import { evaluationTable } from '../../src/cli/output/show';
import { silentReporter } from '../../src/telemetry/progress';
import { baselinesAt, firstOf, unitsInHistories, unitsOfMonth } from '../../src/evaluation/baselines';
import { evaluate } from '../../src/evaluation/offline/evaluate';
import type { Evaluation } from '../../src/evaluation/evaluation';
import type { Protocol } from '../../src/dataset/protocols';
import { evaluationReport } from '../../src/evaluation/report/report';
import { NOON, shopOf } from '../support/hand-made-shop';
import { noLifts } from '../support/rows';
import { DAY } from '../../src/time';

/** Article 3 is the neighbour of article 0. The others have none. */
const together = new CoPurchases(1, Int32Array.of(3, -1, -1, -1, -1), Float32Array.of(1, 0, 0, 0, 0));

/** The arguments that the pipeline received. */
interface Heard {
  readonly nearest: number[];
  readonly hidePast: (boolean | undefined)[];
}

/**
 * Retrieval lists the articles in the order of their indices. The candidates are 4, 0 and 2, from
 * worst to best.
 */
function pipelineOf(heard: Heard = { nearest: [], hidePast: [] }): Pipeline {
  const candidates: Candidates = {
    articles: Int32Array.of(4, 0, 2),
    found: Uint16Array.of(1, 2, 4),
    cosines: new Float32Array(3),
    together: new Float32Array(3),
  };
  return {
    embed: async ({ histories }) => new Float32Array(histories.length),
    async nearest(queries, k) {
      heard.nearest.push(k);
      return Array.from(queries, () => [0, 1, 2, 3, 4]);
    },
    async retrieve({ histories }, _moment, hidePast) {
      heard.hidePast.push(hidePast);
      return histories.map(() => candidates);
    },
    score: async (_customers, lists) => lists.map(() => Float32Array.of(-2, -1, 0)),
    rankerInputs: () => ({}),
    vectorOf: () => undefined,
  };
}

function evaluated(
  shop: Dataset,
  protocol: Protocol,
  pipeline = pipelineOf(),
  maxCustomers = 100,
  explore = 0,
): Promise<Evaluation> {
  const none = new Float32Array(5);
  const habits = {
    coPurchases: together,
    repeatRates: none,
    variantRates: none,
    attributeShares: none,
    valueLifts: noLifts(shop.encoder.articleLayout),
  };
  return evaluate({ shop, pipeline, habits }, protocol, { maxCustomers, seed: 1, explore }, silentReporter);
}

// Article 0 sold four times before day 10, and article 1 twice. After it, a warm customer buys 2, a
// cold one 3, and another warm one 4.
const shop = shopOf(
  [11, 101, 0],
  [11, 102, 5],
  [11, 103, 11],
  [12, 101, 1],
  [12, 102, 2],
  [12, 101, 3],
  [13, 104, 12],
  [14, 101, 8],
  [14, 105, 13],
);
const temporal: Protocol = { kind: 'temporal', cut: NOON + 10 * DAY, days: 7 };

describe('temporal', () => {
  test('asks about everybody who bought in these days, and measures the lists of all models', async () => {
    const evaluation = await evaluated(shop, temporal);
    expect(evaluation).toMatchObject({ protocol: 'temporal', days: 7, customers: 3, cases: 3, coldCustomers: 1 });
    expect(evaluation.cut).toBe(new Date((NOON + 10 * DAY) * 1000).toISOString().slice(0, 10));
    const mrr = (model: string): number => evaluation.models[model].mrr;
    // The two-stage lists 2, 0 and 4.
    expect(mrr('two-stage')).toBeCloseTo((1 + 0 + 1 / 3) / 3, 10);
    expect(mrr('retrieval')).toBeCloseTo((1 / 3 + 1 / 4 + 1 / 5) / 3, 10);
    // These list only 0 and 1, since nothing else had sold.
    for (const model of ['popularity', 'recent-popularity', 'repurchase']) expect(mrr(model)).toBe(0);
    // The customer who bought 3, a neighbour of 0, is cold.
    expect(mrr('item-to-item')).toBe(0);
    expect(Object.keys(evaluation.models)[0]).toBe('two-stage');
    expect(evaluation.models.oracle).toBeUndefined();
  });

  test('measures the lists as they are served, with places for articles that never sold', async () => {
    const { models, explore } = await evaluated(shop, temporal, pipelineOf(), 100, 2);
    expect(explore).toBe(2);
    // Article 4 has the third score, but gets the second rank since it has never sold.
    expect(models['two-stage'].mrr).toBeCloseTo((1 + 0 + 1 / 2) / 3, 10);
    expect(models.retrieval.mrr).toBeCloseTo((1 / 3 + 1 / 4 + 1 / 5) / 3, 10);
  });

  test('counts the training data, and purchases of articles that had never sold', async () => {
    const { trainedOn, coldArticles, slices, candidates, calibration } = await evaluated(shop, temporal);
    expect(trainedOn).toEqual({ purchases: 6, customers: 3, articles: 5 });
    expect(coldArticles).toMatchObject({ cases: 3, answers: 3 });
    expect(coldArticles?.models['two-stage']['recall@12']).toBeCloseTo(2 / 3, 10);
    expect(coldArticles?.models.chance['recall@12']).toBe(1);
    expect(slices.map(({ name, cases }) => [name, cases])).toEqual([
      ['cold customers', 1],
      ['warm customers', 2],
      ['1–2 purchases', 2],
    ]);
    expect(candidates).toMatchObject({ candidates: 3, recall: expect.closeTo(2 / 3, 10) as number });
    expect(calibration).toMatchObject({ candidates: 9, bought: 2 / 9 });
  });

  test('compares both stages with the best baseline and with retrieval', async () => {
    const { differences, bestBaseline, bootstrap } = await evaluated(shop, temporal);
    expect(bestBaseline).toBe('popularity');
    expect(differences.map(({ model, against }) => [model, against])).toEqual([
      ['two-stage', 'popularity'],
      ['two-stage', 'retrieval'],
    ]);
    expect(differences[0].metrics['hr@10']).toMatchObject({
      difference: expect.closeTo(2 / 3, 10) as number,
      ratio: null,
    });
    expect(bootstrap).toEqual({ resamples: 1_000, confidence: 0.95 });
  });

  test('prints the best baseline of each slice, and the difference to it if there are enough customers', async () => {
    const evaluation = await evaluated(shop, temporal);
    const { differences, bestBaseline, slices } = evaluation;
    expect(evaluationTable(evaluation)).toMatch(/cold customers +1 .* popularity +too few customers/);
    const told = { ...evaluation, slices: [{ ...slices[0], bestBaseline, differences: differences.toReversed() }] };
    const { difference } = differences[0].metrics['map@12'];
    expect(evaluationTable(told)).toMatch(
      new RegExp(`cold customers .* ${bestBaseline} +\\+${difference.toFixed(4)} \\(.* to .*\\)`),
    );
    expect(evaluationReport(told, {}).replaceAll(/<[^>]*>/g, ' ')).toMatch(
      new RegExp(`cold customers .* ${bestBaseline} +\\+${difference.toFixed(4)} \\(`),
    );
  });

  test('has no more cases than the limit', async () => {
    expect(await evaluated(shop, temporal, pipelineOf(), 2)).toMatchObject({ cases: 2, customers: 2, maxCustomers: 2 });
  });

  test('is refused if nobody bought anything', async () => {
    const late: Protocol = { kind: 'temporal', cut: NOON + 50 * DAY, days: 7 };
    await expect(evaluated(shop, late)).rejects.toMatchObject({ code: 'NOTHING_TO_LEARN' });
  });
});

describe('leave-one-out', () => {
  const lines = shopOf(
    [11, 101, 0],
    [11, 102, 1],
    [11, 103, 2],
    [12, 101, 0],
    [12, 101, 1],
    [12, 104, 2],
    [12, 105, 3],
  );

  test('hides a customer’s history from every model, and retrieves as many more articles', async () => {
    const heard: Heard = { nearest: [], hidePast: [] };
    const evaluation = await evaluated(lines, { kind: 'leave-one-out', target: 'test' }, pipelineOf(heard));
    expect(evaluation).toMatchObject({
      protocol: 'leave-one-out',
      target: 'test',
      cut: null,
      cases: 2,
      coldCustomers: 0,
    });
    expect(heard).toEqual({ nearest: [102], hidePast: [true] });
    // Customer 11 had 0 and 1, and bought 2. Customer 12 had 0 and 3, and bought 4.
    expect(evaluation.models.retrieval.mrr).toBeCloseTo((1 + 1 / 3) / 2, 10);
    expect(evaluation.models['two-stage'].mrr).toBeCloseTo((1 + 1 / 2) / 2, 10);
    // One of each customer's three candidates was bought before, so only two count.
    expect(evaluation.calibration.candidates).toBe(4);
  });

  test('asks for the last but one in validation, and hides it and the last', async () => {
    const evaluation = await evaluated(lines, { kind: 'leave-one-out', target: 'validation' });
    expect(evaluation).toMatchObject({ target: 'validation', cases: 2 });
    // Customer 11 had 0 and bought 1. Customer 12 had 0 and bought 3.
    expect(evaluation.models.retrieval.mrr).toBeCloseTo((1 + 1 / 3) / 2, 10);
    expect(evaluation.models['item-to-item'].mrr).toBeCloseTo((0 + 1) / 2, 10);
    expect(evaluation.trainedOn.purchases).toBe(3);
  });
});

test('rolling weeks ask about a customer again, with a longer history', async () => {
  const weekly = shopOf([11, 101, 0], [11, 102, 10], [11, 102, 17], [12, 103, 18]);
  const protocol: Protocol = { kind: 'rolling', weeks: 2, end: NOON + 21 * DAY };
  const evaluation = await evaluated(weekly, protocol);
  expect(evaluation).toMatchObject({ protocol: 'rolling', weeks: 2, customers: 2, cases: 3, coldCustomers: 1 });
  expect(evaluation.end).toBe(new Date((NOON + 20 * DAY) * 1000).toISOString().slice(0, 10));
  // In the first week, no customer had article 1. In the second week the customer has it, and
  // article 2 is cold.
  expect(evaluation.models.repurchase.mrr).toBeCloseTo((0 + 1 + 0) / 3, 10);
  expect(evaluation.coldArticles).toMatchObject({ cases: 2 });
});

describe('baselines', () => {
  const units = Float32Array.of(9, 5, 7, 0, 1);
  const month = Float32Array.of(0, 5, 1, 0, 1);
  const baselines = baselinesAt({ units, month }, together);
  const history = [
    { article: 4, at: 9 },
    { article: 0, at: 8 },
    { article: 4, at: 7 },
  ];
  const listOf = (name: keyof typeof baselines, hidden: number[] = [], depth = 100): number[] =>
    firstOf(baselines[name](history), new Set(hidden), depth);

  test.each([
    ['popularity', [0, 2, 1, 4]],
    ['recent-popularity', [1, 2, 4, 0]],
    ['repurchase', [4, 0, 1, 2]],
    ['item-to-item', [3, 1, 2, 4, 0]],
  ] as const)('%s lists %p', (name, list) => {
    expect(listOf(name)).toEqual(list);
  });

  test('skip hidden articles, and end at the given depth', () => {
    expect(listOf('repurchase', [4, 0])).toEqual([1, 2]);
    expect(listOf('item-to-item', [1], 3)).toEqual([3, 2, 4]);
    expect(listOf('popularity', [], 0)).toEqual([]);
  });

  test('count histories only', () => {
    expect([...unitsInHistories(shop, shop.historyEnds({ before: temporal.cut }))]).toEqual([4, 2, 0, 0, 0]);
    expect([...unitsInHistories(shop, shop.historyEnds({ butLast: 1 }))]).toEqual([3, 2, 0, 1, 0]);
  });

  test('count every piece of the last four weeks', () => {
    const sold = shopOf([11, 101, -29], [11, 101, -28], [11, 102, -1], [11, 102, -1], [12, 102, -9], [12, 103, 0]);
    expect([...unitsOfMonth(sold, NOON)]).toEqual([1, 3, 0, 0, 0]);
  });
});

describe('the report', () => {
  const hostile = { size: 'tiny', note: '</pre><script>alert("&")</script>' };
  let pages: string[];
  let evaluation: Evaluation;
  beforeAll(async () => {
    evaluation = await evaluated(shop, temporal);
    const others = await Promise.all([
      evaluated(shopOf([11, 101, 0], [11, 102, 1], [11, 103, 2]), { kind: 'leave-one-out', target: 'validation' }),
      evaluated(shop, { kind: 'rolling', weeks: 1, end: NOON + 17 * DAY }),
    ]);
    pages = [evaluation, ...others].map((one) => evaluationReport(one, hostile));
  });

  test('is one well-formed file without scripts and without requests', () => {
    for (const page of pages) {
      expect(unclosed(page)).toEqual([]);
      expect(page).not.toMatch(/<script|<link|<img|<iframe|https?:|src=|url\(|@import|\son\w+=/);
      expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
    }
  });

  test('escapes text from outside', () => {
    expect(pages[0]).toContain('&#60;/pre&#62;&#60;script&#62;alert(\\&#34;&#38;\\&#34;)&#60;/script&#62;');
  });

  test('shows no value that is not a number', () => {
    for (const page of pages) expect(page).not.toMatch(/NaN|undefined|Infinity|null|\[object/);
  });

  test('names every model in the text alternative of each chart, and has a caption for each table', () => {
    const [page] = pages;
    const charts = [...page.matchAll(/<svg [^>]*aria-label="([^"]+)"/g)].map(([, label]) => label);
    expect(charts).toHaveLength(page.split('<svg').length - 1);
    expect(charts).toHaveLength(7);
    for (const model of Object.keys(evaluation.models)) {
      expect(charts.filter((label) => label.includes(model)).length).toBeGreaterThanOrEqual(5);
    }
    expect(page.split('<caption>').length).toBe(page.split('<table>').length);
  });

  test('shows the question, the figures, the settings and the seed', () => {
    const [page, validation] = pages;
    expect(page).toContain(`the 7 days from ${String(evaluation.cut)}`);
    expect(page).toContain(evaluation.models['two-stage']['map@12'].toFixed(4));
    expect(page).toContain('with seed 1');
    expect(page).toContain('&#34;size&#34;: &#34;tiny&#34;');
    expect(validation).toContain('last article but one');
    expect(validation).toContain('NDCG@10 of both stages');
  });
});

/** The tags that are not closed in order. */
function unclosed(page: string): string[] {
  const open: string[] = [];
  for (const [, end, name, self] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*?(\/?)>/g)) {
    if (self === '/' || name === 'meta') continue;
    if (end === '') open.push(name);
    else if (open.pop() !== name) return [...open, `/${name}`];
  }
  return open;
}
