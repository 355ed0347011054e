// ONNX models, writing only. Field numbers are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto

import { DataError } from '../errors.js';
import { VERSION } from '../version.js';
import type { DType } from './dtype.js';
import { float, int, type Message, message, nested, tensorBytes, tensorData, text } from './protobuf.js';
import { checkedBytes, dataOf, type TensorToWrite } from './safetensors.js';

/** A whole number, a list of them, a name, or a fraction, which has to be told from a whole number. */
export type Attribute = number | readonly number[] | string | { readonly float: number };

/** An operator with one result; a node is called as its result. An input that is left out is ''. */
export interface OnnxNode {
  op: string;
  inputs: readonly string[];
  output: string;
  attributes?: Readonly<Record<string, Attribute>>;
}

/** An f32 input or output of the model; sides that are names may be any size. */
export interface OnnxValue {
  name: string;
  shape: readonly (number | string)[];
  doc: string;
}

export interface OnnxModel {
  name: string;
  doc: string;
  metadata: Readonly<Record<string, string>>;
  /** In an order in which every input is there before it is used. */
  nodes: readonly OnnxNode[];
  /** Weights and constants, by the names that nodes use. */
  tensors: readonly TensorToWrite[];
  inputs: readonly OnnxValue[];
  outputs: readonly OnnxValue[];
}

/** Operators as of ONNX 1.12 (2022), which stored them in files of the 8th version. */
const OPSET = 17;
const IR_VERSION = 8;

/** Protobuf's readers count the bytes of a message in 32 bits with a sign. */
const LIMIT = 2 ** 31 - 1;

const DATA_TYPES: Partial<Record<DType, number>> = { F32: 1, I64: 7 };
const FLOAT = DATA_TYPES.F32!;

/** Each with the number that says which kind it is. */
function attributeValue(value: Attribute): Message[] {
  if (typeof value === 'number') return [int(3, value), int(20, 2)];
  if (typeof value === 'string') return [text(4, value), int(20, 3)];
  if ('float' in value) return [float(2, value.float), int(20, 1)];
  return [...value.map((item) => int(8, item)), int(20, 7)];
}

const node = ({ op, inputs, output, attributes = {} }: OnnxNode): Message =>
  message(
    ...inputs.map((name) => text(1, name)),
    text(2, output),
    text(3, output),
    text(4, op),
    ...Object.entries(attributes).map(([name, value]) => nested(5, text(1, name), ...attributeValue(value))),
  );

function initializer(tensor: TensorToWrite): Message {
  const { name, dtype, shape } = tensor;
  const type = DATA_TYPES[dtype];
  if (type === undefined) throw new DataError(`tensor ${name} has dtype ${dtype}, written are F32 and I64`);
  return message(...shape.map((side) => int(1, side)), int(2, type), text(8, name), tensorData(9, tensor));
}

const dimension = (side: number | string): Message =>
  nested(1, typeof side === 'number' ? int(1, side) : text(2, side));

function value({ name, shape, doc }: OnnxValue): Message {
  const type = nested(1, int(1, FLOAT), nested(2, ...shape.map(dimension)));
  return message(text(1, name), nested(2, type), text(3, doc));
}

const graph = ({ name, nodes, tensors, inputs, outputs }: OnnxModel): Message =>
  message(
    ...nodes.map((one) => nested(1, node(one))),
    text(2, name),
    ...tensors.map((one) => nested(5, initializer(one))),
    ...inputs.map((one) => nested(11, value(one))),
    ...outputs.map((one) => nested(12, value(one))),
  );

const model = (given: OnnxModel): Message =>
  message(
    int(1, IR_VERSION),
    text(2, 'pix2pixhd-webgpu'),
    text(3, VERSION),
    text(6, given.doc),
    nested(7, graph(given)),
    nested(8, text(1, ''), int(2, OPSET)),
    ...Object.entries(given.metadata).map(([key, entry]) => nested(14, text(1, key), text(2, entry))),
  );

function checkSize({ size }: Message, tensors: readonly TensorToWrite[]): void {
  if (size <= LIMIT) return;
  const largest = tensors.reduce((a, b) => (tensorBytes(b) > tensorBytes(a) ? b : a));
  const share = `tensor ${largest.name} [${largest.shape.join(', ')}] alone ${tensorBytes(largest)}`;
  throw new DataError(`the model takes ${size} bytes (${share}), an ONNX file holds at most ${LIMIT}`, {
    fix: 'Use safetensors',
  });
}

/**
 * The bytes of an ONNX file in pieces; a tensor is read when its turn comes. The same model always gives the same bytes.
 * @throws DataError where the file would pass protobuf's 2 GB, before any tensor is read
 */
export async function* onnxParts(given: OnnxModel): AsyncGenerator<Uint8Array> {
  const whole = model(given);
  checkSize(whole, given.tensors);
  for (const part of whole.parts) yield part instanceof Uint8Array ? part : checkedBytes(part, await dataOf(part));
}
