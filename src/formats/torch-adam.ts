// torch.optim.Adam.state_dict(): { 'state': { i: { step, exp_avg, exp_avg_sq } }, 'param_groups': [{ …, 'params': [0, 1, …] }] }.
// Parameters are numbered in the order of the net, buffers not counted; one that was never stepped has no entry.

import { DataError } from '../errors.js';
import { toFloat32 } from './dtype.js';
import type { Value } from './pickle.js';
import { isTensor, openPthObject, type PthObject, type PthTensor } from './pth.js';
import type { TorchValue } from './pth-write.js';
import type { TensorToWrite } from './safetensors.js';
import type { Source } from './source.js';

/** A parameter as the optimiser knows it. */
export interface Optimised {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Running means of a parameter's gradient and of its square, read when asked for. */
export interface StoredMoments {
  m(): Float32Array;
  v(): Float32Array;
}

/** Adam's state: steps since the moments were zero, and the moments of what was stepped. */
export interface AdamState {
  step: number;
  moments: ReadonlyMap<string, StoredMoments>;
}

export interface AdamRates {
  lr: number;
  beta1: number;
  beta2: number;
  eps: number;
}

const FIX = 'Expected torch.save(optimizer.state_dict(), …) of the Adam that trained this net';
const invalid = (file: string, problem: string) => new DataError(`no state of Adam: ${problem}`, { file, fix: FIX });

const isMap = (value: Value): value is Map<Value, Value> => value instanceof Map;

/** The numbers of all groups, which count through them. */
function groupIndices(file: string, groups: Value): number[] {
  if (!Array.isArray(groups)) throw invalid(file, 'it has no param_groups');
  const indices = groups.flatMap((group) => {
    const params = isMap(group) ? group.get('params') : undefined;
    if (!Array.isArray(params)) throw invalid(file, 'a group has no params');
    if (isMap(group) && group.get('amsgrad') === true) throw invalid(file, 'it is of AMSGrad');
    return params;
  });
  return indices;
}

/**
 * Reads an optimiser's .pth file in either container, of any torch: `step` was a number before 1.12 and is a tensor since.
 * The source must stay open until the moments have been read.
 * @param parameters everything it optimised, in its order: a net's parameters without buffers, of G and E one after the other
 * @throws DataError where the file is damaged, or of another optimiser or net
 */
export function readTorchAdam(source: Source, parameters: readonly Optimised[]): AdamState {
  const object = openPthObject(source);
  const file = source.name;
  const { value } = object;
  if (!isMap(value) || !isMap(value.get('state'))) throw invalid(file, 'it has no state');
  const indices = groupIndices(file, value.get('param_groups'));
  if (indices.length !== parameters.length || indices.some((index, i) => index !== i))
    throw invalid(file, `it has ${indices.length} parameters, the net ${parameters.length}`);
  const entries = [...(value.get('state') as Map<Value, Value>)].map(([index, entry]) =>
    readEntry(file, object, typeof index === 'number' ? parameters[index] : undefined, entry),
  );
  const steps = new Set(entries.map(({ step }) => step));
  if (steps.size > 1)
    throw invalid(file, `its parameters are at different steps: ${[...steps].slice(0, 3).join(', ')}`);
  return { step: entries[0]?.step ?? 0, moments: new Map(entries.map(({ name, moments }) => [name, moments])) };
}

function readEntry(file: string, object: PthObject, parameter: Optimised | undefined, entry: Value) {
  if (!parameter || !isMap(entry)) throw invalid(file, 'an entry belongs to no parameter');
  const { name } = parameter;
  const step = stepOf(object, entry.get('step'));
  if (step === undefined) throw invalid(file, `${name} has no number of steps`);
  const [m, v] = ['exp_avg', 'exp_avg_sq'].map((key) => {
    const tensor = checkedTensor(file, parameter, key, entry.get(key));
    return () => toFloat32(object.read(tensor, `${key} of ${name}`), name);
  }) as [StoredMoments['m'], StoredMoments['v']];
  return { name, step, moments: { m, v } };
}

function stepOf(object: PthObject, step: Value): number | undefined {
  const single = isTensor(step) && step.shape.every((side) => side === 1);
  const value = single ? toFloat32(object.read(step, 'step'))[0] : step;
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}

function checkedTensor(file: string, { name, shape }: Optimised, key: string, tensor: Value): PthTensor {
  if (!isTensor(tensor)) throw invalid(file, `${name} has no ${key}`);
  if (tensor.shape.join() === shape.join()) return tensor;
  throw invalid(file, `${key} of ${name} is [${tensor.shape.join(', ')}], the net's is [${shape.join(', ')}]`);
}

/**
 * The state dict of torch's Adam, for writePth; torch 1.13 writes the same, and every torch from 1.0 loads it.
 * @param pair moments of a parameter, or undefined for one that torch is to begin at zero
 */
export function torchAdam(
  parameters: readonly Optimised[],
  { lr, beta1, beta2, eps }: AdamRates,
  step: number,
  pair: (parameter: Optimised) => { m: TensorToWrite; v: TensorToWrite } | undefined,
): TorchValue {
  const entries = parameters.flatMap((parameter, index): [number, TorchValue][] => {
    const moments = pair(parameter);
    if (!moments) return [];
    const count: TensorToWrite = { name: 'step', dtype: 'F32', shape: [], data: Float32Array.of(step) };
    const entry: [string, TorchValue][] = [
      ['step', count],
      ['exp_avg', moments.m],
      ['exp_avg_sq', moments.v],
    ];
    return [[index, new Map(entry)]];
  });
  const group: Record<string, TorchValue> = {
    lr,
    betas: Object.freeze([beta1, beta2]),
    eps,
    weight_decay: 0,
    amsgrad: false,
    maximize: false,
    foreach: null,
    capturable: false,
    differentiable: false,
    fused: false,
    params: parameters.map((_, index) => index),
  };
  const state: [string, TorchValue][] = [
    ['state', new Map(entries)],
    ['param_groups', [new Map(Object.entries(group))]],
  ];
  return new Map(state);
}
