import { pointwiseKernel } from '../../kernels/pointwise.js';
import { boxKernel } from '../../kernels/shape.js';
import { FLOAT_ALIGN, sizeOf } from '../chunks.js';
import {
  apply,
  isTensor,
  type Launch,
  type Lowering,
  type Node,
  type Op,
  operand,
  refuse,
  type Tensor,
} from '../tensor.js';

const MAX_RANK = 8;

const stridesOf = (shape: readonly number[]): number[] => shape.map((_, d) => sizeOf(shape.slice(d + 1)));

const offsetOf = (starts: readonly number[], strides: readonly number[]): number =>
  starts.reduce((sum, start, d) => sum + start * strides[d]!, 0);

/** Launches that copy the box of `sizes` at `from` in x to `to` in out, for every pair of parts that can meet. */
function copyBox(
  op: string,
  plan: Lowering,
  x: Tensor,
  out: Tensor,
  sizes: readonly number[],
  from: readonly number[],
  to: readonly number[],
): Launch[] {
  const [inStrides, outStrides] = [stridesOf(x.shape), stridesOf(out.shape)];
  const last = sizes.map((size) => size - 1);
  const reach = (at: readonly number[], strides: number[]) =>
    [offsetOf(at, strides), offsetOf(at, strides) + offsetOf(last, strides)] as const;
  const [inFirst, inLast] = reach(from, inStrides);
  const [outFirst, outLast] = reach(to, outStrides);
  const sources = plan.chunks(x).filter(({ start, end }) => start <= inLast && end > inFirst);
  const targets = plan.chunks(out).filter(({ start, end }) => start <= outLast && end > outFirst);
  return targets.flatMap((target) =>
    sources.map(
      (part): Launch => ({
        kernel: boxKernel(
          op,
          sizes,
          { first: inFirst, strides: inStrides, ...part },
          { first: outFirst, strides: outStrides, ...target },
        ),
        operands: { x: { tensor: x, chunk: part }, out: { tensor: out, chunk: target } },
      }),
    ),
  );
}

const reshapeOp: Op = { name: 'reshape', alias: true };
const detachOp: Op = { name: 'detach', alias: true };

function shapeArgument(op: string, shape: unknown): number[] {
  if (!Array.isArray(shape) || shape.some((size) => !Number.isSafeInteger(size) || size < 1))
    refuse(op, 'shape', shape, 'a list of positive whole numbers');
  return [...shape];
}

/** The same elements in row-major order under another shape; no copy. */
export function reshape(x: Tensor, shape: readonly number[]): Tensor {
  if (!isTensor(x)) refuse('reshape', 'x', x, 'a tensor');
  const wanted = shapeArgument('reshape', shape);
  if (sizeOf(wanted) !== sizeOf(x.shape))
    refuse('reshape', 'shape', wanted, `${sizeOf(x.shape)} elements, those of [${x.shape.join(', ')}]`);
  return apply(reshapeOp, [x], {}, { shape: wanted, dtype: x.dtype })[0]!;
}

/** The same value, through which no gradient flows. */
export const detach = (x: Tensor): Tensor =>
  apply(detachOp, [isTensor(x) ? x : refuse('detach', 'x', x, 'a tensor')], {}, { shape: x.shape, dtype: x.dtype })[0]!;

interface SliceAttrs {
  starts: number[];
  sizes: number[];
}

const sliceOp: Op<SliceAttrs> = {
  name: 'slice',
  lower: ({ inputs, outputs, attrs: { starts, sizes } }, plan) =>
    copyBox(
      'slice',
      plan,
      inputs[0]!,
      outputs[0]!,
      sizes,
      starts,
      starts.map(() => 0),
    ),
};

function checkRank(op: string, x: Tensor): void {
  if (x.shape.length > MAX_RANK) refuse(op, 'x', x.shape, `at most ${MAX_RANK} axes`);
}

/** The box of `sizes` that begins at `starts`. */
export function slice(x: Tensor, starts: readonly number[], sizes: readonly number[]): Tensor {
  operand('slice', 'x', x);
  checkRank('slice', x);
  for (const [name, list] of [
    ['starts', starts],
    ['sizes', sizes],
  ] as const) {
    if (!Array.isArray(list) || list.length !== x.shape.length)
      refuse('slice', name, list, `${x.shape.length} numbers, one an axis of x`);
  }
  x.shape.forEach((size, d) => {
    const [start, length] = [starts[d]!, sizes[d]!];
    if (!Number.isSafeInteger(start) || start < 0 || start >= size)
      refuse('slice', `starts[${d}]`, start, `0…${size - 1}`);
    if (!Number.isSafeInteger(length) || length < 1 || start + length > size)
      refuse('slice', `sizes[${d}]`, length, `1…${size - start}`);
  });
  return apply(sliceOp, [x], { starts: [...starts], sizes: [...sizes] }, { shape: [...sizes] })[0]!;
}

