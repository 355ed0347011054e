import type { Node, Tensor } from '../tensor.js';

/**
 * Gradient of one node: from the gradients of its outputs (null where an output is unused) to those of its inputs. Only inputs
 * that `wants` marks need an answer; null means that no gradient flows there.
 */
export type GradientRule = (
  dy: readonly (Tensor | null)[],
  node: Node<any>,
  wants: readonly boolean[],
) => (Tensor | null)[];
