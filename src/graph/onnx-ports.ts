// Reads what an ONNX model takes and gives, whoever wrote it. Knows the format's messages and
// nothing of what is computed.
import { z } from 'zod';
import { asError, VitrineError } from '../errors';
import type { Port } from './onnx';
import { ModelProto } from './onnx-format';

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

/** A port of a model that somebody else may have written: of its type nothing is said. */
export type ForeignPort = Pick<Port, 'name' | 'shape'>;

/**
 * What a model takes and gives, whoever wrote it. @throws VitrineError INPUT_INVALID where this is
 * no ONNX model.
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
    // Before version 4 of the format weights were listed among the inputs too.
    const weights = new Set(graph.initializer?.map(({ name }) => name));
    return { inputs: portsOf(graph.input).filter(({ name }) => !weights.has(name)), outputs: portsOf(graph.output) };
  } catch (thrown) {
    throw new VitrineError('INPUT_INVALID', `expected an ONNX model, got something else: ${asError(thrown).message}`);
  }
}
