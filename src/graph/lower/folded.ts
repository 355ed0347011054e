import { fold, type Hook, hasHook } from '../../kernels/fold.js';
import { sizeOf } from '../chunks.js';
import { attrsOf, type Expression } from '../expression.js';
import { accessOf, opNamed } from '../ops/pointwise.js';
import type { Launch, Lowering, Node, Tensor, View } from '../tensor.js';

/** A node with an expression folded into its kernels. */
export interface FoldedAttrs {
  base: Node;
  hook: Hook;
  /** What the expression replaces: the operand that is loaded, or the result before it is stored. It never has memory. */
  replaced: Tensor;
  /** What the hook is given: the result, or what the kernels have at hand where they load. */
  given?: Tensor;
  expression: Expression;
}

/** The tensors that an expression brings along. */
export const broughtBy = ({ expression, given }: Pick<FoldedAttrs, 'expression' | 'given'>): Tensor[] =>
  expression.tensors.filter((tensor) => tensor !== given);

const wholly = ({ tensor, chunk: { start, end, base } }: View): boolean =>
  start === 0 && base === 0 && end === sizeOf(tensor.shape);

/** The launch with the expression in its hook, in place of what `replaced` is bound to. */
function foldLaunch(launch: Launch, bound: Tensor, attrs: FoldedAttrs, plan: Lowering): Launch {
  const { hook, expression, given } = attrs;
  const order = broughtBy(attrs);
  const accesses = expression.tensors.map((tensor) => (tensor === given ? 'given' : accessOf(tensor, bound)));
  const kept = Object.entries(launch.operands).filter(([, { tensor }]) => hook === 'emit' || tensor !== bound);
  const brought = order.map((tensor, k) => [`operand${k}`, { tensor, chunk: plan.chunks(tensor)[0]! }]);
  return {
    kernel: fold(launch.kernel, hook, attrsOf(expression, expression.tensors), accesses, sizeOf(bound.shape)),
    operands: { ...Object.fromEntries(kept), ...Object.fromEntries(brought) },
  };
}

/** The expression as a dispatch of its own, in place behind the op. */
function unfolded({ expression, replaced }: FoldedAttrs, result: Tensor, plan: Lowering): Launch[] {
  const inputs = expression.tensors.map((tensor) => (tensor === replaced ? result : tensor));
  const op = opNamed('folded');
  const attrs = attrsOf({ ...expression, tensors: inputs }, inputs);
  return op.lower!({ id: 0, op, inputs, outputs: [result], attrs }, plan);
}

/**
 * Launches of a node with an expression folded in. Where a candidate has no hook for the result, or sums in several launches,
 * the expression is a dispatch behind it, with the same bits. Ops that load through a hook do so in every kernel.
 */
export function lowerFolded(node: Node<FoldedAttrs>, plan: Lowering): Launch[] {
  const { base, hook, replaced } = node.attrs;
  const bound = hook === 'load' ? replaced : node.outputs[0]!;
  const launches = base.op.lower!({ ...base, outputs: node.outputs }, plan);
  const touches = ({ operands }: Launch) => Object.values(operands).some(({ tensor }) => tensor === bound);
  const bare = launches.find((each) => touches(each) && !hasHook(each.kernel, hook));
  const whole = launches.every(({ operands }) => Object.values(operands).every(wholly));
  if (!bare && whole) return launches.map((each) => (touches(each) ? foldLaunch(each, bound, node.attrs, plan) : each));
  if (hook === 'load' || base.op.inPlace) {
    throw new Error(`${node.op.name}: ${bare?.kernel.name ?? 'a split kernel'} has no hook ${hook}`);
  }
  return [...launches, ...unfolded(node.attrs, bound, plan)];
}
