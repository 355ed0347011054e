// The first layer of a net on labels: what stands before it in the graph says which of its channels are one-hot planes.

import { add, type Conv2dOptions, concat, conv2d, labelConv2d, reshape, slice, type Tensor } from '../engine.js';
import { idsOf } from '../graph/ops/ids.js';
import { channelParts } from '../graph/ops/shape.js';

/** With fewer classes or filters the products are as fast. */
const LEAST = 8;

const inputsOf = (w: Tensor, first: number, count: number): Tensor =>
  slice(w, [0, first, 0, 0], [w.shape[0]!, count, ...w.shape.slice(2)]);

/** A discriminator judges two pictures on the same labels: their part of its first layer is computed once. */
const known = new WeakMap<Tensor, WeakMap<Tensor, Tensor>>();

function ofLabels(ids: Tensor, classes: number, w: Tensor, options: Conv2dOptions): Tensor {
  const ofWeight = known.get(w) ?? new WeakMap<Tensor, Tensor>();
  known.set(w, ofWeight);
  const y = ofWeight.get(ids) ?? labelConv2d(ids, inputsOf(w, 0, classes), options);
  ofWeight.set(ids, y);
  return y;
}

/**
 * conv2d(x, w, b). Where x begins with the one-hot planes of a map of ids, their weights are looked up and only the channels behind
 * them are multiplied; the planes themselves are then not needed.
 */
export function convolve(x: Tensor, w: Tensor, b: Tensor | null, options: Conv2dOptions): Tensor {
  const [first, ...others] = channelParts(x) as [Tensor, ...Tensor[]];
  const ids = idsOf(first);
  const classes = first.shape[1]!;
  if (!ids || classes < LEAST || w.shape[0]! < LEAST) return conv2d(x, w, b, options);
  const labelled = () => ofLabels(ids, classes, w, options);
  if (others.length === 0) return b ? add(labelled(), reshape(b, [1, b.shape[0]!, 1, 1])) : labelled();
  const rest = others.length > 1 ? concat(others, 1) : others[0]!;
  // First, so that the lookup can add its own to it on the way to memory.
  const multiplied = conv2d(rest, inputsOf(w, classes, rest.shape[1]!), b, options);
  return add(labelled(), multiplied);
}
