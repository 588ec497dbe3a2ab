// Reads ONNX models: the ports of any model, and the weights of a model that Vitrine wrote.
import { z } from 'zod';
import { asError, VitrineError } from '../errors';
import type { Port } from './onnx';
import { ModelProto, TYPES } from './onnx-format';

const portsSchema = z.array(
  z.object({
    name: z.string(),
    type: z.object({
      tensorType: z.object({
        shape: z.object({ dim: z.array(z.object({ dimValue: z.number(), dimParam: z.string() }).partial()) }).partial(),
      }),
    }),
  }),
);

/** A port of a model that Vitrine may not have written. The type of the port is not read. */
export type ForeignPort = Pick<Port, 'name' | 'shape'>;

/**
 * The inputs and outputs of a model.
 * @throws VitrineError INPUT_INVALID if the bytes are not an ONNX model
 */
export function readPorts(bytes: Uint8Array): { inputs: ForeignPort[]; outputs: ForeignPort[] } {
  const portsOf = (list: unknown): ForeignPort[] =>
    portsSchema.parse(list ?? []).map(({ name, type }) => ({
      name,
      shape: (type.tensorType.shape.dim ?? []).map(({ dimValue, dimParam }) => dimValue ?? dimParam ?? '?'),
    }));
  try {
    const { graph } = ModelProto.toObject(ModelProto.decode(bytes), { longs: Number }) as {
      graph: { input?: unknown; output?: unknown; initializer?: { name?: string }[] };
    };
    // Before version 4 of the format, weights were listed among the inputs too.
    const weights = new Set(graph.initializer?.map(({ name }) => name));
    return { inputs: portsOf(graph.input).filter(({ name }) => !weights.has(name)), outputs: portsOf(graph.output) };
  } catch (thrown) {
    throw new VitrineError('INPUT_INVALID', `expected an ONNX model, got something else: ${asError(thrown).message}`);
  }
}

const weightsSchema = z.object({
  graph: z.object({
    initializer: z.array(
      z.object({
        name: z.string(),
        dims: z.array(z.number()),
        dataType: z.number(),
        rawData: z.instanceof(Uint8Array),
      }),
    ),
  }),
});

export interface Weight {
  readonly name: string;
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/**
 * The named float32 numbers of a model that Vitrine wrote, without its literals, which are called
 * c0, c1, …
 * @throws Error if the bytes are not such a model
 */
export function readWeights(bytes: Uint8Array): Weight[] {
  const model = weightsSchema.parse(ModelProto.toObject(ModelProto.decode(bytes), { longs: Number, defaults: true }));
  return model.graph.initializer
    .filter(({ name, dataType }) => dataType === TYPES.float32 && !/^c\d+$/.test(name))
    .map(({ name, dims, rawData }) => ({ name, data: floatsOf(rawData), shape: dims }));
}

/** Copies the bytes, since the alignment of bytes within a file does not suit float32. */
function floatsOf(bytes: Uint8Array): Float32Array {
  const values = new Float32Array(bytes.length / 4);
  new Uint8Array(values.buffer).set(bytes);
  return values;
}
