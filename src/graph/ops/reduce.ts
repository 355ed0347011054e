import { type Mapping, tensorNames } from '../../kernels/pointwise.js';
import { argmaxKernel, type Join, MOST_SEGMENTS, rowsKernel, SEGMENT, stridedKernel } from '../../kernels/reduce.js';
import { type Chunk, sizeOf } from '../chunks.js';
import { apply, type Launch, type Lowering, type Node, type Op, operand, refuse, type Tensor } from '../tensor.js';
import { oneHot } from './ids.js';
import { exp, log, mul, pointwise, sub, type Value } from './pointwise.js';
import { reshape } from './shape.js';

interface ReduceAttrs {
  /** First and last reduced axis of one run of neighbours; a run is either in front of, or behind, the plane. */
  runs: [first: number, last: number][];
  join: Join;
  /** All reduced axes, for the gradient. */
  axes: readonly number[];
  /** Multiplies the result. */
  factor: number;
  /** Reduced value of the operands at one index; plain `a` for sum. */
  map: Mapping;
}

const PLAIN: Mapping = { expression: 'a', operands: [['a', null]] };

const overlap = (a: { start: number; end: number }, start: number, end: number): boolean =>
  a.start < end && start < a.end;

/** One pass over contiguous rows of `length`; the output has ⌈length/256⌉ elements a row, or one where it ends them. */
function rowsPass(
  op: string,
  plan: Lowering,
  inputs: readonly Tensor[],
  map: Mapping,
  out: Tensor,
  length: number,
  join: Join,
  factor: number,
  ends: boolean,
): Launch[] {
  const segments = Math.ceil(length / SEGMENT);
  const firstElement = (segment: number) => Math.floor(segment / segments) * length + (segment % segments) * SEGMENT;
  return plan.chunks(out).flatMap((target) =>
    plan.chunks(inputs[0]!).flatMap((part): Launch[] => {
      const last = firstElement(target.end - 1) + SEGMENT;
      if (!ends && !overlap(part, firstElement(target.start), last)) return [];
      const names = tensorNames(map);
      if (names.length !== inputs.length) throw new Error(`${op}: ${inputs.length} operands for ${names}`);
      // Maps of all sizes share a pipeline; what is flat are weights.
      const wide = map !== PLAIN && inputs[0]!.shape.length === 1;
      const kernel = rowsKernel({
        op,
        join,
        mapping: map,
        tensors: inputs.map(() => ({ access: 'same', base: part.base, end: part.end })),
        length,
        segments,
        start: target.start,
        finish: target.end,
        outBase: target.base,
        part,
        factor,
        ends,
        wide,
      });
      const views = inputs.map((tensor) => ({ tensor, chunk: part }));
      const bound = Object.fromEntries(views.map((view, k) => [`operand${k}`, view]));
      const alone = join === 'sum' && !wide && sizeOf(out.shape) === 1;
      const adds = alone ? { views, term: { mapping: map, base: part.base, length, factor } } : undefined;
      return [{ kernel, operands: { ...bound, out: { tensor: out, chunk: target } }, adds }];
    }),
  );
}

const pairs = (plan: Lowering, out: Tensor, x: Tensor): [Chunk, Chunk][] =>
  plan.chunks(out).flatMap((target) => plan.chunks(x).map((part): [Chunk, Chunk] => [target, part]));

function stridedPass(
  op: string,
  plan: Lowering,
  x: Tensor,
  out: Tensor,
  middle: number,
  inner: number,
  join: Join,
  factor: number,
): Launch[] {
  return pairs(plan, out, x).flatMap(([target, part]): Launch[] => {
    const first = Math.floor(target.start / inner) * middle * inner;
    const last = (Math.floor((target.end - 1) / inner) + 1) * middle * inner;
    if (!overlap(part, first, last)) return [];
    const kernel = stridedKernel({
      op,
      join,
      middle,
      inner,
      start: target.start,
      finish: target.end,
      outBase: target.base,
      part,
      factor,
    });
    return [{ kernel, operands: { x: { tensor: x, chunk: part }, out: { tensor: out, chunk: target } } }];
  });
}

