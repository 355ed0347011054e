import { sizeOf } from './chunks.js';
import { GraphError, type Tensor } from './tensor.js';

export interface VariableAttrs {
  /** A function is called once per device; an array is dropped after its upload. */
  data?: Float32Array | (() => Float32Array);
  dropped?: boolean;
  /** Stored as half floats. */
  half?: boolean;
  /** All that it shares a buffer with, itself among them, in their order there. */
  beside?: readonly Tensor[];
}

/**
 * A variable's first values, as they go to a device. The host's copy goes with them: a 182 M parameter net would otherwise stay twice in
 * memory.
 */
export function takeValues(tensor: Tensor): Float32Array | undefined {
  const attrs = tensor.node.attrs as VariableAttrs;
  if (attrs.dropped) {
    throw new GraphError(
      `variable [${tensor.shape.join(', ')}]: data: got none any more, it went to another device: give a function instead of an array, or write() it`,
    );
  }
  const data = typeof attrs.data === 'function' ? attrs.data() : attrs.data;
  if (data && data.length !== sizeOf(tensor.shape)) {
    throw new GraphError(
      `variable: data: got ${data.length} values, wanted ${sizeOf(tensor.shape)} for [${tensor.shape.join(', ')}]`,
    );
  }
  if (attrs.data instanceof Float32Array) Object.assign(attrs, { data: undefined, dropped: true });
  return data;
}
