import type { VariableAttrs } from './initial.js';
import { bytesOf } from './storage.js';
import type { Tensor } from './tensor.js';

// Variables that share a buffer, one behind the other, each where a binding may begin: `variablesBeside`.

const ALIGN = 256;
const aligned = (bytes: number): number => Math.ceil(bytes / ALIGN) * ALIGN;

/** What lies in one buffer with a variable: often nothing else. */
export const besideOf = (variable: Tensor): readonly Tensor[] =>
  (variable.node.attrs as VariableAttrs).beside ?? [variable];

/** Variables by the buffers that they need, with all that lies there. */
export const buffersFor = (variables: readonly Tensor[]): (readonly Tensor[])[] => [
  ...new Set(variables.map(besideOf)),
];

/** Whether nothing is left in the buffer of a variable that is gone. */
export const isLastIn = (buffer: GPUBuffer, variables: ReadonlyMap<Tensor, GPUBuffer>): boolean =>
  ![...variables.values()].includes(buffer);

/** Bytes of the buffer in front of a variable. */
export function offsetBeside(variable: Tensor): number {
  const all = besideOf(variable);
  return all.slice(0, all.indexOf(variable)).reduce((sum, each) => sum + aligned(bytesOf(each)), 0);
}

/** Bytes of a variable's buffer. */
export function bytesBeside(variable: Tensor): number {
  const last = besideOf(variable).at(-1)!;
  return offsetBeside(last) + bytesOf(last);
}
