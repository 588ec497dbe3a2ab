// The memory that lies under batches: which buffers they have, and buffers that are used again for
// batch after batch. Knows nothing of what the numbers mean.
import type { Batch, Values } from './batch';

/** The memory of batches, each buffer once. */
export function buffersOf(...batches: readonly Batch[]): ArrayBuffer[] {
  const all = batches.flatMap((batch) => Object.values(batch).map(({ data }) => data.buffer));
  return [...new Set(all)].filter((buffer) => buffer instanceof ArrayBuffer);
}

/** What an array is to be: its kind and its shape. */
export interface Form {
  readonly kind: 'float32' | 'int32';
  readonly shape: readonly number[];
}

/**
 * Buffers that are taken, given back and taken again: fresh ones would have to be cleared and, page
 * by page, given by the system.
 */
export class BufferPool {
  private readonly free: ArrayBuffer[] = [];

  /** Arrays of these forms, one behind the other in one buffer. What was in it is still there. */
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

  /** Takes the memory of these batches back; their arrays must not be used any more. */
  give(...batches: readonly Batch[]): void {
    this.free.push(...buffersOf(...batches));
  }

  private buffer(bytes: number): ArrayBuffer {
    // One that is too small now would be too small again.
    const found = this.free.pop();
    return found && found.byteLength >= bytes ? found : new ArrayBuffer(Math.ceil(bytes * 1.25));
  }
}

/** Arrays begin at the beginning of a line of the processor's cache. */
const LINE = 64;

function aligned(bytes: number): number {
  return Math.ceil(bytes / LINE) * LINE;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, dim) => size * dim, 1);
}
