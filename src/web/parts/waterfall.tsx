// Two charts: the times of stages as bars on a common time line, and the number of candidates from
// each source as bars that start at the left.

import type { Stage, Trace } from '../api';
import { milliseconds } from '../format';

interface Row extends Stage {
  /** Whether this is a stage within the stage above it. */
  readonly inner: boolean;
}

export function Waterfall({ trace }: { readonly trace: Trace }) {
  const total = Math.max(trace.totalMs, 0.01);
  return (
    <ol class="waterfall">
      {rowsOf(trace).map(({ name, startMs, ms, inner }, i) => (
        <li key={i} class={inner ? 'inner' : ''}>
          <span class="stage">{name}</span>
          <span class="track">
            <span
              class="bar"
              style={{
                left: `${String(Math.min(99, (startMs / total) * 100))}%`,
                width: `${String(Math.max(0.8, Math.min(100 - (startMs / total) * 100, (ms / total) * 100)))}%`,
              }}
            />
          </span>
          <span class="took">{milliseconds(ms)}</span>
        </li>
      ))}
    </ol>
  );
}

/**
 * Returns the stages of the request. The stages of the recommender follow the stage `recommend`.
 */
function rowsOf({ stages, recommendations }: Trace): Row[] {
  const inside = recommendations[0]?.stages ?? [];
  return stages.flatMap((stage): Row[] => {
    const own = { ...stage, inner: false };
    return stage.name === 'recommend' ? [own, ...inside.map((one) => ({ ...one, inner: true }))] : [own];
  });
}

export function Candidates({ found }: { readonly found: Readonly<Record<string, number>> }) {
  const most = Math.max(1, ...Object.values(found));
  return (
    <ol class="waterfall">
      {Object.entries(found).map(([source, count]) => (
        <li key={source}>
          <span class="stage">{source.toLowerCase().replaceAll('_', ' ')}</span>
          <span class="track">
            <span class="bar second" style={{ left: '0%', width: `${String((count / most) * 100)}%` }} />
          </span>
          <span class="took">{count}</span>
        </li>
      ))}
    </ol>
  );
}
