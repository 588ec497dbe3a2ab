// Similar articles over HTTP. Measures like serve.ts, with the same flags.
import { benchmark } from './serving/benchmark';
import { drawSoldArticles } from './serving/draws';

void benchmark(
  'similar',
  {
    query: `query Similar($articleId: ID!) {
  similarArticles(articleId: $articleId, first: 12) {
    rank score
    article { id name category brand colour description }
  }
}`,
    variable: 'articleId',
    field: 'similarArticles',
    items: 12,
    // Articles are drawn in proportion to their sales, since people look at what sells. There are
    // enough of them that no load has to start over.
    draw: (client, count) => drawSoldArticles(client, 50 * count),
    perSecond: 1500,
    withinMs: 100,
    reference: { name: 'the reference system', ms: 300 },
  },
  (got) => [
    { what: 'one client, p50', got: got.p50Ms, unit: 'ms', most: 2.5 },
    { what: 'highest rate with p99 below 100 ms', got: got.perSecond, unit: '/s', least: 1500 },
    { what: 'delay of the event loop at 1,500/s, p99', got: got.load?.eventLoopDelayP99Ms, unit: 'ms', most: 15 },
    {
      what: 'delay of the event loop with 64 clients, p99',
      got: got.clients64.eventLoopDelayP99Ms,
      unit: 'ms',
      most: 15,
    },
    { what: 'model runs for a request with 64 clients', got: got.clients64.runsPerRequest, unit: '', most: 0.25 },
    { what: 'memory of the server', got: got.rssMiB, unit: 'MiB', most: 2048 },
  ],
);
