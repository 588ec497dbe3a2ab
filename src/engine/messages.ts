// The messages between an engine and its worker threads.
import type { Batch } from './batch';
import type { SessionSettings } from './onnx-session';

/** The arrays that a run reads and the arrays that it writes. */
export interface Lent {
  readonly inputs: Batch;
  readonly outputs: Batch;
  /** Outputs that the model does not have: they are sums of another output's rows. */
  readonly sums?: readonly RowSum[];
}

/** Row p of `of` is added to the row of `into` that `places` names at p. All three are names. */
export interface RowSum {
  /** An output of the model: n · width numbers in any shape. */
  readonly of: string;
  /** An input of n places: int32 in any shape, each below the number of rows of `into`. */
  readonly places: string;
  /** [rows, width], a lent output. It is cleared first. */
  readonly into: string;
}

/** A request that is answered. */
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
  /** [1], shared. Once it is not 0 the thread skips the requests that are still queued. */
  readonly closing: Int32Array;
}