/** Reduces one run of axes; the last pass of the last run writes `target` and applies the factor. */
function lowerRun(
  op: string,
  plan: Lowering,
  inputs: readonly Tensor[],
  map: Mapping,
  run: [number, number],
  join: Join,
  target: Tensor | null,
  factor: number,
): { launches: Launch[]; out: Tensor } {
  const shape = inputs[0]!.shape;
  const [first, last] = run;
  const inner = sizeOf(shape.slice(last + 1));
  const length = sizeOf(shape.slice(first, last + 1));
  const kept = shape.slice(0, first);
  const tail = shape.slice(last + 1);
  const shapeOf = (segments: number) => [...kept, segments, ...Array.from({ length: last - first }, () => 1), ...tail];
  if (inner > 1) {
    const out = target ?? plan.scratch(shapeOf(1));
    return { launches: stridedPass(op, plan, inputs[0]!, out, length, inner, join, factor), out };
  }
  const segments = Math.ceil(length / SEGMENT);
  const ends = segments > 1 && segments <= MOST_SEGMENTS && plan.chunks(inputs[0]!).length === 1;
  const done = segments === 1 || ends;
  // Partial sums keep rank and planes, so they are cut where the tensor is.
  const out = done && target ? target : plan.scratch(shapeOf(done ? 1 : segments));
  const launches = rowsPass(op, plan, inputs, map, out, length, join, done ? factor : 1, ends);
  if (done) return { launches, out };
  const rest = lowerRun(op, plan, [out], PLAIN, run, join, target, factor);
  return { launches: [...launches, ...rest.launches], out: rest.out };
}

function lower(node: Node<ReduceAttrs>, plan: Lowering): Launch[] {
  const { runs, join, factor, map } = node.attrs;
  let inputs: readonly Tensor[] = node.inputs;
  let mapping = map;
  const launches: Launch[] = [];
  runs.forEach((run, k) => {
    const final = k === runs.length - 1;
    const step = lowerRun(
      node.op.name,
      plan,
      inputs,
      mapping,
      run,
      join,
      final ? node.outputs[0]! : null,
      final ? factor : 1,
    );
    launches.push(...step.launches);
    inputs = [step.out];
    mapping = PLAIN;
  });
  return launches;
}

const sumOp: Op<ReduceAttrs> = { name: 'sum', lower, exact: true };
const maxOp: Op<ReduceAttrs> = { name: 'max', lower, exact: true };

export function axesOf(op: string, x: Tensor, axes: readonly number[] | undefined): number[] {
  const rank = x.shape.length;
  const all = axes ?? x.shape.map((_, d) => d);
  if (!Array.isArray(all)) refuse(op, 'axes', axes, 'a list of axes');
  const found = all.map((axis) => {
    if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
      refuse(op, 'axes', all, `axes of a tensor of rank ${rank}`);
    return axis < 0 ? axis + rank : axis;
  });
  if (new Set(found).size !== found.length) refuse(op, 'axes', all, 'each axis once');
  return found.sort((a, b) => a - b);
}

/** Neighbouring axes as runs, innermost first; the batch and channel axes stay apart from the plane and from each other. */
function runsOf(axes: readonly number[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const axis of [...axes].sort((a, b) => b - a)) {
    const run = runs.at(-1);
    if (run && run[0] === axis + 1 && axis >= 2) run[0] = axis;
    else runs.push([axis, axis]);
  }
  return runs;
}

const withoutAxes = (shape: readonly number[], axes: readonly number[], keepDims: boolean): number[] =>
  shape.flatMap((size, d) => (axes.includes(d) ? (keepDims ? [1] : []) : [size]));

function reduce(
  op: Op<ReduceAttrs>,
  inputs: readonly Tensor[],
  map: Mapping,
  axes: readonly number[],
  keepDims: boolean,
  join: Join,
  factor: number,
): Tensor {
  const x = inputs[0]!;
  const needed = axes.filter((axis) => x.shape[axis]! > 1);
  // Nothing to add up: one pass over rows of one element applies map and factor.
  const runs = needed.length > 0 ? runsOf(needed) : [[x.shape.length, x.shape.length - 1] as [number, number]];
  return apply(op, inputs, { runs, axes, join, factor, map }, { shape: withoutAxes(x.shape, axes, keepDims) })[0]!;
}

/** Sum over `axes` (none: over everything, to shape []). @returns f32; reduced axes go, or stay as 1 with `keepDims`. */
export function sum(x: Tensor, axes?: readonly number[], keepDims = false): Tensor {
  operand('sum', 'x', x);
  return reduce(sumOp, [x], PLAIN, axesOf('sum', x, axes), keepDims, 'sum', 1);
}

/** Mean over `axes` (none: over everything). */
export function mean(x: Tensor, axes?: readonly number[], keepDims = false): Tensor {
  operand('mean', 'x', x);
  const over = axesOf('mean', x, axes);
  return reduce(sumOp, [x], PLAIN, over, keepDims, 'sum', 1 / sizeOf(over.map((axis) => x.shape[axis]!)));
}

