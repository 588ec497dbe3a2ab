// Writes symbolic tensors as an ONNX model.
import { inOrder, shapeText, type Constant, type DType, type OnnxNode, type Shape, type Tensor } from './tensor';
import { VitrineError } from '../errors';
import { ATTRIBUTE, ModelProto, TYPES } from './onnx-format';
import { bytesOf } from '../bytes';

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
  /** Values by the name of the parameter or table. Parameters without a value become inputs. */
  readonly values?: ReadonlyMap<string, Float32Array>;
  /**
   * `inline`, for serving: the ids are the input and the table is in the model. `fed`, for
   * training: each use of a table is an input `rows.SITE`. This input holds pooled rows, or each
   * distinct row once. In the second case, the input `places.SITE` holds the index in `rows.SITE`
   * for each id.
   */
  readonly embeddings: 'fed' | 'inline';
  /** Parameters that are fed as one vector, which is easier to transfer than many inputs. */
  readonly packed?: { readonly vector: Tensor; readonly parameters: readonly Tensor[] } | undefined;
}

/** In training, the name of the input with the rows of one use of a table. */
export function rowsInput(site: string): string {
  return `rows.${site}`;
}

/**
 * The name of the input that holds the row index in `rowsInput` for each id. Pooled rows have no
 * such input.
 */
export function placesInput(site: string): string {
  return `places.${site}`;
}

/**
 * Encodes only the tensors that the outputs need. Inputs are in the order in which the graph first
 * needs them.
 */
export function encodeOnnx({ name, outputs, values = new Map(), embeddings, packed }: EncodeOptions): EncodedModel {
  const writer = new Writer(values, embeddings);
  if (packed) writer.unpack(packed.vector, packed.parameters);
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

interface WrittenNode {
  /** Names of the outputs, '' for an output that nothing reads. */
  readonly output: string[];
}

class Writer {
  readonly nodes: object[] = [];
  readonly initialisers: object[] = [];
  readonly inputs: Port[] = [];
  private readonly names = new Map<Tensor, string>();
  private readonly written = new Map<OnnxNode, WrittenNode>();
  private readonly sizesByName = new Map<string, string>();
  private readonly writtenTables = new Set<string>();

  constructor(
    private readonly values: ReadonlyMap<string, Float32Array>,
    private readonly embeddings: 'fed' | 'inline',
  ) {}

  /** Writes a vector and the parameters that it consists of. */
  unpack(vector: Tensor, parameters: readonly Tensor[]): void {
    this.write(vector);
    const sizes = parameters.map(({ shape }) => shape.reduce<number>((product, dim) => product * Number(dim), 1));
    const literal = (values: readonly number[]): string =>
      this.literal({ constant: values, shape: [values.length], type: 'int64' });
    const { output } = this.push('Split', [this.nameOf(vector), literal(sizes)], { axis: 0 }, sizes.length);
    parameters.forEach((parameter, i) => {
      const flat = parameter.shape.length === 1;
      const shaped = flat ? undefined : this.push('Reshape', [output[i], literal(parameter.shape.map(Number))]);
      this.names.set(parameter, shaped?.output[0] ?? output[i]);
    });
  }

  write(tensor: Tensor): void {
    if (this.names.has(tensor)) return;
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
        if (this.embeddings === 'inline') this.names.set(tensor, this.lookUp(node));
        else if (node.weights) this.feed(tensor, rowsInput(node.site));
        else this.names.set(tensor, this.spread(node));
        return;
      case 'operation':
        this.names.set(tensor, this.outputOf(node.onnx, node.output));
        return;
      default:
        node satisfies never;
    }
  }

  /** Gives a tensor a second name, which is the name of an output. */
  alias(tensor: Tensor, name: string): void {
    this.nodes.push({ opType: 'Identity', input: [this.nameOf(tensor)], output: [name], name: `output.${name}` });
  }

  /** Copies each row, which is fed only once, to every position at which its id occurs. */
  private spread({ site, table, ids }: Extract<Tensor['node'], { kind: 'embedding' }>): string {
    const rows = this.port({ name: rowsInput(site), shape: [`distinct.${site}`, table.width], dtype: 'float32' });
    const places = this.port({ name: placesInput(site), shape: ids.shape, dtype: 'int32' });
    return this.push('Gather', [rows, places], { axis: 0 }).output[0];
  }

  private feed(tensor: Tensor, name: string): void {
    this.names.set(tensor, this.port({ name, shape: tensor.shape, dtype: tensor.dtype }));
  }

  /** Adds an input and returns its name. */
  private port({ name, shape, dtype }: Port): string {
    if (this.inputs.some((port) => port.name === name)) {
      throw new VitrineError('INPUT_INVALID', `encodeOnnx: two inputs are called "${name}"; names must differ`);
    }
    this.inputs.push({ name, shape, dtype });
    return name;
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

  /** Returns the name of an output of an ONNX node. The node is written when it is first needed. */
  private outputOf(onnx: OnnxNode, output = 0): string {
    if (onnx.operator === 'Shape') return this.sizes(onnx);
    let node = this.written.get(onnx);
    if (!node) {
      const inputs = onnx.inputs.map((one) => this.nameOf(one));
      node = this.push(onnx.operator, inputs, onnx.attributes, onnx.outputs);
      this.written.set(onnx, node);
    }
    while (node.output.length <= output) node.output.push('');
    return (node.output[output] ||= `${node.output[0]}.${String(output)}`);
  }

  /** Sizes of a tensor. Known sizes are literals. Symbolic sizes are read once for each name. */
  private sizes({ inputs: [of], attributes }: OnnxNode): string {
    if (!('dtype' in of)) return this.push('Shape', [this.nameOf(of)], attributes).output[0];
    const dims = of.shape.slice(Number(attributes?.start ?? 0), Number(attributes?.end ?? of.shape.length));
    const known = dims.filter((dim) => typeof dim === 'number');
    if (known.length === dims.length) return this.literal({ constant: known, shape: [known.length], type: 'int64' });
    const key = shapeText(dims);
    const name = this.sizesByName.get(key) ?? this.push('Shape', [this.nameOf(of)], attributes).output[0];
    this.sizesByName.set(key, name);
    return name;
  }

  private nameOf(value: Tensor | OnnxNode | Constant): string {
    if ('operator' in value) return this.outputOf(value);
    if ('constant' in value) return this.literal(value);
    const known = this.names.get(value);
    if (known) return known;
    throw new VitrineError('INPUT_INVALID', `encodeOnnx: a ${value.node.kind} is used before it is written`);
  }

  private push(opType: string, input: string[], attributes: OnnxNode['attributes'] = {}, outputs = 1): WrittenNode {
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
