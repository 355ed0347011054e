import { interfaceOf } from '../kernels/kernel.js';
import type { Keep } from './kept.js';
import { type Block, liveBytes } from './pack.js';
import type { Place, Step } from './plan.js';
import type { Launch, Tensor } from './tensor.js';

/** The temporary that is all a launch writes. */
export function copyMadeBy({ kernel, operands }: Launch): { name: string; tensor: Tensor } | undefined {
  const written = interfaceOf(kernel.source).bindings.filter(({ name, write }) => write && operands[name]);
  const [first, ...more] = written.map(({ name }) => ({ name, tensor: operands[name]!.tensor }));
  return first && more.length === 0 && first.tensor.node.op.name === 'scratch' ? first : undefined;
}

/** Launches with equal text compute the same from the same tensors. */
export function textOf({ kernel, operands }: Launch, made: string): string {
  const { name, constants, hooks, params, workgroups } = kernel;
  const read = Object.entries(operands).map(([binding, { tensor, chunk }]) =>
    binding === made ? [binding, tensor.shape, chunk.index] : [binding, tensor.id, chunk.index],
  );
  return JSON.stringify([name, constants, hooks, params, workgroups, read]);
}

/** A launch's operands with other tensors, of the same shapes, in their place. */
export const redirected = ({ operands }: Launch, replaced: (tensor: Tensor) => Tensor): Launch['operands'] =>
  Object.fromEntries(
    Object.entries(operands).map(([name, view]) => [name, { ...view, tensor: replaced(view.tensor) }]),
  );

/** How many launches write a tensor. */
function writersOf(steps: readonly Step[]): Map<Tensor, number> {
  const writers = new Map<Tensor, number>();
  for (const launch of steps.flatMap(({ launches }) => launches)) {
    for (const { name, write } of interfaceOf(launch.kernel.source).bindings) {
      const tensor = write && launch.operands[name]?.tensor;
      if (tensor) writers.set(tensor, (writers.get(tensor) ?? 0) + 1);
    }
  }
  return writers;
}

/**
 * Temporaries that several nodes would make alike, such as weights in a kernel's order or a map with its border drawn, are made
 * once and kept, where that raises the peak by no more than `keeping` has room for. Changes steps and places.
 */
export function shareCopies(steps: readonly Step[], places: Map<Tensor, Place>, keeping?: Keep): void {
  const blocks = new Set([...places.values()].flatMap(({ parts }) => parts.map(({ block }) => block)));
  const live = liveBytes([...blocks], steps.length);
  const most = Math.max(...live) + Math.max(0, keeping?.room() ?? 0);
  const writers = writersOf(steps);
  const known = new Map<string, Tensor>();
  const kept = new Map<Tensor, Tensor>();

  const blockOf = (tensor: Tensor): Block | undefined => {
    const [part, ...more] = places.get(tensor)!.parts;
    return more.length === 0 ? part!.block : undefined;
  };
  /** Keeps an earlier copy until `step`. */
  const keep = (copy: Tensor, again: Tensor, step: number): boolean => {
    const [block, spared] = [blockOf(copy), blockOf(again)];
    if (!block || !spared) return false;
    const gap = { from: block.last + 2, to: step + 1 };
    for (let i = gap.from; i < gap.to; i++) if (live[i]! + block.bytes > most) return false;
    for (let i = gap.from; i < gap.to; i++) live[i] = live[i]! + block.bytes;
    if (block.last === step) live[step + 1] = live[step + 1]! - spared.bytes;
    block.last = Math.max(block.last, step);
    places.delete(again);
    return true;
  };
  const redirect = (launch: Launch): Launch => ({
    ...launch,
    operands: redirected(launch, (tensor) => kept.get(tensor) ?? tensor),
  });

  steps.forEach((step, at) => {
    step.launches = step.launches.map(redirect).filter((launch) => {
      const made = copyMadeBy(launch);
      if (!made || writers.get(made.tensor) !== 1) return true;
      const text = textOf(launch, made.name);
      const copy = known.get(text);
      if (copy && keep(copy, made.tensor, at)) kept.set(made.tensor, copy);
      else known.set(text, made.tensor);
      return !kept.has(made.tensor);
    });
    step.launches = step.launches.map(redirect);
  });
}
