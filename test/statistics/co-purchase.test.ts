// The scores of articles that are bought together with a customer's history.

import { CoPurchases } from '../../src/statistics/co-purchase';

describe('scores of co-purchases', () => {
  // Neighbours of          0      1       2
  const nearest = Int32Array.of(1, 2, 0, 2, 3, -1, -1, -1);
  const nearness = Float32Array.of(0.5, 0.25, 0.4, 0.2, 0.8, 0, 0, 0);
  const co = new CoPurchases(2, nearest, nearness);
  const history = (...articles: number[]) => articles.map((article) => ({ article, at: 0 }));
  const scoresOf = (...articles: number[]) => {
    const { articles: found, scores } = co.scores(history(...articles));
    return Array.from(found, (article, i) => [article, Number(scores[i].toFixed(4))]);
  };

  test('are sums over the distinct articles of a history, with the newest counting most', () => {
    expect(scoresOf(0)).toEqual([[1, 0.5], [2, 0.25]]); // prettier-ignore
    // 2 is near to 1 (0.2) and to 0 (0.75 · 0.25). 0 and 1 are near to each other.
    expect(scoresOf(1, 0, 0, 1)).toEqual([[0, 0.4], [2, 0.3875], [1, 0.375]]); // prettier-ignore
  });

  test('are the same in a second call', () => {
    expect(scoresOf(1, 0)).toEqual(scoresOf(1, 0));
  });

  test('are none for an empty history, and for articles that are new or have no neighbours', () => {
    expect(scoresOf()).toEqual([]);
    expect(scoresOf(3, 77)).toEqual([]);
  });

  test('are sorted as far as asked, with all others following once', () => {
    const { articles, scores } = co.scores(history(1, 0), 1);
    expect(articles[0]).toBe(0);
    const all = Array.from(articles, (article, i) => [article, Number(scores[i].toFixed(4))]);
    expect(all.sort(([, a], [, b]) => b - a)).toEqual(scoresOf(1, 0));
    expect([...co.scores(history(1, 0), 2).articles]).toEqual([0, 2, 1]);
  });
});
