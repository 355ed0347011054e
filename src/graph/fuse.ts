import { MOST_FOLDED } from '../kernels/fold.js';
import { MOST_BROADCASTS, MOST_CONSTANTS, MOST_TENSORS } from '../kernels/pointwise.js';
import { sizeOf } from './chunks.js';
import { attrsOf, type Expression, expressionOf, inlined } from './expression.js';
import { broughtBy, type FoldedAttrs, lowerFolded } from './lower/folded.js';
import { accessOf, opNamed } from './ops/pointwise.js';
import { type Node, type Op, rootOf, type Tensor } from './tensor.js';

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

interface Graph {
  /** By place; null: folded away. */
  items: (Node | null)[];
  /** Places of a tensor's maker and readers. */
  maker: Map<Tensor, number>;
  readers: Map<Tensor, Set<number>>;
  /** Outputs and values of updates; those values alone. */
  targets: ReadonlySet<Tensor>;
  values: ReadonlySet<Tensor>;
  fits(tensor: Tensor): boolean;
}

function link({ maker, readers }: Graph, node: Node, place: number): void {
  for (const tensor of node.outputs) maker.set(tensor, place);
  for (const tensor of node.inputs) {
    const places = readers.get(tensor);
    if (places) places.add(place);
    else readers.set(tensor, new Set([place]));
  }
}

function replace(graph: Graph, place: number, node: Node | null): void {
  for (const tensor of graph.items[place]!.inputs) graph.readers.get(tensor)!.delete(place);
  graph.items[place] = node;
  if (node) link(graph, node, place);
}

const isRead = ({ readers }: Graph, tensor: Tensor): boolean => (readers.get(tensor)?.size ?? 0) > 0;
const makerOf = ({ items, maker }: Graph, tensor: Tensor): Node | null => items[maker.get(tensor)!] ?? null;
const readBy = ({ readers, targets }: Graph, tensor: Tensor, place: number): boolean =>
  !targets.has(tensor) && readers.get(tensor)!.size === 1 && readers.get(tensor)!.has(place);
const sameShape = (a: Tensor, b: Tensor): boolean => a.shape.join() === b.shape.join();
/** Everything a hook can reach: elements at the same index, or the only one. */
const plain = (tensors: readonly Tensor[], as: Tensor): boolean =>
  tensors.every((tensor) => accessOf(tensor, as) !== 'broadcast');

const joined = (a: string, b: string): string => [...new Set([...a.split('+'), ...b.split('+')])].join('+');

/** Drops what nothing reads any more: the alias of a constant. */
function dropDead(graph: Graph, place: number): void {
  const item = graph.items[place];
  if (!item || item.op.source || item.outputs.some((each) => graph.targets.has(each) || isRead(graph, each))) return;
  replace(graph, place, null);
}

// ---- into the reader

/** The elementwise node that makes `tensor`, where it may be computed by its reader instead: if that is the only one, or it is constant. */
function movable(graph: Graph, tensor: Tensor, place: number, as: Tensor): Node | undefined {
  const constant = makerOf(graph, rootOf(tensor));
  if (constant?.op.elementwise && constant.inputs.length === 0) return constant;
  const made = makerOf(graph, tensor);
  if (!made?.op.elementwise || ![tensor, as, ...made.inputs].every(graph.fits)) return undefined;
  const alike = sameShape(tensor, as) || sizeOf(tensor.shape) === 1;
  return alike && readBy(graph, tensor, place) ? made : undefined;
}

/** Replaces the reader at `place` by one that computes `tensor` itself. */
function absorb(graph: Graph, place: number, tensor: Tensor, node: Node): void {
  replace(graph, place, node);
  if (!isRead(graph, tensor) && !graph.targets.has(tensor)) replace(graph, graph.maker.get(tensor)!, null);
}

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

function intoLoad(graph: Graph, place: number, tensor: Tensor): void {
  const reader = graph.items[place]!;
  const others = reader.inputs.filter((each) => each !== tensor);
  if (others.length < reader.inputs.length - 1 || !reader.inputs.every(graph.fits)) return;
  const made = movable(graph, tensor, place, tensor);
  if (!made) return;
  const given = reader.op.known?.(reader);
  const expression = knowing(graph, expressionOf(made), given);
  const attrs: FoldedAttrs = { base: reader, hook: 'load', replaced: tensor, given, expression };
  const brought = broughtBy(attrs);
  if (brought.length > MOST_FOLDED || expression.constants.length > MOST_CONSTANTS || !plain(brought, tensor)) return;
  absorb(graph, place, tensor, folded(reader, attrs, made, others));
}

/** An expression that computes what is a function of `given` alone, an activation, instead of reading it. */
function knowing(graph: Graph, expression: Expression, given: Tensor | undefined): Expression {
  return expression.tensors.reduce((known, tensor) => {
    const made = makerOf(graph, tensor);
    const simple = made?.op.elementwise && made.inputs.length > 0 && made.inputs.every((each) => each === given);
    return simple && sameShape(tensor, given!) ? inlined(known, tensor, expressionOf(made)) : known;
  }, expression);
}

// ---- into the maker

const folded = (at: Node, attrs: FoldedAttrs, other: Node, inputs: readonly Tensor[]): Node<FoldedAttrs> => {
  const { inPlace } = attrs.base.op;
  const names = attrs.hook === 'load' ? [other.op.name, at.op.name] : [at.op.name, other.op.name];
  const op: Op<FoldedAttrs> = { name: joined(names[0]!, names[1]!), lower: lowerFolded, inPlace };
  return { id: at.id, op, inputs: [...broughtBy(attrs), ...inputs], attrs, outputs: at.outputs };
};

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
