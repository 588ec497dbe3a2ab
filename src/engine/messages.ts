// The messages between an engine and its worker threads.
import type { Batch } from './batch';
import type { SessionSettings } from './onnx-session';

/** The arrays that a run reads and the arrays that it writes. */
export interface Lent {
  readonly inputs: Batch;
  readonly outputs: Batch;
  /**
   * Extra outputs, which the model does not have: each holds sums of the rows of a model output.
   */
  readonly sums?: readonly RowSum[];
}

/**
 * Adds row p of the array `of` to row `places[p]` of the array `into`. The three fields hold the
 * names of the arrays.
 */
export interface RowSum {
  /** Name of a model output: n · width numbers in any shape. */
  readonly of: string;
  /**
   * Name of an input: n int32 row indices in any shape, each below the number of rows of `into`.
   */
  readonly places: string;
  /** Name of a lent output [rows, width], which is cleared first. */
  readonly into: string;
}

/** A request that gets an answer. */
export type Task =
  | { readonly kind: 'load'; readonly id: number; readonly name: string; readonly model: Uint8Array }
  | {
      readonly kind: 'run';
      readonly id: number;
      readonly name: string;
      readonly inputs: Batch;
      readonly outputs?: readonly string[];
    }
  | ({ readonly kind: 'lend'; readonly id: number; readonly name: string } & Lent);

export type Request = Task | { readonly kind: 'close' };

export type Answer =
  | ({ readonly kind: 'done'; readonly id: number } & Lent)
  | {
      readonly kind: 'failed';
      readonly id: number;
      readonly code: 'INPUT_INVALID' | 'DEVICE_UNAVAILABLE';
      readonly message: string;
    };

export interface WorkerSettings extends SessionSettings {
  /**
   * [1], shared between threads. Once the number is not 0, the thread skips all queued requests.
   */
  readonly closing: Int32Array;
}
