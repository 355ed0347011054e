import { sizeOf } from './chunks.js';
import type { ProgramSpec } from './program.js';
import { readersOf, schedule } from './schedule.js';
import { apply, type Node, type Tensor } from './tensor.js';

/**
 * What the way back computes again instead of keeping it from the way forth: nothing; all that costs a pass over memory, such as norms
 * and activations; also the convolutions of residual blocks, of which only the sums stay; also those of the largest maps.
 */
export const RECOMPUTE = ['none', 'norms', 'blocks', 'all'] as const;
export type Recompute = (typeof RECOMPUTE)[number];

/** Ops that compute much for what they write. All others are passes over memory. */
const COSTLY = new Set(['conv2d', 'convTranspose2d', 'convWeight', 'regionMean']);

/** Elements that are not worth computing twice: statistics of planes, losses. */
const SMALL = 2 ** 11;

/** Maps of more than this share of the largest are computed again by `all`: the outer levels of generators and of VGG19. */
const LARGE = 1 / 2;

/** Nodes of a block's inner way, from the operand that is its sum's other one; none where `sum` adds anything else. */
function innerWay(sum: Node): Node[] {
  const [around, inner] = sum.inputs as [Tensor, Tensor?];
  if (sum.op.name !== 'add' || !inner || around.shape.join() !== inner.shape.join()) return [];
  const way: Node[] = [];
  for (let at: Tensor | undefined = inner; at && at !== around; at = at.node.inputs[0]) {
    if (at.node.op.source || at.node.id < around.node.id) return [];
    way.push(at.node);
  }
  return way;
}

/** Nodes of residual blocks' inner ways, and their sums. */
function blocksOf(forward: readonly Node[]): { inner: Set<Node>; sums: Set<Node> } {
  const [inner, sums] = [new Set<Node>(), new Set<Node>()];
  for (const node of forward) {
    const way = innerWay(node);
    if (way.length > 0) sums.add(node);
    for (const each of way) inner.add(each);
  }
  return { inner, sums };
}

/** Nodes whose results are not kept for the way back. */
function droppedNodes(forward: readonly Node[], readers: ReadonlyMap<Tensor, Node[]>, mode: Recompute): Set<Node> {
  const size = ({ outputs }: Node) => sizeOf(outputs[0]!.shape);
  const costly = (node: Node) => COSTLY.has(node.op.name);
  const most = LARGE * forward.filter(costly).reduce((largest, node) => Math.max(largest, size(node)), 0);
  const { inner, sums } = blocksOf(forward);
  const inBlocks = mode === 'blocks' || mode === 'all';
  const dropped = new Set<Node>();
  /** It takes over the memory of a result that is kept and that nothing else reads. */
  const takesOver = ({ op, inputs }: Node) =>
    op.inPlace === true &&
    inputs.some((x) => !x.node.op.source && !dropped.has(x.node) && readers.get(x)!.length === 1);
  const isKept = (node: Node): boolean => {
    if (node.op.source) return true;
    // The next block's way begins at the sum, so that going back from block to block never goes further than one.
    if (inBlocks && sums.has(node)) return true;
    if (inBlocks && inner.has(node)) return false;
    if (costly(node)) return mode !== 'all' || size(node) <= most;
    return takesOver(node);
  };
  for (const node of forward) if (!isKept(node)) dropped.add(node);
  return dropped;
}

/**
 * The same program with less memory: where the way back – what the outputs do not depend on – reads a result that is not kept, it
 * computes it again from what is, by the same kernels and so to the same bits. Variables and inputs stay those of `spec`.
 */
export function recomputed(spec: ProgramSpec, mode: Recompute = 'none'): ProgramSpec {
  if (mode === 'none') return spec;
  const outputs = Object.entries(spec.outputs ?? {});
  const updates = spec.updates ?? [];
  const forward = schedule(outputs.map(([, tensor]) => tensor).filter(({ node }) => !node.op.aside));
  const isForward = new Set(forward);
  const nodes = schedule([...outputs.map(([, tensor]) => tensor), ...updates.map(([, value]) => value)]);
  const dropped = droppedNodes(forward, readersOf(nodes), mode);
  const first = new Map<Tensor, Tensor>();
  const again = new Map<Tensor, Tensor>();

  const made = (node: Node, inputs: Tensor[], into: Map<Tensor, Tensor>) => {
    const shapes = node.outputs.map(({ shape, dtype }) => ({ shape, dtype }));
    apply(node.op, inputs, node.attrs, ...shapes).forEach((tensor, i) => into.set(node.outputs[i]!, tensor));
  };
  const kept = (tensor: Tensor) => first.get(tensor) ?? tensor;
  /** For the way back: kept, or computed again just before it is read for the first time. */
  const late = (tensor: Tensor): Tensor => {
    const { node } = tensor;
    if (!dropped.has(node) || sizeOf(tensor.shape) <= SMALL) return kept(tensor);
    if (!again.has(tensor)) made(node, node.inputs.map(late), again);
    return again.get(tensor)!;
  };
  // Everything is made anew, in the same order, since the order of making is that of running.
  for (const node of nodes) {
    if (!node.op.source) made(node, node.inputs.map(isForward.has(node) ? kept : late), first);
  }
  return {
    inputs: spec.inputs,
    outputs: Object.fromEntries(outputs.map(([name, tensor]) => [name, kept(tensor)])),
    updates: updates.map(([variable, value]) => [variable, kept(value)]),
  };
}
