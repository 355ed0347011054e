import { attrsOf, heldBytes } from './storage.js';
import type { Tensor } from './tensor.js';

/** What lies in one buffer with a variable: often nothing else. */
export const besideOf = (variable: Tensor): readonly Tensor[] => attrsOf(variable).beside ?? [variable];

/** Bindings begin at multiples of it. */
const ALIGN = 256;

/** Bytes of a buffer in front of each of its variables, and of all. */
export function offsetsOf(variables: readonly Tensor[]): { offsets: Map<Tensor, number>; bytes: number } {
  const offsets = new Map<Tensor, number>();
  let bytes = 0;
  for (const variable of variables) {
    const offset = Math.ceil(bytes / ALIGN) * ALIGN;
    offsets.set(variable, offset);
    bytes = offset + heldBytes(variable);
  }
  return { offsets, bytes };
}
