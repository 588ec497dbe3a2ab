// Asks the API: sends typed documents, returns data, and keeps a record of each operation for the
// inspector. Nothing else in the shop window fetches.

import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { request, RequestError, type TypedDocumentString } from '../../schema/client';
import { heedPrices } from './format';

/** A stage in the server's `extensions.trace`. */
export interface Stage {
  readonly name: string;
  readonly startMs: number;
  readonly ms: number;
}

export interface Trace {
  readonly totalMs: number;
  readonly stages: readonly Stage[];
  readonly recommendations: readonly {
    readonly customerId: string;
    readonly batch: number;
    readonly purchases: number;
    readonly candidates: number;
    readonly found: Readonly<Record<string, number>>;
    readonly stages: readonly Stage[];
  }[];
}

/** The time of the first list of recommendations alone. The request took longer. */
export function rankingMs({ recommendations: [list] }: Trace): number {
  const stages = list?.stages ?? [];
  const begun = Math.min(...stages.map(({ startMs }) => startMs));
  return Math.max(0, Math.max(...stages.map(({ startMs, ms }) => startMs + ms)) - begun);
}

/** An operation that was sent. */
export interface Operation {
  readonly number: number;
  readonly name: string;
  readonly text: string;
  readonly variables: unknown;
  /** From the request to its answer, as the browser saw it. */
  readonly ms: number;
  readonly trace: Trace | undefined;
  readonly data: unknown;
  readonly error: string | undefined;
}

/** Newest first. */
export const operations = signal<readonly Operation[]>([]);
const KEPT = 8;

/** Sends an operation. @throws RequestError, or what fetch throws */
export async function ask<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  abort?: AbortSignal,
): Promise<Result> {
  const started = performance.now();
  let trace: Trace | undefined;
  const record = (data: unknown, error: string | undefined): void => {
    const text = document.toString().trim();
    const name = /^(?:query|mutation) (\w+)/m.exec(text)?.[1] ?? 'Operation';
    const ms = performance.now() - started;
    const number = (operations.value[0]?.number ?? 0) + 1;
    const operation = { number, name, text, variables, ms, trace, data, error };
    operations.value = [operation, ...operations.value].slice(0, KEPT);
  };
  try {
    const data = await request('/graphql', document, variables, {
      headers: { 'vitrine-trace': '1' },
      ...(abort ? { signal: abort } : {}),
      onExtensions: (extensions) => {
        trace = (extensions as { trace?: Trace }).trace;
      },
    });
    heedPrices(data);
    record(data, undefined);
    return data;
  } catch (thrown) {
    if (!abort?.aborted) record(undefined, exactly(thrown));
    throw thrown;
  }
}

export interface Answer<Result> {
  /** The answer to the last question, until that to a new one has come. */
  readonly data: Result | undefined;
  readonly error: string | undefined;
  readonly waiting: boolean;
  /** Asks again. */
  readonly again: () => void;
}

/** Asks when it is first shown and whenever the variables change. Null: there is nothing to ask. */
export function useAnswer<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables | null,
): Answer<Result> {
  const key = variables === null ? null : JSON.stringify(variables);
  const [state, setState] = useState<{ key?: string | null; data?: Result; error?: string }>({});
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (key === null) return undefined;
    const abort = new AbortController();
    ask(document, JSON.parse(key) as Variables, abort.signal).then(
      (data) => setState({ key, data }),
      (thrown: unknown) => {
        if (!abort.signal.aborted) setState({ key, error: messageOf(thrown) });
      },
    );
    return () => abort.abort();
  }, [document, key, round]);
  return {
    data: state.data,
    error: state.key === key ? state.error : undefined,
    waiting: state.key !== key,
    again: () => setRound(round + 1),
  };
}

/** Says what went wrong in words for a visitor. The inspector shows the exact message. */
export function messageOf(thrown: unknown): string {
  if (!(thrown instanceof RequestError)) return 'The shop does not answer. Is there a connection?';
  return FRIENDLY[thrown.code ?? ''] ?? 'The shop could not answer.';
}

const FRIENDLY: Readonly<Record<string, string>> = {
  INPUT_INVALID: 'The shop does not understand that.',
  LIMIT_EXCEEDED: 'That is more than the shop can answer at once.',
  OVERLOADED: 'The shop is busy. It will answer in a moment.',
  SHUTTING_DOWN: 'The shop is restarting. It will answer in a moment.',
  DATABASE_UNAVAILABLE: 'The shop cannot reach its database.',
  RELEASE_MISSING: 'The shop has not learnt anything yet: `npx vitrine train` makes a release.',
};

function exactly(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