const zeros = (plan: Lowering, out: Tensor): Launch[] =>
  plan.chunks(out).map((chunk) => ({
    kernel: pointwiseKernel({
      op: 'zeros',
      mapping: { expression: 'a', operands: [['a', 0]] },
      tensors: [],
      sizes: [1],
      start: chunk.start,
      finish: chunk.end,
      outBase: chunk.base,
      guarded: false,
    }),
    operands: { out: { tensor: out, chunk } },
  }));

const embedOp: Op<{ starts: number[] }> = {
  name: 'embed',
  lower: ({ inputs: [x], outputs: [out], attrs: { starts } }, plan) => [
    ...zeros(plan, out!),
    ...copyBox(
      'embed',
      plan,
      x!,
      out!,
      x!.shape,
      starts.map(() => 0),
      starts,
    ),
  ],
};

/** Zeros of `shape` with x at `starts`: zero padding, and the gradient of slice. */
export const embed = (x: Tensor, shape: readonly number[], starts: readonly number[]): Tensor =>
  apply(embedOp, [x], { starts: [...starts] }, { shape })[0]!;

function lowerConcat({ inputs, outputs, attrs: { axis } }: Node<{ axis: number }>, plan: Lowering): Launch[] {
  let at = 0;
  return inputs.flatMap((x) => {
    const zero = x.shape.map(() => 0);
    const to = x.shape.map((_, d) => (d === axis ? at : 0));
    at += x.shape[axis]!;
    return copyBox('concat', plan, x, outputs[0]!, x.shape, zero, to);
  });
}

function copyParts({ inputs: [x], outputs }: Node, plan: Lowering): Launch[] {
  const [count, ...zeros] = outputs[0]!.shape.map((size, d) => (d === 0 ? size : 0)) as [number, ...number[]];
  return outputs.flatMap((part, k) =>
    copyBox('split', plan, x!, part, part.shape, [k * count, ...zeros], [0, ...zeros]),
  );
}

const splitOp: Op = { name: 'split', alias: true };
/** A split whose parts begin where no binding may. */
export const splitCopyOp: Op = { name: 'split', lower: copyParts };

/**
 * x in parts of `count` along the first axis, which `count` must divide. No copies where every part begins where a binding may: then
 * no op may read a part and the whole at once.
 */
export function split(x: Tensor, count: number): Tensor[] {
  operand('split', 'x', x);
  const [size = 0, ...rest] = x.shape;
  if (!Number.isSafeInteger(count) || count < 1 || size % count !== 0)
    refuse('split', 'count', count, `a number that divides the first of [${x.shape.join(', ')}]`);
  if (size === count) return [x];
  const shape = [count, ...rest];
  // Whatever the height and width of maps: pictures of all sizes share kernels.
  const op = sizeOf(shape.slice(0, 2)) % FLOAT_ALIGN === 0 ? splitOp : splitCopyOp;
  return apply(op, [x], {}, ...Array.from({ length: size / count }, () => ({ shape })));
}

/** The first part alone, which never is a copy. */
export const firstOf = (x: Tensor, count: number): Tensor =>
  apply(splitOp, [x], {}, { shape: [count, ...x.shape.slice(1)] })[0]!;

export const concatOp: Op<{ axis: number }> = { name: 'concat', lower: lowerConcat };

/** Tensors that stand side by side in x as channels, through concatenations of concatenations. */
export function channelParts(x: Tensor): readonly Tensor[] {
  const { op, attrs, inputs } = x.node;
  return op === concatOp && (attrs as { axis: number }).axis === 1 ? inputs.flatMap(channelParts) : [x];
}

/** Joins tensors along `axis`; all other sizes must agree. */
export function concat(xs: readonly Tensor[], axis: number): Tensor {
  if (!Array.isArray(xs) || xs.length === 0) refuse('concat', 'xs', xs, 'a list of at least one tensor');
  const [first] = xs.map((x, i) => operand('concat', `xs[${i}]`, x)) as [Tensor];
  const rank = first.shape.length;
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
    refuse('concat', 'axis', axis, `an axis of a tensor of rank ${rank}`);
  checkRank('concat', first);
  const along = axis < 0 ? axis + rank : axis;
  const fits = ({ shape }: Tensor) =>
    shape.length === rank && shape.every((size, d) => d === along || size === first.shape[d]);
  if (!xs.every(fits)) {
    const odd = xs.findIndex((x) => !fits(x));
    const wanted = first.shape.map((size, d) => (d === along ? 'any' : size));
    refuse('concat', `xs[${odd}]`, xs[odd]!.shape, `[${wanted.join(', ')}]`);
  }
  const total = xs.reduce((sum, x) => sum + x.shape[along]!, 0);
  return apply(
    concatOp,
    xs,
    { axis: along },
    { shape: first.shape.map((size, d) => (d === along ? total : size)) },
  )[0]!;
}
