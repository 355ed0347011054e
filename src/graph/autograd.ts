import { gradientRules } from './gradients/index.js';
import { add } from './ops/activations.js';
import { full } from './ops/pointwise.js';
import { firstOf } from './ops/shape.js';
import { schedule } from './schedule.js';
import { GraphError, isTensor, type Node, refuse, type Tensor } from './tensor.js';

/** Ops whose value cannot vary smoothly with an operand, or that exist to stop gradients. */
const STOPS = new Set(['detach', 'max']);

/** Nodes through which a wanted tensor influences the scalar. */
function onPath(nodes: readonly Node[], wanted: ReadonlySet<Tensor>): Set<Node> {
  const path = new Set<Node>();
  for (const node of nodes) {
    if (STOPS.has(node.op.name)) continue;
    if (node.inputs.some((tensor) => wanted.has(tensor) || path.has(tensor.node))) path.add(node);
  }
  return path;
}

function checkWanted(tensors: readonly Tensor[]): void {
  tensors.forEach((tensor, i) => {
    if (!isTensor(tensor)) refuse('grad', `tensors[${i}]`, tensor, 'a tensor');
    if (tensor.dtype !== 'f32') refuse('grad', `tensors[${i}]`, tensor.dtype, 'f32');
  });
}

/**
 * Gradients of a scalar: adds the backward graph and returns ∂scalar/∂tensor for each tensor, in its shape. Only what leads to
 * a wanted tensor is formed.
 * @throws GraphError when `scalar` has more than one element, a tensor does not influence it, or an op between them has no
 * gradient (the message names it).
 */
export function grad(scalar: Tensor, tensors: readonly Tensor[]): Tensor[] {
  if (!isTensor(scalar) || scalar.shape.some((size) => size !== 1))
    refuse('grad', 'scalar', isTensor(scalar) ? scalar.shape : scalar, 'a tensor of one element');
  checkWanted(tensors);
  return gradFrom(scalar, full(scalar.shape, 1), tensors);
}

/**
 * Gradients of what `y` leads to, from its own gradient `dy`: the way back in parts, so that the first can be gone before the second
 * begins. Otherwise as `grad`.
 */
export function gradFrom(y: Tensor, dy: Tensor, tensors: readonly Tensor[]): Tensor[] {
  return walk(y, dy, tensors, (node) => node);
}

/**
 * Gradient of a scalar in the first part of a batch, [count, …], where the scalar depends on no other: the way back goes through that
 * part of every map alone. `batch` was made for the ops of this way, of which each treats samples by themselves, and a `split` behind
 * them must have parts of `count`.
 */
export function gradOfFirst(scalar: Tensor, batch: Tensor, count: number): Tensor {
  const size = batch.shape[0]!;
  const way = onPath(schedule([scalar]), new Set([batch]));
  const parts = new Map<Tensor, Tensor>();
  for (const { op, inputs, outputs } of way) if (op.name === 'split') parts.set(inputs[0]!, outputs[0]!);
  const first = (tensor: Tensor): Tensor => {
    if (tensor.shape[0] !== size || (tensor !== batch && !way.has(tensor.node))) return tensor;
    const part = parts.get(tensor) ?? firstOf(tensor, count);
    parts.set(tensor, part);
    return part;
  };
  const [gradient] = walk(scalar, full(scalar.shape, 1), [batch], (node) => ({
    ...node,
    inputs: node.inputs.map(first),
    outputs: node.outputs.map(first),
  }));
  return gradient!;
}

/** The way back, with every node `seen` as gradient rules shall have it. */
function walk(y: Tensor, dy: Tensor, tensors: readonly Tensor[], seen: (node: Node) => Node): Tensor[] {
  const wanted = new Set(tensors);
  const nodes = schedule([y]);
  const path = onPath(nodes, wanted);
  const gradients = new Map<Tensor, Tensor>([[y, dy]]);

  for (const node of [...nodes].reverse()) {
    const dy = node.outputs.map((output) => gradients.get(output) ?? null);
    if (!path.has(node) || dy.every((g) => g === null)) continue;
    const wants = node.inputs.map((tensor) => tensor.dtype === 'f32' && (wanted.has(tensor) || path.has(tensor.node)));
    const rule = gradientRules[node.op.name];
    if (!rule)
      throw new GraphError(
        `grad: ${node.op.name} has no gradient: detach() what should stay constant, or use another op`,
      );
    rule(dy, seen(node), wants).forEach((g, i) => {
      const tensor = node.inputs[i]!;
      if (!g || !wants[i]) return;
      const before = gradients.get(tensor);
      gradients.set(tensor, before ? add(before, g) : g);
    });
  }
  return tensors.map(
    (tensor, i) =>
      gradients.get(tensor) ??
      refuse(
        'grad',
        `tensors[${i}]`,
        `a tensor of [${tensor.shape.join(', ')}] that does not reach the scalar`,
        'one that influences it',
      ),
  );
}
