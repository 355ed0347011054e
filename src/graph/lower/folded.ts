import { fold, type Hook, hasHook } from '../../kernels/fold.js';
import type { Mapping, PointwiseOperand } from '../../kernels/pointwise.js';
import { type Chunk, sizeOf } from '../chunks.js';
import { attrsOf, type Expression } from '../expression.js';
import { accessOf, opNamed } from '../ops/pointwise.js';
import type { Launch, Lowering, Node, Tensor } from '../tensor.js';

/** A node with an expression folded into its kernels. */
export interface FoldedAttrs {
  base: Node;
  hook: Hook;
  /** What the expression replaces: the operand that is loaded, or the result before it is stored. It never has memory. */
  replaced: Tensor;
  expression: Expression;
}

/** The tensors that an expression brings along. */
export const broughtBy = ({ expression, replaced }: Pick<FoldedAttrs, 'expression' | 'replaced'>): Tensor[] =>
  expression.tensors.filter((tensor) => tensor !== replaced);

const wholly = ({ start, end }: Chunk, tensor: Tensor): boolean => start === 0 && end === sizeOf(tensor.shape);

/** The launch with the expression in its hook, in place of what `replaced` is bound to. */
function foldLaunch(launch: Launch, bound: Tensor, attrs: FoldedAttrs, plan: Lowering): Launch {
  const { hook, expression, replaced } = attrs;
  const order = broughtBy(attrs);
  const { lets, operands } = attrsOf(expression, expression.tensors);
  const described = operands.map(([name, constant], k): PointwiseOperand => {
    if (constant !== null) return { name, access: 'constant', constant, base: 0, end: 0 };
    const tensor = expression.tensors[k]!;
    const access = tensor === replaced ? 'result' : accessOf(tensor, bound);
    return { name, access, base: 0, end: sizeOf(tensor.shape) };
  });
  const mapping: Mapping = { lets, expression: expression.result, operands: described };
  const kept = Object.entries(launch.operands).filter(([, { tensor }]) => hook === 'emit' || tensor !== bound);
  const brought = order.map((tensor, k) => [`operand${k}`, { tensor, chunk: plan.chunks(tensor)[0]! }]);
  return {
    kernel: fold(launch.kernel, hook, mapping, sizeOf(bound.shape)),
    operands: { ...Object.fromEntries(kept), ...Object.fromEntries(brought) },
  };
}

/** The expression as a dispatch of its own, `from` standing for what it replaces. */
function unfolded({ expression, replaced }: FoldedAttrs, from: Tensor, to: Tensor, plan: Lowering): Launch[] {
  const inputs = expression.tensors.map((tensor) => (tensor === replaced ? from : tensor));
  const op = opNamed('folded');
  return op.lower!(
    { id: 0, op, inputs, outputs: [to], attrs: attrsOf({ ...expression, tensors: inputs }, inputs) },
    plan,
  );
}

/**
 * Launches of a node with an expression folded in. Where a candidate's kernel has no such hook, or sums in several launches, the
 * expression is a dispatch of its own: before the op into a temporary, or after it in place. Same bits either way.
 */
export function lowerFolded(node: Node<FoldedAttrs>, plan: Lowering): Launch[] {
  const { base, hook, replaced } = node.attrs;
  const bound = hook === 'load' ? replaced : node.outputs[0]!;
  const launches = base.op.lower!({ ...base, outputs: node.outputs }, plan);
  const touches = ({ operands }: Launch) => Object.values(operands).some(({ tensor }) => tensor === bound);
  const fits = launches.every(
    (launch) =>
      (!touches(launch) || hasHook(launch.kernel, hook)) &&
      Object.values(launch.operands).every(({ chunk, tensor }) => wholly(chunk, tensor)),
  );
  if (fits) return launches.map((each) => (touches(each) ? foldLaunch(each, bound, node.attrs, plan) : each));
  if (hook === 'emit') return [...launches, ...unfolded(node.attrs, bound, bound, plan)];
  const loaded = plan.scratch(bound.shape);
  const swap = (launch: Launch): Launch => ({
    ...launch,
    operands: Object.fromEntries(
      Object.entries(launch.operands).map(([name, view]) => [
        name,
        view.tensor === bound ? { ...view, tensor: loaded } : view,
      ]),
    ),
  });
  return [...unfolded(node.attrs, loaded, loaded, plan), ...launches.map(swap)];
}
