import source from '../../shaders/pointwise.wgsl';
import { groupsFor, type Kernel } from './kernel.js';

/**
 * How an operand is reached: `same` index as the output, its `one` element, a `constant`, `broadcast` through strides, or `given`
 * by the kernel that the expression is folded into.
 */
export type Access = 'same' | 'one' | 'constant' | 'broadcast' | 'given';

export interface PointwiseOperand {
  /** Name in the expression. */
  name: string;
  access: Access;
  constant?: number;
  /** Strides per collapsed axis, innermost first; for `broadcast`. */
  strides?: readonly number[];
  /** Bound chunk. */
  base: number;
  end: number;
}

/** An elementwise function: `let v0 = lets[0]; …`, then the expression over the operands' names and those before it. */
export interface Mapping {
  lets?: readonly string[];
  expression: string;
  operands: readonly PointwiseOperand[];
}

export interface PointwiseSpec extends Mapping {
  op: string;
  /** Collapsed axes of the output, innermost first. */
  sizes: readonly number[];
  start: number;
  finish: number;
  outBase: number;
  /** Broadcast operands in several chunks: write only where all of them are bound. */
  guarded: boolean;
}

/** Elements a thread computes: one a thread costs a CPU adapter more in threads than in arithmetic. */
const TILE = 8;

/** Tensors that a kernel has bindings for beside its output, those of them that may broadcast, and constants. */
export const MOST_TENSORS = 7;
export const MOST_BROADCASTS = 4;
export const MOST_CONSTANTS = 8;

const LANES = ['x', 'y', 'z', 'w'] as const;
const SLOTS = Array.from({ length: MOST_TENSORS }, (_, k) => k);

const LOADS: Record<Access, (slot: number) => string> = {
  same: (k) => `operand${k}[i - params.base${k}]`,
  one: (k) => `operand${k}[0]`,
  constant: (k) => `params.constants[${k >> 2}].${LANES[k & 3]}`,
  broadcast: (k) => `operand${k}[at.${LANES[k]} - params.base${k}]`,
  given: () => 'value',
};

const isTensor = ({ access }: PointwiseOperand): boolean => access !== 'constant' && access !== 'given';
/** In the order of the bindings `operand0`, … */
export const tensorsOf = (operands: readonly PointwiseOperand[]): PointwiseOperand[] => operands.filter(isTensor);

/** Statements that return the expression's value where its tensors are known by name: constants are loaded here. */
export function returning({ lets = [], expression, operands }: Mapping): string {
  const constants = operands
    .filter(({ access }) => access === 'constant')
    .map(({ name }, k) => `let ${name} = ${LOADS.constant(k)};`);
  return [...constants, ...lets.map((text, k) => `let v${k} = ${text};`), `return ${expression};`].join(' ');
}

/** The expression as the hook `value`, its operands loaded by name. */
export function valueHooks(mapping: Mapping): Record<string, string> {
  const loads = tensorsOf(mapping.operands).map(({ name, access }, k) => `let ${name} = ${LOADS[access](k)};`);
  return { value: `fn value(i: u32, at: vec4u) -> f32 { ${[...loads, returning(mapping)].join(' ')} }` };
}

const boundsCheck = (operands: readonly PointwiseOperand[]): string =>
  tensorsOf(operands)
    .flatMap(({ access }, k) =>
      access === 'broadcast' ? [`at.${LANES[k]} >= params.base${k} && at.${LANES[k]} < params.end${k}`] : [],
    )
    .join(' && ');

/** Uniforms that say where the operands are; shared with the mapped reduction. */
export function operandParams(operands: readonly PointwiseOperand[]): Record<string, number | number[]> {
  const tensors = tensorsOf(operands);
  return {
    ...Object.fromEntries(SLOTS.map((k) => [`base${k}`, tensors[k]?.base ?? 0])),
    constants: operands.flatMap(({ constant }) => constant ?? []),
  };
}

export function pointwiseKernel(spec: PointwiseSpec): Kernel {
  const { operands, sizes } = spec;
  const strided = operands.some(({ access }) => access === 'broadcast');
  const tensors = tensorsOf(operands);
  const hooks = valueHooks(spec);
  if (!strided) hooks.place = 'fn place(i: u32) -> vec4u { return vec4u(0u); }';
  if (spec.guarded) hooks.inside = `fn inside(at: vec4u) -> bool { return ${boundsCheck(operands)}; }`;
  const elements = spec.finish - spec.start;
  return {
    name: `${spec.op}.map`,
    source,
    constants: { TILE, RANK: strided ? sizes.length : 0 },
    hooks,
    params: {
      start: spec.start,
      end: spec.finish,
      outBase: spec.outBase,
      ...operandParams(operands),
      ...Object.fromEntries(LANES.map((_, k) => [`end${k}`, tensors[k]?.end ?? 0])),
      sizes: strided ? sizes.flatMap((size) => [size, 0, 0, 0]) : [],
      strides: strided ? sizes.flatMap((_, d) => LANES.map((_, k) => tensors[k]?.strides?.[d] ?? 0)) : [],
    },
    workgroups: groupsFor(elements / TILE),
    flops: elements,
  };
}
