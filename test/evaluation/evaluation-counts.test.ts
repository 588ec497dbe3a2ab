// Everything that an evaluation counts in addition to the measures: qualities of lists,
// calibration, sources, cold articles and slices. The counts are compared with results by hand and
// with plain definitions.

import { bitOf, type Candidates } from '../../src/ranking/candidates';
import type { SourceName } from '../../src/ranking/sources/sources';
import { createRandom } from '../../src/random';
import { CalibrationCount } from '../../src/evaluation/calibration';
import { ColdArticleCount } from '../../src/evaluation/cold-articles';
import { bestBaselineOf, compare, intervalsOf, resample, slicesOf } from '../../src/evaluation/comparison';
import { ListMeasures } from '../../src/evaluation/list-measures';
import { measure } from '../../src/evaluation/metrics';
import { ScoreSheet, type Headline } from '../../src/evaluation/score-sheet';
import { SourceCount } from '../../src/evaluation/source-report';

describe('qualities of lists', () => {
  // Articles 0 and 1 have the same direction, 2 has another, and 3 has no vector.
  const vectors = [[2, 0], [1, 0], [0, 1], undefined].map((vector) => vector && Float32Array.from(vector));
  const units = [4, 2, 0, 0];
  const qualitiesOf = (...lists: number[][]) => {
    const measures = new ListMeasures(units, (article) => vectors[article]);
    for (const list of lists) measures.add(list);
    return measures.qualities();
  };

  test('coverage is the share of the catalogue among the first twelve of some list', () => {
    expect(qualitiesOf([0, 1], [1, 0])['coverage@12']).toBe(0.5);
    expect(qualitiesOf([...Array<number>(12).fill(0), 1])['coverage@12']).toBe(0.25);
  });

  test('novelty is in bits, and higher for rarer articles', () => {
    // With one more unit each, the articles have 5, 3, 1 and 1 of 10.
    expect(qualitiesOf([0])['novelty@12']).toBeCloseTo(1, 10);
    expect(qualitiesOf([0, 2])['novelty@12']).toBeCloseTo((Math.log2(2) + Math.log2(10)) / 2, 10);
  });

  test('diversity is 1 minus the mean cosine of all pairs, for vectors of any length', () => {
    expect(qualitiesOf([0, 1])['diversity@12']).toBeCloseTo(0, 10);
    expect(qualitiesOf([0, 2])['diversity@12']).toBeCloseTo(1, 10);
    // The cosines are 1 for 0–1, and 0 for 0–2 and 1–2. Article 3 has no vector and is left out.
    expect(qualitiesOf([0, 1, 3, 2])['diversity@12']).toBeCloseTo(2 / 3, 10);
    expect(qualitiesOf([0, 1], [0, 2])['diversity@12']).toBeCloseTo(0.5, 10);
  });

  test('diversity of random lists equals a count pair by pair', () => {
    const random = createRandom(2, 'vectors');
    const all = Array.from({ length: 30 }, () => Float32Array.from({ length: 5 }, () => random.normal()));
    const list = Array.from({ length: 12 }, (_, i) => 2 * i);
    const cosines = list.flatMap((a, i) => list.slice(i + 1).map((b) => cosine(all[a], all[b])));
    const measures = new ListMeasures(new Float32Array(30), (article) => all[article]);
    measures.add(list);
    const mean = cosines.reduce((sum, value) => sum + value, 0) / cosines.length;
    expect(measures.qualities()['diversity@12']).toBeCloseTo(1 - mean, 6);
  });

  test('all are 0 without a list and for empty lists', () => {
    const nothing = { 'coverage@12': 0, 'novelty@12': 0, 'diversity@12': 0 };
    expect(qualitiesOf()).toEqual(nothing);
    expect(qualitiesOf([])).toEqual(nothing);
  });
});

