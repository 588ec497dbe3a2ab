// Numbers as the engine takes and gives them, by name, and where they are computed. Knows nothing
// of threads or models.

export type Device = 'cpu' | 'cuda' | 'webgpu';

/** Numbers with a shape. Row-major. */
export interface Values {
  readonly data: Float32Array | Int32Array;
  readonly shape: readonly number[];
}

/** Values by the name of an input or output. */
export type Batch = Readonly<Record<string, Values>>;
