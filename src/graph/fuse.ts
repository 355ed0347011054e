import { MOST_FOLDED } from '../kernels/fold.js';
import { MOST_BROADCASTS, MOST_CONSTANTS, MOST_TENSORS } from '../kernels/pointwise.js';
import { attrsOf, expressionOf, inlined } from './expression.js';
import {
  absorb,
  folded,
  type Graph,
  isRead,
  joined,
  link,
  makerOf,
  movable,
  plain,
  readBy,
  replace,
  sameShape,
} from './fuse-graph.js';
import { intoLoad } from './fuse-load.js';
import type { FoldedAttrs } from './lower/folded.js';
import { accessOf, opNamed } from './ops/pointwise.js';
import { type Node, rootOf, type Tensor } from './tensor.js';

/**
 * Elementwise nodes disappear into what they stand beside: into their only reader where that is elementwise too or loads through
 * a hook, else into what makes one of their operands where that is written through one. Nodes come and go in the order in which
 * they run; what disappears never has memory. The arithmetic stays the same, and so do the bits.
 */
export function fuse(
  nodes: readonly Node[],
  /** What must exist. */
  { outputs, updates }: Targets,
  /** Whether a tensor fits one binding. */
  fits: (tensor: Tensor) => boolean,
): Node[] {
  const values = new Set(updates.map(([, value]) => rootOf(value)));
  const targets = new Set([...outputs.map(rootOf), ...values]);
  const graph: Graph = { items: [...nodes], maker: new Map(), readers: new Map(), targets, values, fits };
  nodes.forEach((node, place) => {
    link(graph, node, place);
  });
  nodes.forEach((_, place) => {
    intoReader(graph, place);
  });
  nodes.forEach((_, place) => {
    intoMaker(graph, place);
  });
  nodes.forEach((_, i) => {
    dropDead(graph, nodes.length - 1 - i);
  });
  return graph.items.filter((item) => item !== null);
}

interface Targets {
  outputs: readonly Tensor[];
  updates: readonly (readonly [variable: Tensor, value: Tensor])[];
}

/** Drops what nothing reads any more: the alias of a constant. */
function dropDead(graph: Graph, place: number): void {
  const item = graph.items[place];
  if (!item || item.op.source || item.outputs.some((each) => graph.targets.has(each) || isRead(graph, each))) return;
  replace(graph, place, null);
}

// ---- into the reader

function intoReader(graph: Graph, place: number): void {
  const reader = graph.items[place]!;
  if (reader.op.elementwise) {
    for (const tensor of new Set(reader.inputs)) intoElementwise(graph, place, tensor);
  } else if (reader.op.load !== undefined) intoLoad(graph, place, reader.inputs[reader.op.load]!);
}

function intoElementwise(graph: Graph, place: number, tensor: Tensor): void {
  const reader = graph.items[place]!;
  const [out] = reader.outputs as [Tensor];
  const made = movable(graph, tensor, place, out);
  if (!made || !graph.fits(out)) return;
  const expression = inlined(expressionOf(reader), tensor, expressionOf(made));
  const broadcasts = expression.tensors.filter((each) => accessOf(each, out) === 'broadcast');
  const { tensors, constants } = expression;
  if (tensors.length > MOST_TENSORS || broadcasts.length > MOST_BROADCASTS || constants.length > MOST_CONSTANTS) return;
  // The first bindings alone can broadcast.
  const inputs = [...broadcasts, ...tensors.filter((each) => !broadcasts.includes(each))];
  const op = opNamed(joined(made.op.name, reader.op.name));
  absorb(graph, place, tensor, { ...reader, op, inputs, attrs: attrsOf(expression, inputs) });
}

// ---- into the maker

/** Whether `value` may be written over a variable that it reads: only an op of its own can do that in place. */
const replaced = ({ values }: Graph, read: Tensor, value: Tensor): boolean =>
  values.has(value) && rootOf(read).node.op.source === 'variable';

/** Whether the node at `place` may run where `tensor` is made: what else it reads is there by then. */
function storable(graph: Graph, place: number, tensor: Tensor): boolean {
  const { inputs, outputs } = graph.items[place]!;
  const maker = makerOf(graph, tensor);
  if (maker?.op.emit === undefined || maker.outputs[0] !== tensor || !readBy(graph, tensor, place)) return false;
  const at = graph.maker.get(tensor)!;
  const others = inputs.filter((each) => each !== tensor);
  return (
    sameShape(tensor, outputs[0]!) &&
    others.length <= maker.op.emit &&
    others.every((each) => graph.maker.get(each)! < at && !replaced(graph, each, outputs[0]!)) &&
    [...inputs, ...maker.inputs, ...outputs, ...maker.outputs].every(graph.fits) &&
    plain(inputs, outputs[0]!)
  );
}

function intoMaker(graph: Graph, place: number): void {
  const node = graph.items[place];
  if (!node?.op.elementwise) return;
  const [tensor] = node.inputs
    .filter((each) => storable(graph, place, each))
    .sort((a, b) => graph.maker.get(b)! - graph.maker.get(a)!);
  if (!tensor) return;
  const expression = expressionOf(node);
  if (expression.tensors.length > MOST_FOLDED + 1 || expression.constants.length > MOST_CONSTANTS) return;
  const at = graph.maker.get(tensor)!;
  const maker = graph.items[at]!;
  const outputs = [node.outputs[0]!, ...maker.outputs.slice(1)];
  const attrs: FoldedAttrs = { base: maker, hook: 'emit', replaced: tensor, given: tensor, expression };
  replace(graph, place, null);
  replace(graph, at, { ...folded(maker, attrs, node, maker.inputs), outputs });
}
