import { type Access, type Mapping, pointwiseKernel } from '../../kernels/pointwise.js';
import { type Chunk, sizeOf } from '../chunks.js';
import { apply, type Launch, type Lowering, type Node, type Op, operand, refuse, type Tensor } from '../tensor.js';
import { MUL } from './expressions.js';

/** A tensor of f32, or a number that stands for one everywhere. */
export type Value = Tensor | number;

/** numpy's rule: align at the end, sizes must match or be 1. */
export function broadcastShape(op: string, shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, d) => {
    const sizes = shapes.map((shape) => shape[d - rank + shape.length] ?? 1).filter((size) => size !== 1);
    if (new Set(sizes).size > 1) {
      refuse(
        op,
        'shapes',
        shapes.map((shape) => `[${shape.join(', ')}]`).join(' and '),
        'shapes that broadcast (equal sizes or 1, aligned at the end)',
      );
    }
    return sizes[0] ?? 1;
  });
}

const MAX_RANK = 8;

/** Axes innermost first, neighbours merged where every operand runs through both or repeats in both. */
function collapse(
  shape: readonly number[],
  operands: readonly (readonly number[])[],
): { sizes: number[]; strides: number[][] } {
  const sizes: number[] = [];
  const strides: number[][] = operands.map(() => []);
  const steps = operands.map(() => 1);
  for (let d = shape.length - 1; d >= 0; d--) {
    if (shape[d] === 1) continue;
    const own = operands.map((s) => s[d - shape.length + s.length] ?? 1);
    const stride = own.map((size, k) => (size === 1 ? 0 : steps[k]!));
    const last = sizes.length - 1;
    const joins = last >= 0 && stride.every((step, k) => step === strides[k]![last]! * sizes[last]!);
    if (joins) sizes[last] = sizes[last]! * shape[d]!;
    else {
      sizes.push(shape[d]!);
      stride.forEach((step, k) => strides[k]!.push(step));
    }
    own.forEach((size, k) => (steps[k] = steps[k]! * size));
  }
  return sizes.length > 0 ? { sizes, strides } : { sizes: [1], strides: operands.map(() => [0]) };
}

export const accessOf = (input: Tensor, out: Tensor): Access =>
  input.shape.join() === out.shape.join()
    ? 'same'
    : sizeOf(input.shape) === 1
      ? 'one'
      : sizeOf(input.shape) === sizeOf(out.shape)
        ? 'same'
        : 'broadcast';

const product = <T>(lists: readonly (readonly T[])[]): T[][] =>
  lists.reduce<T[][]>((rows, list) => rows.flatMap((row) => list.map((item) => [...row, item])), [[]]);

function lower(node: Node<Mapping>, plan: Lowering): Launch[] {
  const out = node.outputs[0]!;
  const { sizes, strides } = collapse(
    out.shape,
    node.inputs.map((input) => input.shape),
  );
  if (sizes.length > MAX_RANK) refuse(node.op.name, 'broadcast', out.shape, `at most ${MAX_RANK} alternating axes`);
  const accesses = node.inputs.map((input) => accessOf(input, out));
  // Same-shape operands are cut like the output; broadcast ones may be cut elsewhere: every combination, guarded.
  const free = node.inputs.map((input, k): (Chunk | null)[] =>
    accesses[k] === 'broadcast' ? plan.chunks(input) : [null],
  );
  const guarded = free.some((chunks) => chunks.length > 1);
  return plan.chunks(out).flatMap((chunk) =>
    product(free).map((picked): Launch => {
      const views = node.inputs.map((tensor, k) => {
        const own = accesses[k] === 'same' ? plan.chunks(tensor)[chunk.index]! : (picked[k] ?? plan.chunks(tensor)[0]!);
        return { tensor, chunk: own };
      });
      const kernel = pointwiseKernel({
        op: node.op.name,
        mapping: node.attrs,
        tensors: views.map(({ chunk: { base, end } }, k) => ({ access: accesses[k]!, strides: strides[k], base, end })),
        sizes,
        start: chunk.start,
        finish: chunk.end,
        outBase: chunk.base,
        guarded,
      });
      const bound = Object.fromEntries(views.map((view, k) => [`operand${k}`, view]));
      return { kernel, operands: { ...bound, out: { tensor: out, chunk } } };
    }),
  );
}

