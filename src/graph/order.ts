import { sizeOf } from './chunks.js';
import { readersOf, schedule } from './schedule.js';
import { type Node, rootOf, type Tensor } from './tensor.js';

/** Elements. */
const HANDFUL = 16;

type Updates = readonly (readonly [variable: Tensor, value: Tensor])[];

/**
 * What makes the values of updates, and by it what those before it make for it alone: a gradient, scaled. Operands first. A maker
 * that anything but another maker reads stays where it is.
 */
function unitsOf(nodes: readonly Node[], outputs: readonly Tensor[], updates: Updates): Map<Node, Node[]> {
  const makers = new Set(updates.map(([, value]) => value.node));
  const shown = new Set(outputs.map(({ node }) => node));
  const readers = readersOf(nodes);
  const owner = new Map<Node, Node>();
  // From the last on, so that all readers of a node have their owners before it.
  for (const node of [...nodes].reverse()) {
    if (node.op.source || shown.has(node)) continue;
    const owners = new Set(node.outputs.flatMap((tensor) => readers.get(tensor) ?? []).map((each) => owner.get(each)));
    if (makers.has(node) && !owners.has(undefined)) owner.set(node, node);
    else if (owners.size === 1 && !makers.has(node)) owners.forEach((only) => only && owner.set(node, only));
  }
  const units = new Map<Node, Node[]>();
  for (const node of nodes) {
    const maker = owner.get(node);
    if (maker) units.set(maker, [...(units.get(maker) ?? []), node]);
  }
  return units;
}

/** Nodes that a unit must wait for: makers of its operands, and the readers of what its maker's values replace. */
function awaited(unit: readonly Node[], updates: Updates, readers: ReadonlyMap<Tensor, Node[]>): Set<Node> {
  const replaced = updates.filter(([, value]) => value.node === unit.at(-1)).map(([variable]) => variable);
  const before = [
    ...unit.flatMap((node) => node.inputs.map((tensor) => tensor.node)),
    ...replaced.flatMap((variable) => readers.get(variable) ?? []),
  ];
  return new Set(before.filter((node) => !unit.includes(node)));
}

const makersOf = ({ inputs }: Node): Set<Node> => new Set(inputs.map(({ node }) => node));

/** It makes a few numbers of what it reads, or another shape: the sooner it runs, the sooner that memory is free. */
const isBrief = ({ op, outputs }: Node): boolean =>
  op.alias === true || outputs.every(({ shape }) => sizeOf(shape) <= HANDFUL);

/**
 * The order of a program: as the graph was built, but what ends in an update runs as soon as its operands are there and nothing
 * else reads the variable's old value any more, and a sum or a fault found in a tensor as soon as the tensor is there. In a training step Adam then follows each gradient at once, instead of all
 * gradients waiting for the last: 0.7 GiB less for pix2pixHD's generator, as much as its weights.
 */
export function memoryOrder(outputs: readonly Tensor[], updates: Updates): Node[] {
  const nodes = schedule([...outputs, ...updates.flat()]);
  const units = unitsOf(nodes, outputs, updates);
  const readers = readersOf(nodes, rootOf);
  const owned = new Set([...units.values()].flat());
  const waiting = [
    ...[...units.values()].map((unit) => ({ unit, wait: awaited(unit, updates, readers) })),
    ...nodes
      .filter((node) => isBrief(node) && !owned.has(node))
      .map((node) => ({ unit: [node], wait: makersOf(node) })),
  ];
  const followers = new Map<Node, typeof waiting>();
  for (const each of waiting) for (const node of each.wait) followers.set(node, [...(followers.get(node) ?? []), each]);

  const order = new Set<Node>();
  const emit = (node: Node): void => {
    if (order.has(node)) return;
    order.add(node);
    for (const { unit, wait } of followers.get(node) ?? []) {
      wait.delete(node);
      if (wait.size === 0) unit.forEach(emit);
    }
  };
  // What all updates wait for is there from the start: Adam's rates, and constants beside them.
  const isFirst = (node: Node) => node.op.source || (node.inputs.length === 0 && isBrief(node));
  for (const node of nodes) if (isFirst(node) && !units.has(node)) emit(node);
  // Makers wait, the rest of their units does not: a gradient's operands may be large.
  for (const node of nodes) if (!units.has(node)) emit(node);
  // Updates that read each other's variables wait for each other: they run last, as built.
  for (const node of nodes) emit(node);
  return [...order];
}
