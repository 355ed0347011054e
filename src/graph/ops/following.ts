import type { Kernel } from '../../kernels/kernel.js';
import { view, whole } from '../lower/slices.js';
import { apply, GraphError, type Launch, type Lowering, type Node, type Tensor } from '../tensor.js';

// Elementwise functions as part of what makes their operand. In painting each follows a convolution or a norm whose result nothing
// else reads, so no graph need be searched for what can be fused: the node is made again, and writes the function's value.

interface Step {
  /** WGSL of `a`, the value so far, and `b`, the element of `other`. */
  expression: string;
  /** Of the same shape, or [C], one for each channel. */
  other?: Tensor;
}

interface Following {
  maker: Node;
  steps: readonly Step[];
}

const isPerChannel = ({ shape }: Tensor): boolean => shape.length === 1;

/** The element of a step's operand beside element i, where a chunk begins at `base`. Norms alone, which have an `area`, go by channel. */
const elementOf = (other: Tensor, name: string, base: string): string =>
  isPerChannel(other) ? `${name}[i / params.area % ${other.shape[0]}u]` : `${name}[i - ${base}]`;

/** The kernel with the steps in its hook `emit`; `out` is its operand of that name. */
function emitting(kernel: Kernel, steps: readonly Step[], out: string): Kernel {
  let source = kernel.source;
  const lines = steps.map(({ expression, other }, k) => {
    if (!other) return `a = ${expression};`;
    source += `\n@group(0) @binding(9) var<storage, read> operand${k}: array<f32>;\n`;
    return `a = ${expression.replace(/\bb\b/, elementOf(other, `operand${k}`, `params.${out}Base`))};`;
  });
  const emit = `fn emit(value: f32, i: u32) -> f32 { var a = value; ${lines.join(' ')} return a; }`;
  return { ...kernel, source, hooks: { ...kernel.hooks, emit } };
}

function lower({ attrs: { maker, steps }, outputs }: Node<Following>, plan: Lowering): Launch[] {
  const y = outputs[0]!;
  return maker.op.lower!({ ...maker, outputs }, plan).map((launch) => {
    const [out, written] = Object.entries(launch.operands).find(([, { tensor }]) => tensor === y) ?? [];
    if (!written) return launch;
    const beside = (other: Tensor) =>
      isPerChannel(other) ? whole(plan, other) : view(other, plan.chunks(other)[written.chunk.index]!);
    const others = steps.flatMap(({ other }, k) => (other ? [[`operand${k}`, beside(other)]] : []));
    return {
      kernel: emitting(launch.kernel, steps, out!),
      operands: { ...launch.operands, ...Object.fromEntries(others) },
    };
  });
}

/**
 * The node that makes x, followed by `expression`. x itself is then made only where something else reads it, a second time.
 * @throws GraphError where x is of no op that writes through the hook `emit`
 */
export function following(x: Tensor, expression: string, other?: Tensor): Tensor {
  const { op, inputs, attrs, outputs } = x.node;
  const { maker, steps } = op.lower === lower ? (attrs as Following) : { maker: x.node, steps: [] };
  // Not by `refuse`, which builds for pages leave out: the function would be lost without a word.
  if (maker.op.emit === undefined)
    throw new GraphError(`${expression}: follows ${maker.op.name}, wanted a convolution or a norm`);
  const { name, inPlace } = maker.op;
  const all = { maker, steps: [...steps, { expression, other }] };
  return apply({ name, inPlace, lower }, other ? [...inputs, other] : inputs, all, ...outputs)[0]!;
}
