// Writes symbolic tensors as an ONNX model, and reads what a model takes and gives. Knows the format's messages and nothing of what is computed.
// Format: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto (operator set 18).
import { parse } from 'protobufjs';
import { z } from 'zod';
import { inOrder, type Constant, type DType, type OnnxStep, type Shape, type Tensor } from './tensor';
import { asError, VitrineError } from '../errors';

/** A named input or output of a model. Symbolic sizes are names. */
export interface Port {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
}

export interface EncodedModel {
  readonly bytes: Uint8Array;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

export interface EncodeOptions {
  readonly name: string;
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Values by name of parameter or table: what is here is written into the model, other parameters become inputs. */
  readonly values?: ReadonlyMap<string, Float32Array>;
  /**
   * `fed`: each use of a table is an input `rows.SITE` with the rows gathered and pooled outside (training);
   * `inline`: ids are the input and the table is in the model (serving).
   */
  readonly embeddings: 'fed' | 'inline';
}

/** The name of the input that takes the rows of one use of a table while training. */
export function rowsInput(site: string): string {
  return `rows.${site}`;
}

/** Encodes what the outputs need, nothing else. Inputs come in the order in which the graph first needs them. */
export function encodeOnnx({ name, outputs, values = new Map(), embeddings }: EncodeOptions): EncodedModel {
  const writer = new Writer(values, embeddings);
  for (const tensor of inOrder(Object.values(outputs), (t) => embeddings === 'fed' && t.node.kind === 'embedding')) {
    writer.write(tensor);
  }
  const outputPorts = Object.entries(outputs).map(([port, tensor]) => {
    writer.alias(tensor, port);
    return { name: port, shape: tensor.shape, dtype: tensor.dtype };
  });
  const bytes = ModelProto.encode(
    ModelProto.create({
      irVersion: 9,
      producerName: 'vitrine',
      opsetImport: [{ domain: '', version: 18 }],
      graph: {
        name,
        node: writer.nodes,
        initializer: writer.initialisers,
        input: writer.inputs.map(valueInfo),
        output: outputPorts.map(valueInfo),
      },
    }),
  ).finish();
  return { bytes, inputs: writer.inputs, outputs: outputPorts };
}

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

/** What a model takes and gives, whoever wrote it. @throws VitrineError INPUT_INVALID where this is no ONNX model. */
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

const TYPES: Readonly<Record<DType | 'int64', number>> = { float32: 1, int32: 6, int64: 7, bool: 9 };

/** Numbers of the types of attributes in AttributeProto. */
const ATTRIBUTE = { float: 1, int: 2, string: 3, ints: 7 } as const;

interface WrittenNode {
  /** Names; '' for an output that nobody has asked for. */
  readonly output: string[];
}

class Writer {
  readonly nodes: object[] = [];
  readonly initialisers: object[] = [];
  readonly inputs: Port[] = [];
  private readonly names = new Map<Tensor, string>();
  private readonly steps = new Map<OnnxStep, WrittenNode>();
  private readonly writtenTables = new Set<string>();

  constructor(
    private readonly values: ReadonlyMap<string, Float32Array>,
    private readonly embeddings: 'fed' | 'inline',
  ) {}

  write(tensor: Tensor): void {
    const { node } = tensor;
    switch (node.kind) {
      case 'input':
        this.feed(tensor, node.name);
        return;
      case 'parameter': {
        const value = this.values.get(node.name);
        if (value) this.names.set(tensor, this.initialise(node.name, tensor.shape.map(Number), value));
        else this.feed(tensor, node.name);
        return;
      }
      case 'constant':
        this.names.set(tensor, this.literal(node.value));
        return;
      case 'embedding':
        if (this.embeddings === 'fed') this.feed(tensor, rowsInput(node.site));
        else this.names.set(tensor, this.lookUp(node));
        return;
      case 'operation':
        this.names.set(tensor, this.step(node.step, node.output));
        return;
      default:
        node satisfies never;
    }
  }

  /** Gives a tensor a second name, that of an output. */
  alias(tensor: Tensor, name: string): void {
    this.nodes.push({ opType: 'Identity', input: [this.nameOf(tensor)], output: [name], name: `output.${name}` });
  }

  private feed(tensor: Tensor, name: string): void {
    if (this.inputs.some((port) => port.name === name)) {
      throw new VitrineError('INPUT_INVALID', `encodeOnnx: two inputs are called "${name}"; names must differ`);
    }
    this.names.set(tensor, name);
    this.inputs.push({ name, shape: tensor.shape, dtype: tensor.dtype });
  }

