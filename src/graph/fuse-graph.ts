import { sizeOf } from './chunks.js';
import { broughtBy, type FoldedAttrs, lowerFolded } from './lower/folded.js';
import { accessOf } from './ops/pointwise.js';
import { type Node, type Op, rootOf, type Tensor } from './tensor.js';

// The graph that fusing changes: who makes and who reads each tensor, and what all ways of fusing ask of it.

export interface Graph {
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

export function link({ maker, readers }: Graph, node: Node, place: number): void {
  for (const tensor of node.outputs) maker.set(tensor, place);
  for (const tensor of node.inputs) {
    const places = readers.get(tensor);
    if (places) places.add(place);
    else readers.set(tensor, new Set([place]));
  }
}

export function replace(graph: Graph, place: number, node: Node | null): void {
  for (const tensor of graph.items[place]!.inputs) graph.readers.get(tensor)!.delete(place);
  graph.items[place] = node;
  if (node) link(graph, node, place);
}

export const isRead = ({ readers }: Graph, tensor: Tensor): boolean => (readers.get(tensor)?.size ?? 0) > 0;
export const makerOf = ({ items, maker }: Graph, tensor: Tensor): Node | null => items[maker.get(tensor)!] ?? null;
export const readBy = ({ readers, targets }: Graph, tensor: Tensor, place: number): boolean =>
  !targets.has(tensor) && readers.get(tensor)!.size === 1 && readers.get(tensor)!.has(place);
export const sameShape = (a: Tensor, b: Tensor): boolean => a.shape.join() === b.shape.join();
/** Everything a hook can reach: elements at the same index, or the only one. */
export const plain = (tensors: readonly Tensor[], as: Tensor): boolean =>
  tensors.every((tensor) => accessOf(tensor, as) !== 'broadcast');

export const joined = (a: string, b: string): string => [...new Set([...a.split('+'), ...b.split('+')])].join('+');

/** The elementwise node that makes `tensor`, where it may be computed by its reader instead: if that is the only one, or it is constant. */
export function movable(graph: Graph, tensor: Tensor, place: number, as: Tensor): Node | undefined {
  const constant = makerOf(graph, rootOf(tensor));
  if (constant?.op.elementwise && constant.inputs.length === 0) return constant;
  const made = makerOf(graph, tensor);
  if (!made?.op.elementwise || ![tensor, as, ...made.inputs].every(graph.fits)) return undefined;
  const alike = sameShape(tensor, as) || sizeOf(tensor.shape) === 1;
  return alike && readBy(graph, tensor, place) ? made : undefined;
}

/** Replaces the reader at `place` by one that computes `tensor` itself. */
export function absorb(graph: Graph, place: number, tensor: Tensor, node: Node): void {
  replace(graph, place, node);
  if (!isRead(graph, tensor) && !graph.targets.has(tensor)) replace(graph, graph.maker.get(tensor)!, null);
}

export const folded = (at: Node, attrs: FoldedAttrs, other: Node, inputs: readonly Tensor[]): Node<FoldedAttrs> => {
  const { inPlace } = attrs.base.op;
  const names = attrs.hook === 'load' ? [other.op.name, at.op.name] : [at.op.name, other.op.name];
  const op: Op<FoldedAttrs> = { name: joined(names[0]!, names[1]!), lower: lowerFolded, inPlace };
  return { id: at.id, op, inputs: [...broughtBy(attrs), ...inputs], attrs, outputs: at.outputs };
};