describe('calibration', () => {
  test('honest scores have hardly any error, and exaggerated scores have one', () => {
    const random = createRandom(3, 'calibration');
    const [honest, boasting] = [new CalibrationCount(), new CalibrationCount()];
    for (let i = 0; i < 100_000; i++) {
      const score = -3 + 2 * random.normal();
      const bought = random.next() < 1 / (1 + Math.exp(-score));
      honest.add(score, bought);
      boasting.add(score + 1, bought);
    }
    expect(honest.report().error).toBeLessThan(0.005);
    expect(boasting.report().error).toBeGreaterThan(0.05);
    for (const { predicted, observed, candidates } of honest.report().bins) {
      expect(Math.abs(predicted - observed)).toBeLessThan(4 * Math.sqrt(predicted / candidates) + 1 / candidates);
    }
  });

  test('the error is the mean over candidates of the distance in their bin', () => {
    const calibration = new CalibrationCount();
    // Bin [0, 1) predicts ½ for two candidates, and one was bought. Bin [2, 3) has one candidate,
    // not bought.
    calibration.add(0, true);
    calibration.add(0, false);
    calibration.add(2, false);
    const predicted = 1 / (1 + Math.exp(-2));
    const report = calibration.report();
    expect(report.bins).toEqual([
      { candidates: 2, predicted: 0.5, observed: 0.5 },
      { candidates: 1, predicted, observed: 0 },
    ]);
    expect(report.error).toBeCloseTo(predicted / 3, 10);
    expect(report).toMatchObject({ candidates: 3, bought: 1 / 3 });
  });

  test('takes extreme scores, skips scores that are not finite, and is empty without candidates', () => {
    const calibration = new CalibrationCount();
    expect(calibration.report()).toEqual({ error: 0, candidates: 0, bought: 0, bins: [] });
    for (const score of [1e9, -1e9, 16, -16]) calibration.add(score, score > 0);
    for (const score of [NaN, Infinity, -Infinity]) calibration.add(score, true);
    expect(calibration.report()).toMatchObject({ candidates: 4, bought: 0.5 });
    expect(calibration.report().error).toBeCloseTo(0, 6);
  });
});

describe('sources', () => {
  test('have shares of what each found, what it alone found, and what is shown', () => {
    const count = new SourceCount();
    const mixed = candidatesOf(
      [5, ['OWN_PURCHASES']],
      [6, ['TWO_TOWER', 'TRENDING']],
      [7, ['TWO_TOWER']],
      [8, ['TRENDING']],
    );
    count.add(mixed, [7, 5], new Set([6, 8, 99, 100]));
    count.add(candidatesOf([5, ['TRENDING']]), [5], new Set([5]));
    const report = count.report();
    expect(report).toMatchObject({ recall: (0.5 + 1) / 2, candidates: 2.5 });
    expect(Object.fromEntries(report.sources.map(({ source, ...share }) => [source, share]))).toMatchObject({
      OWN_PURCHASES: { recall: 0, alone: 0, candidates: 0.5, shown: 1 / 3 },
      TWO_TOWER: { recall: 0.125, alone: 0, candidates: 1, shown: 1 / 3 },
      TRENDING: { recall: 0.75, alone: 0.625, candidates: 1.5, shown: 1 / 3 },
      CO_PURCHASE: { recall: 0, alone: 0, candidates: 0, shown: 0 },
    });
  });

  function candidatesOf(...all: (readonly [article: number, sources: readonly SourceName[]])[]): Candidates {
    return {
      articles: Int32Array.from(all, ([article]) => article),
      found: Uint16Array.from(all, ([, sources]) => sources.reduce((mask, source) => mask | bitOf(source), 0)),
      cosines: new Float32Array(all.length),
      together: new Float32Array(all.length),
    };
  }
});

describe('cold articles', () => {
  const units = Float32Array.of(3, 0, 0, 1);

  test('are counted without the articles that had sold', () => {
    const count = new ColdArticleCount();
    const early = [1, 0, 3];
    const late = [...Array<number>(12).fill(0), 2];
    count.add({ early, late }, new Set([0, 1, 2]), units, 200);
    count.add({ early, late }, new Set([0]), units, 200);
    expect(count.report()).toEqual({
      cases: 1,
      answers: 2,
      models: {
        early: { 'recall@12': 0.5, 'recall@100': 0.5 },
        late: { 'recall@12': 0, 'recall@100': 0.5 },
        chance: { 'recall@12': 12 / 200, 'recall@100': 0.5 },
      },
    });
  });

  test('are null if nobody bought one', () => {
    const count = new ColdArticleCount();
    count.add({ any: [0] }, new Set([0]), units, 4);
    expect(count.report()).toBeNull();
  });
});

