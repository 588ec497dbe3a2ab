// Sends typed documents to the API, returns data, and keeps a record of each operation for the
// inspector. Nothing else in the shop window uses fetch.

import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { request, RequestError, type TypedDocumentString } from '../../schema/client';
import { heedPrices } from './format';
import { key, keyWanted } from './key';

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

/**
 * Returns the time that the first list of recommendations took, in ms. The whole request took
 * longer.
 */
export function rankingMs({ recommendations: [list] }: Trace): number {
  const stages = list?.stages ?? [];
  const begun = Math.min(...stages.map(({ startMs }) => startMs));
  return Math.max(0, Math.max(...stages.map(({ startMs, ms }) => startMs + ms)) - begun);
}

/** An operation that has been sent. */
export interface Operation {
  readonly number: number;
  readonly name: string;
  readonly text: string;
  readonly variables: unknown;
  /** Time from the request to its answer in the browser, in ms. */
  readonly ms: number;
  readonly trace: Trace | undefined;
  readonly data: unknown;
  readonly error: string | undefined;
}

/** The latest operations, newest first. */
export const operations = signal<readonly Operation[]>([]);
const KEPT = 8;

/** Sends an operation. @throws RequestError if the answer has errors, or the errors of fetch */
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
      headers: { 'vitrine-trace': '1', ...(key.value === '' ? {} : { authorization: `Bearer ${key.value}` }) },
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
    const code = thrown instanceof RequestError ? thrown.code : undefined;
    if (code === 'UNAUTHENTICATED' || code === 'FORBIDDEN') keyWanted.value = exactly(thrown);
    throw thrown;
  }
}

export interface Answer<Result> {
  /** The latest answer. It stays until the answer for new variables has come. */
  readonly data: Result | undefined;
  readonly error: string | undefined;
  readonly waiting: boolean;
  /** Sends the operation again. */
  readonly again: () => void;
}

/**
 * Sends the operation when the component is first shown and whenever the variables change. If the
 * variables are null, nothing is sent.
 */
export function useAnswer<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables | null,
): Answer<Result> {
  const asked = variables === null ? null : JSON.stringify(variables);
  const [state, setState] = useState<{ asked?: string | null; data?: Result; error?: string }>({});
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (asked === null) return undefined;
    const abort = new AbortController();
    ask(document, JSON.parse(asked) as Variables, abort.signal).then(
      (data) => setState({ asked, data }),
      (thrown: unknown) => {
        if (!abort.signal.aborted) setState({ asked, error: messageOf(thrown) });
      },
    );
    return () => abort.abort();
  }, [document, asked, round]);
  return {
    data: state.data,
    error: state.asked === asked ? state.error : undefined,
    waiting: state.asked !== asked,
    again: () => setRound(round + 1),
  };
}

/** Says in words for a visitor what went wrong. The inspector shows the exact message. */
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
  UNAUTHENTICATED: 'The shop asks for a asked.',
  FORBIDDEN: 'The asked does not allow that.',
  RATE_LIMITED: 'The budget of the asked is spent for the moment.',
  RELEASE_MISSING: 'The shop has not learnt anything yet: `npx vitrine train` makes a release.',
};

function exactly(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