const ops = new Map<string, Op<Mapping>>();
export const opNamed = (name: string): Op<Mapping> => {
  if (!ops.has(name)) ops.set(name, { name, lower, inPlace: true, elementwise: true });
  return ops.get(name)!;
};

/**
 * Any elementwise function as one kernel: `expression` is WGSL over the names of `operands` (at most four tensors), which broadcast
 * as in numpy; numbers become uniforms, so another constant is not another pipeline.
 */
export function pointwise(
  op: string,
  expression: string,
  operands: Record<string, Value>,
  shape: readonly number[] = [],
): Tensor {
  const entries = Object.entries(operands);
  const inputs = entries.flatMap(([name, value]) => {
    if (typeof value === 'number') return Number.isNaN(value) ? refuse(op, name, 'NaN', 'a number') : [];
    return [operand(op, name, value)];
  });
  const attrs = {
    expression,
    operands: entries.map(([name, value]): [string, number | null] => [name, typeof value === 'number' ? value : null]),
  };
  return apply(opNamed(op), inputs, attrs, {
    shape: broadcastShape(op, [shape, ...inputs.map((input) => input.shape)]),
  })[0]!;
}

// Marked, so that bundlers drop the ops that nothing uses.
/* @__NO_SIDE_EFFECTS__ */
export const binary =
  (op: string, expression: string) =>
  (a: Value, b: Value): Tensor => {
    if (typeof a === 'number' && typeof b === 'number') refuse(op, 'a, b', 'numbers only', 'at least one tensor');
    return pointwise(op, expression, { a, b });
  };
/* @__NO_SIDE_EFFECTS__ */
export const unary =
  (op: string, expression: string) =>
  (x: Tensor): Tensor =>
    pointwise(op, expression, { a: operand(op, 'x', x) });

export const sub = binary('sub', 'a - b');
export const mul = binary('mul', MUL);
export const div = binary('div', 'a / b');
export const maximum = binary('maximum', 'max(a, b)');
export const minimum = binary('minimum', 'min(a, b)');
/** 1 where a > b, else 0. */
export const greater = binary('greater', 'select(0.0, 1.0, a > b)');

export const neg = unary('neg', '-a');
export const abs = unary('abs', 'abs(a)');
export const sqrt = unary('sqrt', 'sqrt(a)');
export const square = unary('square', 'a * a');
export const exp = unary('exp', 'exp(a)');
export const log = unary('log', 'log(a)');
/** Clamped first: exp overflows at 88.7 and WGSL promises nothing about infinities. */
export const sigmoid = unary('sigmoid', '1.0 / (1.0 + exp(-clamp(a, -88.0, 88.0)))');

/** log(1 + e) for e = exp(-|x|) in (0, 1], exact to a rounding even where 1 + e is 1 (Kahan). */
const LOG1P = 'select(log(1.0 + e) * (e / ((1.0 + e) - 1.0)), e, 1.0 + e == 1.0)';
/** `softplus` of a WGSL expression, for losses. */
export const softplusOf = (x: string): string => `(max(${x}, 0.0) + ${LOG1P.replaceAll(/\be\b/g, `exp(-abs(${x}))`)})`;
/** log(1 + exp(x)), without overflow. */
export const softplus = unary('softplus', /* @__PURE__ */ softplusOf('a'));

/** x·k. */
export const scale = (x: Tensor, k: number): Tensor => pointwise('scale', MUL, { a: operand('scale', 'x', x), b: k });

/** Values below `lo` become `lo`, above `hi` become `hi`. */
export function clamp(x: Tensor, lo: number, hi: number): Tensor {
  if (!(lo <= hi)) refuse('clamp', 'lo, hi', [lo, hi], 'lo ≤ hi');
  // WGSL has no infinity: the largest finite numbers bound just as well.
  const finite = (v: number) => Math.max(-3.4028234663852886e38, Math.min(3.4028234663852886e38, v));
  return pointwise('clamp', 'min(max(a, b), c)', { a: operand('clamp', 'x', x), b: finite(lo), c: finite(hi) });
}

/** a where cond ≠ 0, else b. */
export const where = (cond: Tensor, a: Value, b: Value): Tensor =>
  pointwise('where', 'select(b, a, c != 0.0)', { c: operand('where', 'cond', cond), a, b });

/** A tensor of `shape` filled with `value`. */
export const full = (shape: readonly number[], value: number): Tensor => pointwise('full', 'a', { a: value }, shape);
