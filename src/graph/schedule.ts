import type { Place, PlanRequest, Step } from './plan.js';
import { type Node, rootOf, type Tensor } from './tensor.js';

/** Nodes needed for `targets`, operands first. Ids grow as the graph is built, so their order is a valid schedule. */
export function schedule(targets: readonly Tensor[]): Node[] {
  const seen = new Set<Node>();
  const stack = targets.map((tensor) => tensor.node);
  while (stack.length > 0) {
    const node = stack.pop()!;
    if (seen.has(node)) continue;
    seen.add(node);
    stack.push(...node.inputs.map((tensor) => tensor.node));
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

/** Nodes by the tensor that they read, or by what `of` makes of it. */
export function readersOf(nodes: readonly Node[], of = (tensor: Tensor) => tensor): Map<Tensor, Node[]> {
  const readers = new Map<Tensor, Node[]>();
  for (const node of nodes) {
    for (const tensor of new Set(node.inputs.map(of))) {
      const list = readers.get(tensor);
      if (list) list.push(node);
      else readers.set(tensor, [node]);
    }
  }
  return readers;
}

/** What must exist when a program has run, by the memory that it is in. */
export const targetsOf = ({ outputs, updates }: Pick<PlanRequest, 'outputs' | 'updates'>): Set<Tensor> =>
  new Set([...outputs, ...updates.map(([, value]) => value)].map(rootOf));

/** Whether tensors that are there at step `from` still are at step `to`: none of the steps between was given the memory of one. */
export function lasts(
  tensors: readonly Tensor[],
  steps: readonly Step[],
  [from, to]: readonly [number, number],
  placeOf: (tensor: Tensor) => Place | undefined,
): boolean {
  const places = new Set(tensors.map(placeOf).filter((place) => place !== undefined));
  const keeps = (out: Tensor) => !places.has(placeOf(out)!);
  return steps.slice(from + 1, to).every(({ node }) => node.outputs.every(keeps));
}
