import { sizeOf } from './chunks.js';
import type { Part } from './dispatch.js';
import { scale } from './ops/pointwise.js';
import type { PlanRequest } from './plan.js';
import type { ProgramSpec } from './program.js';
import { readersOf } from './schedule.js';
import { type Node, rootOf, type Tensor } from './tensor.js';

// How variables come by their new values.

export type Update = [variable: Tensor, value: Tensor];

/** Updates whose values have memory of their own: one that is fed, another variable, given twice or a part is copied first. */
export function ownValues(updates: NonNullable<ProgramSpec['updates']>): Update[] {
  const taken = new Set<Tensor>();
  return updates.map(([variable, value]) => {
    const root = rootOf(value);
    const shared = root.node.op.source !== undefined || taken.has(root) || sizeOf(root.shape) !== sizeOf(value.shape);
    taken.add(root);
    return [variable, shared ? scale(value, 1) : value];
  });
}

/**
 * Which updates may be written straight into their variable: nothing reads the old value after the node that makes the new
 * one, and that node itself reads it element by element or not at all.
 */
export function directUpdates(
  nodes: readonly Node[],
  { outputs, updates }: Pick<PlanRequest, 'outputs' | 'updates'>,
): Map<Tensor, Tensor> {
  const place = new Map(nodes.map((node, i) => [node, i]));
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((tensor) => [tensor, node])));
  const readers = readersOf(nodes, rootOf);
  const shown = new Set(outputs.map(rootOf));
  const direct = new Map<Tensor, Tensor>();
  for (const [variable, value] of updates) {
    const root = rootOf(value);
    const maker = makers.get(root)!;
    const legal = (readers.get(variable) ?? []).every(
      (node) => place.get(node)! < place.get(maker)! || (node === maker && maker.op.inPlace),
    );
    if (legal && !maker.op.source && !shown.has(variable) && !direct.has(root)) direct.set(root, variable);
  }
  return direct;
}

/** Those that could not be written in place. */
export function copyUpdates(
  encoder: GPUCommandEncoder,
  copies: readonly Update[],
  parts: (tensor: Tensor) => Part[],
): void {
  for (const [variable, value] of copies) {
    const [to] = parts(variable) as [Part];
    for (const { buffer, offset, size, start } of parts(value))
      encoder.copyBufferToBuffer(buffer, offset, to.buffer, to.offset + 4 * start, size);
  }
}
