// Batches of named arrays, as models read and write them, and the memory that holds them.

export type Device = 'cpu' | 'cuda' | 'webgpu';

/** Numbers with a shape, row-major. */
export interface Values {
  readonly data: Float32Array | Int32Array;
  readonly shape: readonly number[];
}

/** Values by the name of an input or output. */
export type Batch = Readonly<Record<string, Values>>;

/** Returns the memory buffers of the batches, each buffer once. */
export function buffersOf(...batches: readonly Batch[]): ArrayBuffer[] {
  const all = batches.flatMap((batch) => Object.values(batch).map(({ data }) => data.buffer));
  return [...new Set(all)].filter((buffer) => buffer instanceof ArrayBuffer);
}

/** The type and the shape of an array. */
export interface Form {
  readonly kind: 'float32' | 'int32';
  readonly shape: readonly number[];
}

/**
 * A pool of buffers that are reused. The operating system would have to clear each new buffer and
 * map it page by page.
 */
export class BufferPool {
  private readonly free: ArrayBuffer[] = [];

  /** Returns arrays of these forms, back to back in one buffer. The arrays are not cleared. */
  take<Name extends string>(forms: Readonly<Record<Name, Form>>): Record<Name, Values> {
    const places = Object.entries<Form>(forms).map(([name, form]) => ({ name, ...form, size: sizeOf(form.shape) }));
    const bytes = places.reduce((sum, { size }) => sum + aligned(4 * size), 0);
    const buffer = this.buffer(bytes);
    let at = 0;
    const arrays = places.map(({ name, kind, shape, size }): [string, Values] => {
      const data = kind === 'int32' ? new Int32Array(buffer, at, size) : new Float32Array(buffer, at, size);
      at += aligned(4 * size);
      return [name, { data, shape }];
    });
    return Object.fromEntries(arrays) as Record<Name, Values>;
  }

  /** Takes the memory of these batches back. Their arrays must no longer be used. */
  give(...batches: readonly Batch[]): void {
    this.free.push(...buffersOf(...batches));
  }

  private buffer(bytes: number): ArrayBuffer {
    // A buffer that is too small now would be too small next time, so it is dropped.
    const found = this.free.pop();
    return found && found.byteLength >= bytes ? found : new ArrayBuffer(Math.ceil(bytes * 1.25));
  }
}

/** Size of a cache line, in bytes. Each array begins on a new cache line. */
const LINE = 64;

function aligned(bytes: number): number {
  return Math.ceil(bytes / LINE) * LINE;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, dim) => size * dim, 1);
}
