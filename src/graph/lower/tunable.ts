import type { WeightShape } from '../../kernels/conv-weight.js';
import type { Effort, Lowering, Node, Tunable } from '../tensor.js';
import { type Candidate, type Family, isAllowed, lanesOf, numbersOf, rowOf } from './candidates.js';
import { smallShapes } from './small.js';
import { kindText, specOf } from './spec.js';

// What choosing among an op's candidates needs to know of an application.

/** A `-broadcast` that cannot broadcast on the device is the same as without. */
const isItself = <Shape>(row: Candidate<Shape>, device: Lowering['device'], name: string): boolean =>
  !name.endsWith('-broadcast') || lanesOf(device, name, row.shared!(numbersOf(row, name))) > 0;

/** Those that are worth a measurement, the prior's first. */
function namesOf<Shape>(
  { rows, prior }: Family<Shape>,
  shape: Shape,
  device: Lowering['device'],
  precise: boolean,
  effort: Effort,
): string[] {
  const all = effort === 'full';
  const worth = rows.filter(
    ({ fits, rounds, quickOn = device.kind }) =>
      fits?.(shape) !== false && !(precise && rounds) && (all || quickOn === device.kind),
  );
  const names = worth.flatMap((row) =>
    [...(row.quick ?? []), ...(all ? (row.full ?? []) : [])].filter((name) => isItself(row, device, name)),
  );
  return [...new Set([prior(shape, device, precise), ...names])];
}

const workOf = ({ images, groups, inputs, outputs, output, kernel }: WeightShape): number =>
  images * groups * inputs * outputs * output[0] * output[1] * kernel[0] * kernel[1];

export function tunableOf<Shape extends WeightShape>(
  family: Family<Shape>,
  node: Node,
  shape: Shape,
  device: Lowering['device'],
  precise: boolean,
): Tunable {
  return {
    op: family.op,
    kind: kindText(family.op, shape),
    spec: specOf(family.op, shape),
    work: workOf(shape),
    prior: family.prior(shape, device, precise),
    names: (effort) => namesOf(family, shape, device, precise, effort),
    known: (name) => rowOf(family, name) !== undefined,
    allowed: (name) => isAllowed(family, shape, precise, name),
    rounds: (name) => rowOf(family, name)?.rounds === true,
    small: () => smallShapes(node, shape, family.weights(node)),
  };
}
