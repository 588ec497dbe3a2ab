// One ONNX model, on the thread that runs the model. No other file imports ONNX Runtime.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Batch, Device, Values } from './batch';

export interface SessionSettings {
  readonly device: Device;
  /** Number of threads that one run spreads over. */
  readonly threadsPerRun: number;
}

/** A model that is ready to run. A run blocks the calling thread. */
export interface OnnxSession {
  /** Returns the named outputs. Default: all. */
  run(inputs: Batch, outputs?: readonly string[]): Promise<Batch>;
  /** Writes the outputs into the given arrays. */
  fill(inputs: Tensors, outputs: Tensors): Promise<void>;
  /** Converts arrays to tensors. Int32 is widened to int64 where the model expects int64. */
  tensors(batch: Batch): Tensors;
  release(): Promise<void>;
}

export type Tensors = Record<string, Tensor>;

export async function openSession(model: Uint8Array, { device, threadsPerRun }: SessionSettings): Promise<OnnxSession> {
  const session = await InferenceSession.create(model, {
    executionProviders: [device],
    intraOpNumThreads: threadsPerRun,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    // Waiting threads sleep. Spinning threads would take the processors from other requests or, in
    // training, from the thread that prepares the next step.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  // Models from other projects expect token ids as int64.
  const long = new Set(
    session.inputMetadata.flatMap((port) => (port.isTensor && port.type === 'int64' ? [port.name] : [])),
  );
  const tensors = (batch: Batch): Tensors =>
    Object.fromEntries(Object.entries(batch).map(([port, values]) => [port, toTensor(values, long.has(port))]));
  return {
    tensors,
    async run(inputs, outputs) {
      const results = await session.run(tensors(inputs), outputs ?? session.outputNames);
      return Object.fromEntries(Object.entries(results).map(([port, tensor]) => [port, toValues(port, tensor)]));
    },
    async fill(inputs, outputs) {
      await session.run(inputs, outputs);
    },
    release: () => session.release(),
  };
}

/** The tensor shares the memory of the array, unless the numbers are widened. */
function toTensor({ data, shape }: Values, long = false): Tensor {
  if (long && data instanceof Int32Array) return new Tensor('int64', BigInt64Array.from(data, BigInt), shape);
  return data instanceof Float32Array ? new Tensor('float32', data, shape) : new Tensor('int32', data, shape);
}

/** The array shares the memory of the tensor. */
function toValues(port: string, { data, dims, type }: Tensor): Values {
  if (data instanceof Float32Array || data instanceof Int32Array) return { data, shape: dims };
  throw new Error(`output ${port} is ${type}; only float32 and int32 leave the engine`);
}
