// Recommendations over HTTP, with the shop and the release of the environment. Measures the latency
// for one client, the cost compared with the bare kernels, the throughput and the memory. `--quick`
// uses a small synthetic shop and short loads. `--seconds N` sets the length of each load. `--soak
// MINUTES` adds a long load at half the highest rate that the server sustains. `--save` writes into
// results/. The last line is JSON.
import { RECOMMENDATIONS } from './serving/asker';
import { benchmark } from './serving/benchmark';
import { drawCustomers } from './serving/draws';

void benchmark(
  'serve',
  {
    ...RECOMMENDATIONS,
    draw: drawCustomers,
    perSecond: 300,
    withinMs: 100,
    reference: { name: 'the reference system', ms: 1400 },
  },
  (got) => [
    { what: 'one client, p50', got: got.p50Ms, unit: 'ms', most: 7 },
    { what: 'one client, p99', got: got.p99Ms, unit: 'ms', most: 25 },
    { what: 'a lone request waits for its turn', got: got.waitMs, unit: 'ms', most: 1 },
    { what: 'processors a request, Node and Postgres', got: got.cpuMsPerRequest, unit: 'ms', most: 3.5 },
    { what: 'the same beside its bare kernels', got: got.kernelRatio, unit: 'times', most: 2 },
    { what: 'highest rate with p99 below 100 ms', got: got.perSecond, unit: '/s', least: 300 },
    { what: 'delay of the event loop at 300/s, p99', got: got.load?.eventLoopDelayP99Ms, unit: 'ms', most: 15 },
    {
      what: 'delay of the event loop with 64 clients, p99',
      got: got.clients64.eventLoopDelayP99Ms,
      unit: 'ms',
      most: 15,
    },
    { what: 'model runs for a request with 64 clients', got: got.clients64.runsPerRequest, unit: '', most: 0.25 },
    { what: 'memory of the server', got: got.rssMiB, unit: 'MiB', most: 2048 },
    { what: 'memory of the server at its peak', got: got.peakRssMiB, unit: 'MiB', most: 2048 },
  ],
);
