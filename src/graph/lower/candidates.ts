import { WORKGROUP } from '../../kernels/conv-quads.js';
import type { WeightShape } from '../../kernels/conv-weight.js';
import { type Launch, type Lowering, type Node, refuse, type Tensor } from '../tensor.js';
import { chosen } from './spec.js';

// Ops that can be done in several ways: a table of candidates, and which of them does a given application.

/** A name with numbers in it, `direct-8x4`, and how it becomes launches. */
export interface Candidate<Shape> {
  pattern: RegExp;
  /** How the name is written, for messages. */
  form: string;
  /** Whether it can do the convolution at all; where it cannot, the prior's does. */
  fits?(shape: Shape): boolean;
  /** Rounds more than sums in torch's order do: never chosen under `precise`. */
  rounds?: true;
  /** Names that tuning measures, and those that `full` adds to them. */
  quick?: readonly string[];
  full?: readonly string[];
  /** Channels that a `-broadcast` loads together, by the numbers of its name. */
  shared?(numbers: number[]): number;
  /** The only kind of adapter on which `quick` measures it: on the other it loses by far. */
  quickOn?: 'cpu' | 'gpu';
  lower(plan: Lowering, node: Node, shape: Shape, numbers: number[], name: string): Launch[];
}

/** All candidates of an op, and the one that a device starts with. */
export interface Family<Shape> {
  /** Name that `force` knows it by. */
  op: string;
  rows: readonly Candidate<Shape>[];
  prior(shape: Shape, device: Lowering['device'], precise: boolean): string;
  /** The operand or result that is [O, I, kh, kw]. */
  weights(node: Node): Tensor;
}

export const rowOf = <Shape>({ rows }: Family<Shape>, name: string) => rows.find(({ pattern }) => pattern.test(name));

/** Whether there is a candidate of that name that can do this, in the numeric class asked for. */
export function isAllowed<Shape>(family: Family<Shape>, shape: Shape, precise: boolean, name: string): boolean {
  const row = rowOf(family, name);
  return row !== undefined && row.fits?.(shape) !== false && !(precise && row.rounds);
}

/**
 * Lanes that share loads: where the name asks for it, and subgroups are of one size that divides the channels and fits the workgroups of
 * these kernels.
 */
export function lanesOf({ subgroupSize }: Lowering['device'], name: string, channels: number): number {
  if (!name.endsWith('-broadcast') || subgroupSize === null || subgroupSize > WORKGROUP) return 0;
  return channels % subgroupSize === 0 ? subgroupSize : 0;
}

export const numbersOf = ({ pattern }: { pattern: RegExp }, name: string): number[] =>
  pattern.exec(name)!.slice(1).map(Number);

/** By the candidate that is forced or chosen, else by the prior's. */
export function lowerBy<Shape extends WeightShape>(
  family: Family<Shape>,
  plan: Lowering,
  node: Node,
  shape: Shape,
): Launch[] {
  const prior = family.prior(shape, plan.device, plan.precise);
  const lowered = (name: string): Launch[] => {
    const found = rowOf(family, name);
    if (!found) return refuse(family.op, 'candidate', name, family.rows.map(({ form }) => form).join(', '));
    if (found.fits?.(shape) === false) return lowered(prior);
    return found.lower(plan, node, shape, numbersOf(found, name), name);
  };
  return lowered(chosen(plan, family.op, shape) ?? prior);
}
