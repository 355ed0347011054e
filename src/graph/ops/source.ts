import { sizeOf } from '../chunks.js';
import type { VariableAttrs } from '../initial.js';
import { apply, type DType, type Op, refuse, type Tensor } from '../tensor.js';

const inputOp: Op = { name: 'input', source: 'input' };
const variableOp: Op<VariableAttrs> = { name: 'variable', source: 'variable' };

function checkShape(op: string, shape: unknown): readonly number[] {
  if (!Array.isArray(shape) || shape.some((size) => !Number.isSafeInteger(size) || size < 1)) {
    refuse(op, 'shape', shape, 'a list of positive whole numbers, [] for a scalar');
  }
  return [...shape];
}

/** A tensor that is fed at every run, row-major. `i32` is for ids. */
export function input(shape: readonly number[], dtype: DType = 'f32'): Tensor {
  if (dtype !== 'f32' && dtype !== 'i32') refuse('input', 'dtype', dtype, "'f32' or 'i32'");
  return apply(inputOp, [], {}, { shape: checkShape('input', shape), dtype })[0]!;
}

/**
 * A tensor that stays on the device between runs and is shared by all its programs.
 * @param data first values, row-major (torch's layout); none: zeros. An array is dropped after its upload.
 * @param half stored as half floats, rounded to nearest; for what no program updates
 */
export function variable(
  shape: readonly number[],
  data?: Float32Array | readonly number[] | (() => Float32Array),
  half = false,
): Tensor {
  const checked = checkShape('variable', shape);
  const values = Array.isArray(data) ? Float32Array.from(data) : (data as VariableAttrs['data']);
  if (values !== undefined && typeof values !== 'function') {
    if (!(values instanceof Float32Array))
      refuse('variable', 'data', typeof values, 'a Float32Array or a function that makes one');
    if (values.length !== sizeOf(checked))
      refuse('variable', 'data', `${values.length} values`, `${sizeOf(checked)} for [${checked.join(', ')}]`);
  }
  return apply(variableOp, [], { data: values, half }, { shape: checked })[0]!;
}

/** Variables that lie behind each other in one buffer, each where a binding may begin; otherwise like any others. */
export function variablesBeside(all: readonly { shape: readonly number[]; data?: () => Float32Array }[]): Tensor[] {
  const made = all.map(({ shape, data }) => variable(shape, data));
  for (const { node } of made) Object.assign(node.attrs as VariableAttrs, { beside: made });
  return made;
}
