import type { Device } from '../device/device.js';
import type { CompileOptions } from './program.js';
import { type Effort, type Node, refuse, type Tunable } from './tensor.js';
import { tuned } from './tune-later.js';

/** What was chosen: spec → candidate, e.g. `conv 3x3 64>64 2^12` → `winograd-1x32-broadcast`. Plain data, for JSON. */
export type Choices = Record<string, string>;

/** An application that several candidates can do. */
export interface Choosable {
  node: Node;
  tunable: Tunable;
}

/** One node for every spec of a graph, those with most work in all first. */
function choosables(device: Device, nodes: readonly Node[], precise: boolean): Choosable[] {
  const { kind, vendor, subgroupSize } = device.profile;
  const found = new Map<string, Choosable & { work: number }>();
  for (const node of nodes) {
    const tunable = node.op.tunable?.(node, { kind, vendor, subgroupSize }, precise);
    if (!tunable) continue;
    const { node: first, work } = found.get(tunable.spec) ?? { node, work: 0 };
    found.set(tunable.spec, { node: first, tunable, work: work + tunable.work });
  }
  return [...found.values()].sort((a, b) => b.work - a.work);
}

/** The candidate that is forced, as far as it fits. @throws GraphError where it is of another numeric class than `precise` asks for */
function forced(
  { op, prior, known, allowed, rounds }: Tunable,
  { force, precise }: CompileOptions,
): string | undefined {
  const name = force?.[op];
  if (name === undefined) return undefined;
  if (precise && rounds(name))
    refuse(op, 'candidate', name, 'one that rounds no more than plain sums do, as precise asks');
  if (!known(name)) return name; // refused where it is lowered, with the names there are
  return allowed(name) ? name : prior;
}

const EFFORTS: readonly unknown[] = ['off', 'quick', 'full'];

/**
 * The candidate of every spec of a program: the forced one, else the one chosen before (`options.choices`), else the one that is
 * fastest by measurement, where tuning is asked for, else the prior's. What is chosen is added to `options.choices`.
 */
export async function choose(device: Device, nodes: readonly Node[], options: CompileOptions): Promise<Choices> {
  const { precise = false, tune = 'off', choices: before = {} } = options;
  if (!EFFORTS.includes(tune)) refuse('compile', 'tune', tune, EFFORTS.join(', '));
  const all = choosables(device, nodes, precise);
  const chosen: Choices = {};
  const open: Choosable[] = [];
  for (const one of all) {
    const { spec, allowed } = one.tunable;
    const kept = before[spec];
    const name = forced(one.tunable, options) ?? (kept !== undefined && allowed(kept) ? kept : undefined);
    if (name !== undefined) chosen[spec] = name;
    else open.push(one);
  }
  if (tune !== 'off' && open.length > 0) Object.assign(chosen, await tuned(device, open, tune as Effort, options));
  for (const { tunable } of open) chosen[tunable.spec] ??= tunable.prior;
  Object.assign(before, chosen);
  return chosen;
}
