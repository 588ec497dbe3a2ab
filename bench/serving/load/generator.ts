// The load generator, which is a separate process. It runs loads, checks every answer, and reports
// the latencies and its own processor time. It ends when the process that started it ends.
import { fork } from 'node:child_process';
import type { Trace } from '../../../src/api/graphql/operation/trace';
import { connection } from './http';
import { runLoad, type Load, type Outcome } from './load';

/** A load that sends one query for each customer or article in turn. */
export interface Task {
  readonly port: number;
  readonly query: string;
  /** Name of the query's variable for the id. */
  readonly variable: string;
  readonly ids: readonly string[];
  /** [ids] Lines of headers for each id, if the server asks for keys. */
  readonly headers?: readonly string[] | undefined;
  /** Index of the first id to use. Later loads can start at another id. */
  readonly from: number;
  /** The field of the answer that must hold `items` items. */
  readonly field: string;
  readonly items: number;
  /** Whether to ask for a trace with each answer. */
  readonly traced?: boolean;
  readonly load: Load;
}

export interface Result extends Outcome {
  /** Processor time of the generator itself. */
  readonly cpuMs: number;
  /** The trace of each answer, and the time in ms that the client waited for the answer. */
  readonly traces: readonly { readonly ms: number; readonly trace: Trace }[];
}

export interface Generator {
  readonly pid: number;
  run(task: Task): Promise<Result>;
  close(): void;
}

/** Starts the process. */
export function startGenerator(): Generator {
  const child = fork(__filename, { serialization: 'advanced' });
  return {
    pid: child.pid ?? 0,
    run: (task) =>
      new Promise((resolve, reject) => {
        const ended = (): void => reject(new Error('the load generator ended'));
        child.once('exit', ended);
        child.once('message', (answer: Result | { readonly error: string }) => {
          child.off('exit', ended);
          if ('error' in answer) reject(new Error(answer.error));
          else resolve(answer);
        });
        child.send(task);
      }),
    close: () => void child.kill(),
  };
}

interface Reply {
  readonly data?: Readonly<Record<string, readonly unknown[] | null>>;
  readonly errors?: readonly { readonly message: string }[];
  readonly extensions?: { readonly trace?: Trace };
}

async function work(task: Task): Promise<Result> {
  const { port, query, variable, ids, headers, from, field, items, traced = false, load } = task;
  const connections = Array.from({ length: load.kind === 'closed' ? load.clients : load.connections }, () =>
    connection(port),
  );
  const traces: Result['traces'][number][] = [];
  const before = process.cpuUsage();
  try {
    const outcome = await runLoad(load, async (nth, place) => {
      const id = (from + nth) % ids.length;
      const body = JSON.stringify({ query, variables: { [variable]: ids[id] } });
      const lines = `${headers?.[id] ?? ''}${traced ? 'vitrine-trace: 1\r\n' : ''}`;
      const begun = performance.now();
      const answer = await connections[place].post('/graphql', body, lines);
      const ms = performance.now() - begun;
      const trace = check(answer.status, JSON.parse(answer.body.toString()) as Reply, field, items);
      if (traced && trace) traces.push({ ms, trace });
    });
    const { user, system } = process.cpuUsage(before);
    return { ...outcome, cpuMs: (user + system) / 1000, traces };
  } finally {
    for (const one of connections) one.close();
  }
}

function check(status: number, { data, errors, extensions }: Reply, field: string, items: number): Trace | undefined {
  const got = data?.[field]?.length;
  if (status === 200 && !errors && got === items) return extensions?.trace;
  throw new Error(errors?.[0]?.message ?? `expected ${items} of ${field}, got ${String(got)} with status ${status}`);
}

if (require.main === module) {
  process.on('disconnect', () => process.exit());
  process.on('message', (task: Task) => {
    work(task).then(
      (result) => process.send?.(result),
      (thrown: unknown) => process.send?.({ error: thrown instanceof Error ? thrown.message : String(thrown) }),
    );
  });
}