describe('the score sheet', () => {
  const hit = measure([1], new Set([1]));
  const miss = measure([2], new Set([1]));
  const models = { 'two-stage': hit, retrieval: miss, popularity: miss, 'recent-popularity': miss };
  const sheet = new ScoreSheet();
  // Customer 7 has two cases, the second with a longer history. Customer 8 has one.
  sheet.add(7, 0, { ...models, repurchase: miss, 'item-to-item': miss });
  sheet.add(7, 1, { ...models, repurchase: hit, 'item-to-item': miss });
  sheet.add(8, 40, { ...models, repurchase: hit, 'item-to-item': miss });

  test('gives means over cases', () => {
    expect(sheet.means('repurchase')['hr@10']).toBeCloseTo(2 / 3, 10);
    expect(sheet.means('retrieval').mrr).toBe(0);
    expect(() => sheet.means('magic')).toThrow('"magic"');
  });

  test('is cut into slices by the length of the history, without empty ones', () => {
    const slices = slicesOf(sheet, 'map@12', createRandom(1));
    expect(slices.map(({ name, cases }) => [name, cases])).toEqual([
      ['cold customers', 1],
      ['warm customers', 2],
      ['1–2 purchases', 1],
      ['30 purchases or more', 1],
    ]);
    expect(slices.map((slice) => slice.models.repurchase['map@12'])).toEqual([0, 1, 1, 1]);
  });

  test('compares the two-stage with the best baseline and with retrieval', () => {
    const bestBaseline = bestBaselineOf(sheet, 'map@12');
    expect(bestBaseline).toBe('repurchase');
    const resampled = resample(sheet, sheet.models, createRandom(1));
    const differences = compare(resampled, bestBaseline);
    expect(differences.map(({ model, against }) => [model, against])).toEqual([
      ['two-stage', 'repurchase'],
      ['two-stage', 'retrieval'],
    ]);
    const [best, retrieval] = differences.map(({ metrics }) => metrics['map@12']);
    expect(best.difference).toBeCloseTo(1 / 3, 10);
    expect(best.ratio).toBeCloseTo(1.5, 10);
    // A resample may draw one customer twice. The baseline misses one of two cases of customer 7,
    // and none of customer 8.
    expect(best.interval).toEqual([0, 0.5]);
    expect(retrieval).toEqual({ difference: 1, interval: [1, 1], ratio: null });
    const intervals = intervalsOf(resampled);
    expect(intervals.retrieval['hr@10']).toEqual([0, 0]);
    expect(intervals.repurchase['hr@10']).toEqual([0.5, 1]);
  });

  describe('of many customers', () => {
    const many = new ScoreSheet();
    // 30 cold customers, for whom popularity is best, and 29 warm ones with two cases each. For the
    // warm customers repurchase is best by MAP, and popularity is best by hits.
    const late = { ...measure([2, 3, 1], new Set([1])), 'hr@10': 0.5 };
    for (let customer = 0; customer < 59; customer++) {
      const cold = customer < 30;
      const scores = {
        ...models,
        retrieval: late,
        popularity: cold ? hit : { ...hit, 'map@12': 0.25 },
        repurchase: cold ? miss : { ...late, 'map@12': 0.75 },
        'item-to-item': miss,
      };
      many.add(customer, cold ? 0 : 1, scores);
      if (!cold) many.add(customer, 2, { ...scores, 'two-stage': miss });
    }
    const by = (metric: Headline) => slicesOf(many, metric, createRandom(1));

    test('compares each slice with the baseline that is best there by the given measure', () => {
      const [[cold, warm], [, warmByHits]] = [by('map@12'), by('hr@10')];
      expect([cold.bestBaseline, warm.bestBaseline, warmByHits.bestBaseline]).toEqual([
        'popularity',
        'repurchase',
        'popularity',
      ]);
      expect(cold.differences).toMatchObject([
        {
          model: 'two-stage',
          against: 'popularity',
          metrics: { 'map@12': { difference: 0, interval: [0, 0], ratio: 1 } },
        },
        { model: 'two-stage', against: 'retrieval', metrics: { 'hr@10': { difference: 0.5, interval: [0.5, 0.5] } } },
      ]);
    });

    test('gives no difference for a slice of fewer than thirty customers', () => {
      const [, warm] = by('map@12');
      expect(warm).toMatchObject({ cases: 58, differences: [] });
    });
  });

  test('draws whole customers in slices too', () => {
    const asked = new ScoreSheet();
    // All cases of a customer are alike. Drawing single cases would give a narrower interval.
    for (let customer = 0; customer < 40; customer++) {
      for (let time = 0; time < 25; time++) {
        const scores = { ...models, 'two-stage': customer % 2 ? hit : miss, repurchase: miss, 'item-to-item': miss };
        asked.add(customer, 1, scores);
      }
    }
    const [low, high] = slicesOf(asked, 'map@12', createRandom(2))[0].differences[0].metrics['map@12'].interval;
    // The mean of 40 values of 0 or 1 has a standard error of 0.079.
    expect(high - low).toBeGreaterThan(0.25);
  });
});

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array): number => x.reduce((sum, value, d) => sum + value * y[d], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
