import { type Columns, columnsArea, columnsKernel } from '../../kernels/conv-quads.js';
import {
  type Splitting,
  splittingOf,
  type WeightDirectParts,
  type WeightShape,
  type WeightTile,
  weightDirectKernel,
  weightPlainKernel,
  weightSumKernel,
} from '../../kernels/conv-weight.js';
import {
  dyColumns,
  quadSplitting,
  type WeightQuadTile,
  weightColumns,
  weightQuadsKernel,
} from '../../kernels/conv-weight-quads.js';
import type { Kernel } from '../../kernels/kernel.js';
import { sizeOf } from '../chunks.js';
import { launchPlanes } from '../overlaps.js';
import type { Launch, Lowering, Node, Tensor } from '../tensor.js';
import { meetings, slicesOf, view } from './slices.js';

// Weight gradients over chunked tensors.

/** One launch for every part of the result and pair of chunks that share samples; splits are added afterwards. */
export function lowerSplit(
  plan: Lowering,
  dw: Tensor,
  [x, dy]: readonly [Tensor, Tensor],
  splitting: Splitting,
  kernel: (parts: WeightDirectParts) => Kernel,
): Launch[] {
  const size = sizeOf(dw.shape);
  const { splits } = splitting;
  // One split writes dw itself, which the kernel sees as [1, …]; else partial sums, cut by splits or by output channels.
  const out = splits === 1 ? dw : plan.scratch([splits, dw.shape[0]!, size / dw.shape[0]!]);
  const pairs = meetings(slicesOf(plan, x), slicesOf(plan, dy));
  const continues = pairs.length > 1 && splitting.splitImages > 1;
  const sums = plan.chunks(out).flatMap((target) => {
    const [split0, end] = [Math.floor(target.start / size), Math.ceil(target.end / size)];
    return pairs.map(({ a: xs, b: dys, image0, images }): Launch => {
      const ranges = { x: xs.planes, dy: dys.planes, out: target };
      return {
        kernel: kernel({ ...ranges, image0, images, split0, splits: end - split0, continues }),
        operands: { x: view(x, xs.chunk), dy: view(dy, dys.chunk), out: view(out, target) },
      };
    });
  });
  return splits === 1 ? sums : [...sums, ...addSplits(plan, out, dw, splits)];
}

export function lowerWeightDirect(plan: Lowering, node: Node, shape: WeightShape, tile: WeightTile): Launch[] {
  const [x, dy] = node.inputs as [Tensor, Tensor];
  const splitting = splittingOf(shape);
  return lowerSplit(plan, node.outputs[0]!, [x, dy], splitting, (parts) =>
    weightDirectKernel(shape, tile, splitting, parts),
  );
}

/** A copy of x as `columns` describes it. */
function copied(plan: Lowering, x: Tensor, columns: Columns): { copy: Tensor; launches: Launch[] } {
  const [images, channels, height, width] = x.shape as [number, number, number, number];
  const copy = plan.copy([images, channels, columnsArea(columns)]);
  const launches = launchPlanes(plan, { x, columns: copy }, (planes) =>
    columnsKernel(planes, [height, width], columns),
  );
  return { copy, launches };
}

/** On a copy of x with its borders drawn, and of dy where its rows are no whole vec4. */
export function lowerWeightQuads(plan: Lowering, node: Node, shape: WeightShape, tile: WeightQuadTile): Launch[] {
  const [x, dy] = node.inputs as [Tensor, Tensor];
  const columns = weightColumns(shape);
  const xs = copied(plan, x, columns);
  const dys = shape.output[1] % 4 === 0 ? { copy: dy, launches: [] } : copied(plan, dy, dyColumns(shape));
  const splitting = quadSplitting(shape, tile);
  const sums = lowerSplit(plan, node.outputs[0]!, [xs.copy, dys.copy], splitting, (parts) =>
    weightQuadsKernel(shape, tile, columns, splitting, parts),
  );
  return [...xs.launches, ...dys.launches, ...sums];
}

function addSplits(plan: Lowering, partial: Tensor, dw: Tensor, splits: number): Launch[] {
  const size = sizeOf(dw.shape);
  return plan.chunks(dw).flatMap((target) =>
    plan.chunks(partial).flatMap((source): Launch[] => {
      const first = source.start % size;
      if (first >= target.end || first + source.end - source.start <= target.start) return [];
      const kernel = weightSumKernel(size, splits, { partial: source, dw: target });
      return [{ kernel, operands: { partial: view(partial, source), dw: view(dw, target) } }];
    }),
  );
}

export function lowerWeightPlain(plan: Lowering, node: Node, shape: WeightShape): Launch[] {
  const [x, dy] = node.inputs as [Tensor, Tensor];
  const dw = node.outputs[0]!;
  const pairs = meetings(slicesOf(plan, x), slicesOf(plan, dy));
  return plan.chunks(dw).flatMap((target) =>
    pairs.map(
      ({ a: xs, b: dys, image0, images }): Launch => ({
        kernel: weightPlainKernel(shape, { x: xs.planes, dy: dys.planes, out: target, image0, images }),
        operands: { x: view(x, xs.chunk), dy: view(dy, dys.chunk), out: view(dw, target) },
      }),
    ),
  );
}