  private lookUp({ table, ids, weights }: Extract<Tensor['node'], { kind: 'embedding' }>): string {
    const value = this.values.get(table.name);
    if (value?.length !== table.rows * table.width) {
      const expected = `${String(table.rows)} × ${String(table.width)}`;
      const got = value ? String(value.length) : 'none';
      throw new VitrineError('INPUT_INVALID', `encodeOnnx: table ${table.name} needs ${expected} values, got ${got}`);
    }
    if (!this.writtenTables.has(table.name)) {
      this.initialise(table.name, [table.rows, table.width], value);
      this.writtenTables.add(table.name);
    }
    const rows = this.push('Gather', [table.name, this.nameOf(ids)], { axis: 0 }).output[0];
    if (!weights) return rows;
    const int64 = (constant: number[]): Constant => ({ constant, shape: [constant.length], type: 'int64' });
    const column = this.push('Unsqueeze', [this.nameOf(weights), this.literal(int64([-1]))]).output[0];
    const weighted = this.push('Mul', [rows, column]).output[0];
    return this.push('ReduceSum', [weighted, this.literal(int64([-2]))], { keepdims: 0 }).output[0];
  }

  /** The name of one of the outputs of a step, which is written when it is first asked for. */
  private step(step: OnnxStep, output = 0): string {
    let node = this.steps.get(step);
    if (!node) {
      const inputs = step.inputs.map((one) => this.nameOf(one));
      node = this.push(step.operator, inputs, step.attributes, step.outputs);
      this.steps.set(step, node);
    }
    while (node.output.length <= output) node.output.push('');
    return (node.output[output] ||= `${node.output[0]}.${String(output)}`);
  }

  private nameOf(value: Tensor | OnnxStep | Constant): string {
    if ('operator' in value) return this.step(value);
    if ('constant' in value) return this.literal(value);
    const known = this.names.get(value);
    if (known) return known;
    throw new VitrineError('INPUT_INVALID', `encodeOnnx: a ${value.node.kind} is used before it is written`);
  }

  private push(opType: string, input: string[], attributes: OnnxStep['attributes'] = {}, outputs = 1): WrittenNode {
    const first = `t${String(this.nodes.length)}`;
    const attribute = Object.entries(attributes).map(([name, value]) => {
      if (typeof value === 'number') return { name, i: value, type: ATTRIBUTE.int };
      if (typeof value === 'string') return { name, s: Buffer.from(value), type: ATTRIBUTE.string };
      if ('float' in value) return { name, f: value.float, type: ATTRIBUTE.float };
      return { name, ints: value, type: ATTRIBUTE.ints };
    });
    const output = Array.from({ length: outputs }, (_, i) => (i === 0 ? first : `${first}.${String(i)}`));
    const node = { opType, input, output, name: `${opType}.${first}`, attribute };
    this.nodes.push(node);
    return node;
  }

  private initialise(name: string, dims: readonly number[], value: Float32Array): string {
    const size = dims.reduce((product, dim) => product * dim, 1);
    if (value.length !== size) {
      const text = `${name} [${dims.join(', ')}]`;
      throw new VitrineError(
        'INPUT_INVALID',
        `encodeOnnx: ${text} needs ${String(size)} values, got ${String(value.length)}`,
      );
    }
    this.initialisers.push({ name, dims, dataType: TYPES.float32, rawData: bytesOf(value) });
    return name;
  }

  private literal({ constant, shape, type }: Constant): string {
    const name = `c${String(this.initialisers.length)}`;
    const rawData = bytesOf(type === 'float32' ? Float32Array.from(constant) : BigInt64Array.from(constant, BigInt));
    this.initialisers.push({ name, dims: shape, dataType: TYPES[type], rawData });
    return name;
  }
}

function valueInfo({ name, shape, dtype }: Port): object {
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: TYPES[dtype], shape: { dim } } } };
}

function bytesOf(values: Float32Array | BigInt64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** The part of onnx.proto that is written here; numbers of fields are the format's. */
export const ModelProto = parse(`
  syntax = "proto3";
  message ModelProto { int64 ir_version = 1; string producer_name = 2; GraphProto graph = 7; repeated OperatorSetId opset_import = 8; }
  message OperatorSetId { string domain = 1; int64 version = 2; }
  message GraphProto { repeated NodeProto node = 1; string name = 2; repeated TensorProto initializer = 5;
    repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12; }
  message NodeProto { repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4;
    repeated AttributeProto attribute = 5; }
  message AttributeProto { string name = 1; float f = 2; int64 i = 3; bytes s = 4; repeated int64 ints = 8; int32 type = 20; }
  message TensorProto { repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9; }
  message ValueInfoProto { string name = 1; TypeProto type = 2; }
  message TypeProto { TensorType tensor_type = 1;
    message TensorType { int32 elem_type = 1; Shape shape = 2; }
    message Shape { repeated Dim dim = 1; }
    message Dim { int64 dim_value = 1; string dim_param = 2; } }
`).root.lookupType('ModelProto');
