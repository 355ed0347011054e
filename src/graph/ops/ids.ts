import { edgesOf, oneHotPlanes } from '../../kernels/ids.js';
import { planeOf } from '../chunks.js';
import { launchPlanes } from '../overlaps.js';
import { apply, type Op, operand, refuse, type Tensor } from '../tensor.js';
import { wholeNumber } from './options.js';

/** i32 [N, 1, H, W]. */
export function idMap(op: string, name: string, value: unknown): Tensor {
  const ids = operand(op, name, value, { rank: 4, dtype: 'i32' });
  if (ids.shape[1] !== 1) refuse(op, name, ids.shape, '[N, 1, H, W]');
  return ids;
}

const planes: Op<{ classes: number }> = {
  name: 'oneHot',
  lower: ({ inputs: [ids], outputs: [y], attrs: { classes } }, plan) =>
    launchPlanes(plan, { ids: ids!, y: y! }, (range) => oneHotPlanes(range, planeOf(ids!.shape), classes)),
};

/**
 * One plane per class, 1 where the id is that class.
 * @param ids i32 [N, 1, H, W]; ids outside 0…classes−1 give zeros @returns f32 [N, classes, H, W]
 */
export function oneHot(ids: Tensor, classes: number): Tensor {
  const [n, , height, width] = idMap('oneHot', 'ids', ids).shape as [number, number, number, number];
  const count = wholeNumber('oneHot', 'classes', classes, 1);
  return apply(planes, [ids], { classes: count }, { shape: [n, count, height, width] })[0]!;
}

/** The map that one-hot planes were made of; of other tensors nothing. */
export const idsOf = ({ node }: Tensor): Tensor | undefined => (node.op === planes ? node.inputs[0] : undefined);

const edges: Op = {
  name: 'instanceEdges',
  lower: ({ inputs: [ids], outputs: [y] }, plan) =>
    launchPlanes(plan, { ids: ids!, y: y! }, (range) => edgesOf(range, y!.shape[2]!, y!.shape[3]!)),
};

/**
 * 1 where an id differs from that of a pixel to the left, right, above or below.
 * @param ids i32 [N, 1, H, W], any values @returns f32 [N, 1, H, W]
 */
export const instanceEdges = (ids: Tensor): Tensor =>
  apply(edges, [idMap('instanceEdges', 'ids', ids)], {}, { shape: ids.shape })[0]!;
