import { interfaceOf } from '../kernels/kernel.js';
import { sizeOf } from './chunks.js';
import type { Kept } from './kept.js';
import type { Place, PlanRequest, Step } from './plan.js';
import { redirected, textOf } from './share.js';
import { type Launch, type Node, rootOf, type Tensor } from './tensor.js';

/** What makes one thing that is kept. */
export interface Once {
  node: Node;
  launches: Launch[];
  kept: Kept;
}

/** What a launch does with a temporary, and where it stands among all. */
interface Use {
  node: Node;
  launch: Launch;
  at: number;
  write: boolean;
}

function usesOf(steps: readonly Step[], places: ReadonlyMap<Tensor, Place>): Map<Tensor, Use[]> {
  const uses = new Map<Tensor, Use[]>();
  const all = steps.flatMap(({ node, launches }) => launches.map((launch) => ({ node, launch })));
  all.forEach(({ node, launch }, at) => {
    for (const { name, write } of interfaceOf(launch.kernel.source).bindings) {
      const tensor = launch.operands[name]?.tensor;
      if (!tensor || !places.get(tensor)?.scratch) continue;
      const list = uses.get(tensor) ?? [];
      uses.set(tensor, list);
      list.push({ node, launch, at, write });
    }
  });
  return uses;
}

const tensorsOf = ({ operands }: Launch): Tensor[] => Object.values(operands).map(({ tensor }) => rootOf(tensor));

/**
 * Takes what every run would make alike, of variables that the program leaves as they are, out of its steps, where `keep` has room. Only
 * what is larger than all that it meets in a kernel: the weights of 512 channels, transformed, take 38 MB and longer to make than to
 * multiply with a plane of 8×16. Changes steps and places.
 */
export function takeConstants(
  steps: readonly Step[],
  places: Map<Tensor, Place>,
  { updates, keep }: Pick<PlanRequest, 'updates' | 'keep'>,
): Once[] {
  if (!keep) return [];
  const changing = new Set(updates.map(([variable]) => variable));
  const isConstant = (root: Tensor) => root.node.op.source === 'variable' && !changing.has(root);
  const taken: Once[] = [];
  const gone = new Set<Launch>();
  for (const [tensor, uses] of usesOf(steps, places)) {
    const [writers, readers] = [uses.filter(({ write }) => write), uses.filter(({ write }) => !write)];
    const others = (list: readonly Use[]) =>
      list.flatMap(({ launch }) => tensorsOf(launch).filter((other) => other !== tensor));
    const sources = [...new Set(others(writers))];
    const largest = Math.max(...others(readers).map(({ shape }) => sizeOf(shape)));
    const written = Math.max(...writers.map(({ at }) => at));
    if (!sources.every(isConstant) || readers.some(({ at }) => at < written) || sizeOf(tensor.shape) <= largest)
      continue;
    const text = writers.map(({ launch }) => textOf(launch, nameIn(launch, tensor))).join();
    const kept = keep.find({ text, tensor, bytes: 4 * sizeOf(tensor.shape), sources });
    if (!kept) continue;
    places.delete(tensor);
    for (const { launch } of uses)
      launch.operands = redirected(launch, (other) => (other === tensor ? kept.tensor : other));
    for (const { launch } of writers) gone.add(launch);
    // Another node's may be alike.
    if (taken.some((other) => other.kept === kept)) continue;
    taken.push({ node: writers[0]!.node, launches: writers.map(({ launch }) => launch), kept });
  }
  for (const step of steps) step.launches = step.launches.filter((launch) => !gone.has(launch));
  return taken;
}

const nameIn = ({ operands }: Launch, tensor: Tensor): string =>
  Object.keys(operands).find((name) => operands[name]!.tensor === tensor)!;