/** Maximum over `axes`, without a gradient. */
export const max = (x: Tensor, axes: readonly number[], keepDims = false): Tensor =>
  reduce(maxOp, [operand('max', 'x', x)], PLAIN, axesOf('max', x, axes), keepDims, 'max', 1);

/** Reduces an elementwise expression of same-shape tensors and numbers over all elements, nothing stored in between. */
function whole(
  op: Op<ReduceAttrs>,
  expression: string,
  values: Record<string, Value>,
  join: Join,
  mean: boolean,
): Tensor {
  const inputs = Object.values(values).filter((value) => typeof value !== 'number');
  const [x] = inputs;
  for (const other of inputs) {
    if (other.shape.join() !== x!.shape.join())
      refuse(op.name, 'b', other.shape, `[${x!.shape.join(', ')}], the shape of a`);
  }
  const operands = Object.entries(values).map(([name, value]): [string, number | null] => [
    name,
    typeof value === 'number' ? value : null,
  ]);
  const axes = x!.shape.map((_, d) => d);
  return reduce(op, inputs, { expression, operands }, axes, false, join, mean ? 1 / sizeOf(x!.shape) : 1);
}

/** Mean over all elements of an expression. */
export const meanOf = (op: Op<ReduceAttrs>, expression: string, operands: Record<string, Value>): Tensor =>
  whole(op, expression, operands, 'sum', true);

/** Maximum over all elements of an expression, without a gradient: a remark on its operands, for which nothing is kept. */
export const maxOf = (name: string, expression: string, operands: Record<string, Value>): Tensor =>
  whole({ ...reduceOp(name), aside: true }, expression, operands, 'max', false);

export const reduceOp = (name: string): Op<ReduceAttrs> => ({ name, lower, exact: true });

function lowerArgmax(node: Node<{ axis: number }>, plan: Lowering): Launch[] {
  const [x, peak] = node.inputs as [Tensor, Tensor];
  const out = node.outputs[0]!;
  const middle = x.shape[node.attrs.axis]!;
  const inner = sizeOf(x.shape.slice(node.attrs.axis + 1));
  const [target, ...more] = plan.chunks(out);
  if (more.length > 0) refuse('argmax', 'x', x.shape, 'a result that one binding holds');
  const view = { tensor: out, chunk: target! };
  return plan.chunks(x).map((part) => ({
    kernel: argmaxKernel(sizeOf(out.shape), middle, inner, part),
    operands: { x: { tensor: x, chunk: part }, peak: { tensor: peak, chunk: target! }, out: view },
  }));
}

const argmaxOp: Op<{ axis: number }> = { name: 'argmax', lower: lowerArgmax };

/** Index of the first maximum along `axis`. @returns i32, without that axis. */
export function argmax(x: Tensor, axis: number): Tensor {
  operand('argmax', 'x', x);
  const [over] = axesOf('argmax', x, [axis]);
  const peak = max(x, [over!]);
  return apply(argmaxOp, [x, peak], { axis: over! }, { shape: peak.shape, dtype: 'i32' })[0]!;
}

/**
 * torch's cross_entropy: mean over all pixels of −log softmax(logits)[id].
 * @param logits f32 [N, C, H, W] @param ids i32 [N, 1, H, W] in 0…C−1 @returns scalar
 */
export function softmaxCrossEntropy(logits: Tensor, ids: Tensor): Tensor {
  const op = 'softmaxCrossEntropy';
  operand(op, 'logits', logits, { rank: 4 });
  operand(op, 'ids', ids, { rank: 4, dtype: 'i32' });
  const [n, c, h, w] = logits.shape as [number, number, number, number];
  if (ids.shape.join() !== [n, 1, h, w].join()) refuse(op, 'ids', ids.shape, `[${n}, 1, ${h}, ${w}]`);
  const peak = max(logits, [1], true);
  const shifted = sub(logits, peak);
  const picked = sum(mul(shifted, oneHot(ids, c)), [1], true);
  return mean(sub(log(sum(exp(shifted), [1], true)), picked));
}

/** Sums a gradient down to the shape an operand had before it was broadcast. */
export function sumTo(dy: Tensor, shape: readonly number[]): Tensor {
  if (dy.shape.join() === shape.join()) return dy;
  const lead = dy.shape.length - shape.length;
  const axes = dy.shape.flatMap((size, d) => (d < lead || (shape[d - lead] === 1 && size > 1) ? [d] : []));
  const summed = axes.length > 0 ? sum(dy, axes) : dy;
  return reshape(summed, shape);
}

/** `x` repeated to `shape`, times k: the gradient of a sum or mean. */
export const expand = (x: Tensor, shape: readonly number[], k = 1): Tensor =>
  pointwise('expand', 'a * b', { a: x, b: k }, shape);
