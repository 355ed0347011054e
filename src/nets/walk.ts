import { add, type Tensor } from '../engine.js';
import { halve } from './discriminator.js';
import { applyLayer, type Layer, type Unit } from './layer.js';
import type { Lookup } from './parameters.js';

/** What a net's description is carried out on: the engine's tensors, or names of values in a file. */
export interface Backend<Value> {
  layer(x: Value, layer: Layer): Value;
  add(a: Value, b: Value): Value;
  /** Sides ⌈n/2⌉, see `halve`. */
  halve(x: Value): Value;
}

export const engineBackend = (params: Lookup): Backend<Tensor> => ({
  layer: (x, layer) => applyLayer(x, layer, params),
  add,
  halve,
});

export const walkUnits = <Value>(x: Value, units: readonly Unit[], on: Backend<Value>): Value =>
  units.reduce(
    (y: Value, unit) => ('residual' in unit ? on.add(y, walkUnits(y, unit.residual, on)) : on.layer(y, unit)),
    x,
  );

/** The two halves of an enhancer: what looks at its picture, and what follows the sum with the coarser net's result. */
export interface Enhancer {
  before: readonly Unit[];
  after: readonly Unit[];
}

/** A generator as data: what paints the coarsest picture, and the enhancers at twice the size each, coarse to fine; a global one has none. */
export interface Pyramid {
  trunk: readonly Unit[];
  enhancers: readonly Enhancer[];
}

/** All units in the order of a state dict. */
export const pyramidUnits = ({ trunk, enhancers }: Pyramid): Unit[] => [
  ...trunk,
  ...enhancers.flatMap(({ before, after }) => [...before, ...after]),
];

export function walkPyramid<Value>(x: Value, { trunk, enhancers }: Pyramid, on: Backend<Value>): Value {
  const levels = enhancers.reduce((finer) => [on.halve(finer[0]!), ...finer], [x]);
  const [coarsest, ...finer] = levels as [Value, ...Value[]];
  return enhancers.reduce(
    (y, { before, after }, i) => walkUnits(on.add(walkUnits(finer[i]!, before, on), y), after, on),
    walkUnits(coarsest, trunk, on),
  );
}
