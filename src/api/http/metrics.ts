// The server's counters at /metrics, in the format of Prometheus
// (https://prometheus.io/docs/instrumenting/exposition_formats).

import type { Door } from './door';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { FastifyInstance } from 'fastify';

export interface Counters {
  /** Runs of models and searches of indexes since the release was opened. */
  work(): ReadonlyMap<string, number>;
  /** The served release. */
  release(): string | undefined;
  /** The release that should be served. Undefined if that release is being served. */
  unserved(): { readonly release: string } | undefined;
}

export function addMetrics(app: FastifyInstance, { admins }: Door, counters: Counters | undefined): void {
  let requests = 0;
  let failed = 0;
  let seconds = 0;
  app.addHook('onResponse', async (_request, reply) => {
    requests += 1;
    seconds += reply.elapsedTime / 1000;
    if (reply.statusCode >= 500) failed += 1;
  });
  const delay = watchEventLoop(app);
  app.get('/metrics', { preHandler: admins }, (_request, reply) => {
    const { rss } = process.memoryUsage();
    const lines = [
      ...metric('vitrine_http_requests_total', 'counter', 'Requests answered.', requests),
      ...metric('vitrine_http_failures_total', 'counter', 'Requests answered with a status of 500 or more.', failed),
      ...metric('vitrine_http_seconds_total', 'counter', 'Time from request to answer, summed up.', seconds),
      ...metric('vitrine_memory_bytes', 'gauge', 'Resident memory of the process.', rss),
      ...metric('vitrine_uptime_seconds', 'gauge', 'Since the process began.', process.uptime()),
      ...delay(),
    ];
    if (counters) {
      const served = counters.release() ?? '';
      const wanted = counters.unserved()?.release;
      lines.push(
        ...heading(
          'vitrine_work_total',
          'counter',
          'Runs of models and searches of indexes by the release that is served.',
        ),
        ...Array.from(counters.work(), ([what, count]) => `vitrine_work_total{what="${what}"} ${count}`),
        ...heading('vitrine_release_info', 'gauge', 'The release that is served.'),
        `vitrine_release_info{release="${served}"} 1`,
        ...heading(
          'vitrine_release_wanted_info',
          'gauge',
          'The release that should be served: models/current names it.',
        ),
        `vitrine_release_wanted_info{release="${wanted ?? served}"} 1`,
        ...metric('vitrine_release_stale', 'gauge', '1 while the wanted release is not served.', wanted ? 1 : 0),
      );
    }
    return reply
      .headers({ 'cache-control': 'no-store', 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
      .send(`${lines.join('\n')}\n`);
  });
}

/**
 * Interval between samples of the event loop. The delay is the time by which a sample comes late.
 */
const LOOK_MS = 10;

/**
 * Measures how long ready work waits for the event loop. Returns a function that writes the metric.
 * Count and sum cover the time since the start. The quantiles cover only the time since the last
 * reading, because quantiles cannot be added up.
 */
function watchEventLoop(app: FastifyInstance): () => string[] {
  const looks = monitorEventLoopDelay({ resolution: LOOK_MS });
  looks.enable();
  app.addHook('onClose', async () => void looks.disable());
  let [count, sum] = [0, 0];
  const secondsOf = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - LOOK_MS / 1000);
  return () => {
    const fresh = looks.count;
    const name = 'vitrine_event_loop_delay_seconds';
    const quantiles = (fresh > 0 ? [50, 99] : []).map(
      (percent) => `${name}{quantile="${percent / 100}"} ${secondsOf(looks.percentile(percent))}`,
    );
    if (fresh > 0) sum += secondsOf(looks.mean) * fresh;
    count += fresh;
    looks.reset();
    return [
      ...heading(
        name,
        'summary',
        'How long what is ready to run waits for the event loop; quantiles since the last look.',
      ),
      ...quantiles,
      `${name}_sum ${sum}`,
      `${name}_count ${count}`,
    ];
  };
}

function metric(name: string, type: 'counter' | 'gauge', help: string, value: number): string[] {
  return [...heading(name, type, help), `${name} ${value}`];
}

function heading(name: string, type: 'counter' | 'gauge' | 'summary', help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}
