import type { Device } from '../device/device.js';
import { fromHalf } from '../float16.js';
import { buffersFor, bytesBeside, isLastIn, offsetBeside } from './beside.js';
import { sizeOf } from './chunks.js';
import { bytesFor, isHalfVariable, stored } from './half.js';
import { takeValues, type VariableAttrs } from './initial.js';
import { changed, type Kept } from './kept.js';
import { GraphError, isTensor, type Tensor } from './tensor.js';

/**
 * What a device keeps between programs: the storage of variables, and pipelines. All programs of a device share both; a
 * program's own memory is in program.ts.
 */
export interface DeviceState {
  variables: Map<Tensor, GPUBuffer>;
  pipelines: Map<string, Promise<GPUComputePipeline>>;
  layouts: Map<string, GPUBindGroupLayout>;
  /** What programs made of variables alone, by how it is made. */
  kept: Map<string, Kept>;
  /** How often a variable was written after its first values. */
  changes: WeakMap<Tensor, number>;
}

const states = new WeakMap<Device, DeviceState>();

export function stateOf(device: Device): DeviceState {
  let state = states.get(device);
  if (!state) {
    state = {
      variables: new Map(),
      pipelines: new Map(),
      layouts: new Map(),
      kept: new Map(),
      changes: new WeakMap(),
    };
    states.set(device, state);
  }
  return state;
}

/** Bytes of a variable, or of what is fed or shown. */
export const bytesOf = (variable: Tensor): number => bytesFor(sizeOf(variable.shape), isHalfVariable(variable));

const USAGE = { STORAGE: 0x80, COPY_SRC: 0x04, COPY_DST: 0x08, MAP_READ: 0x01, UNIFORM: 0x40 } as const;
export const STORAGE_USAGE = USAGE.STORAGE | USAGE.COPY_SRC | USAGE.COPY_DST;
export const STAGING_USAGE = USAGE.MAP_READ | USAGE.COPY_DST;
export const UNIFORM_USAGE = USAGE.UNIFORM | USAGE.COPY_DST;

/** Bytes that may wait for the device: writeBuffer keeps a copy of its own until then, which a whole net must not have. */
const UPLOAD_BYTES = 64 * 2 ** 20;

/** Gives every variable its memory on this device, with its first values; those that have some keep it. */
export async function materialise(device: Device, variables: readonly Tensor[]): Promise<void> {
  const state = stateOf(device);
  const missing = buffersFor(variables.filter((variable) => !state.variables.has(variable)));
  const buffers = await device.allocate(
    missing.map(([variable]) => ({
      label: `variable [${variable!.shape.join(', ')}]`,
      size: bytesBeside(variable!),
      usage: STORAGE_USAGE,
    })),
  );
  let waiting = 0;
  for (const [i, group] of missing.entries())
    for (const variable of group) {
      const data = takeValues(variable);
      if (data) device.gpu.queue.writeBuffer(buffers[i]!, offsetBeside(variable), stored(variable, data));
      state.variables.set(variable, buffers[i]!);
      waiting += data?.byteLength ?? 0;
      if (waiting < UPLOAD_BYTES) continue;
      device.gpu.queue.submit([]);
      await device.gpu.queue.onSubmittedWorkDone();
      waiting = 0;
    }
}

function variableOf(op: string, tensor: unknown): Tensor {
  if (!isTensor(tensor) || tensor.node.op.source !== 'variable')
    throw new GraphError(`${op}: got something else, wanted a variable`);
  return tensor;
}

/**
 * Reads a variable back in torch's layout.
 * @returns Float32Array of the variable's elements, row-major. @throws GraphError when it is not a variable.
 */
export async function read(device: Device, tensor: Tensor): Promise<Float32Array> {
  await materialise(device, [variableOf('read', tensor)]);
  const source = stateOf(device).variables.get(tensor)!;
  const size = bytesOf(tensor);
  const [staging] = await device.allocate([{ label: 'read', size, usage: STAGING_USAGE }]);
  try {
    const encoder = device.gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(source, offsetBeside(tensor), staging!, 0, size);
    device.gpu.queue.submit([encoder.finish()]);
    await staging!.mapAsync(1);
    const bytes = staging!.getMappedRange();
    if (!isHalfVariable(tensor)) return new Float32Array(bytes.slice(0));
    return Float32Array.from(new Uint16Array(bytes, 0, sizeOf(tensor.shape)), fromHalf);
  } catch (error) {
    throw device.isLost() ? await device.lost : error;
  } finally {
    device.release(staging!);
  }
}

/** Overwrites a variable; one that has no memory on this device yet starts from `data`. @throws GraphError on a wrong length. */
export function write(device: Device, tensor: Tensor, data: Float32Array): void {
  const size = sizeOf(variableOf('write', tensor).shape);
  if (data.length !== size)
    throw new GraphError(`write: got ${data.length} values, wanted ${size} for [${tensor.shape.join(', ')}]`);
  const state = stateOf(device);
  const buffer = state.variables.get(tensor);
  changed(state, [tensor]);
  if (buffer) device.gpu.queue.writeBuffer(buffer, offsetBeside(tensor), stored(tensor, data));
  else Object.assign(tensor.node.attrs as VariableAttrs, { data: data.slice(), dropped: false });
}

/** Frees a variable's memory on this device, a shared buffer with its last one. Programs that use it must not run again. */
export function destroy(device: Device, tensor: Tensor): void {
  const { variables } = stateOf(device);
  const buffer = variables.get(variableOf('destroy', tensor));
  variables.delete(tensor);
  if (buffer && isLastIn(buffer, variables)) device.release(buffer);
}
