import source from '../../shaders/pointwise.wgsl';
import { groupsFor, type Kernel } from './kernel.js';

/** How a tensor is reached: `same` index as the output, its `one` element, or `broadcast` through strides. */
export type Access = 'same' | 'one' | 'broadcast';

/** A tensor of an elementwise function as it is bound. */
export interface Reached {
  access: Access;
  /** Strides per collapsed axis, innermost first; for `broadcast`. */
  strides?: readonly number[];
  /** Bound chunk. */
  base: number;
  end: number;
}

/** An elementwise function: `let v0 = lets[0]; …`, then the expression over the operands' names and those before it. */
export interface Mapping {
  /** Only fused functions have them. */
  lets?: readonly string[];
  expression: string;
  /** Name in the expression → the constant, or null for the next tensor. */
  operands: readonly (readonly [name: string, constant: number | null])[];
}

export interface PointwiseSpec {
  op: string;
  mapping: Mapping;
  tensors: readonly Reached[];
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
  broadcast: (k) => `operand${k}[at.${LANES[k]} - params.base${k}]`,
};

/** Names of the tensors, in their order. */
export const tensorNames = ({ operands }: Mapping): string[] =>
  operands.flatMap(([name, constant]) => (constant === null ? [name] : []));

export const constantsOf = ({ operands }: Mapping): number[] => operands.flatMap(([, constant]) => constant ?? []);

/** Statements that return the expression's value where its tensors are known by name: constants are loaded here, from the `first` uniform on. */
export function returning({ lets = [], expression, operands }: Mapping, first = 0): string {
  const constants = operands
    .filter(([, constant]) => constant !== null)
    .map(([name], k) => `let ${name} = params.constants[${(first + k) >> 2}].${LANES[(first + k) & 3]};`);
  return [...constants, ...lets.map((text, k) => `let v${k} = ${text};`), `return ${expression};`].join(' ');
}

/** The expression as the hook `value`, its tensors `operand0`, … loaded by name. */
export function valueHooks(mapping: Mapping, tensors: readonly Reached[]): Record<string, string> {
  const loads = tensorNames(mapping).map((name, k) => `let ${name} = ${LOADS[tensors[k]!.access](k)};`);
  return { value: `fn value(i: u32, at: vec4u) -> f32 { ${[...loads, returning(mapping)].join(' ')} }` };
}

const boundsCheck = (tensors: readonly Reached[]): string =>
  tensors
    .flatMap(({ access }, k) =>
      access === 'broadcast' ? [`at.${LANES[k]} >= params.base${k} && at.${LANES[k]} < params.end${k}`] : [],
    )
    .join(' && ');

/** Uniforms that say where the operands are; shared with the mapped reduction. */
export const operandParams = (mapping: Mapping, tensors: readonly Reached[]): Record<string, number | number[]> => ({
  ...Object.fromEntries(SLOTS.map((k) => [`base${k}`, tensors[k]?.base ?? 0])),
  constants: constantsOf(mapping),
});

export function pointwiseKernel(spec: PointwiseSpec): Kernel {
  const { mapping, tensors, sizes } = spec;
  const strided = tensors.some(({ access }) => access === 'broadcast');
  const hooks = valueHooks(mapping, tensors);
  if (!strided) hooks.place = 'fn place(i: u32) -> vec4u { return vec4u(0u); }';
  if (spec.guarded) hooks.inside = `fn inside(at: vec4u) -> bool { return ${boundsCheck(tensors)}; }`;
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
      ...operandParams(mapping, tensors),
      ...Object.fromEntries(LANES.map((_, k) => [`end${k}`, tensors[k]?.end ?? 0])),
      sizes: strided ? sizes.flatMap((size) => [size, 0, 0, 0]) : [],
      strides: strided ? sizes.flatMap((_, d) => LANES.map((_, k) => tensors[k]?.strides?.[d] ?? 0)) : [],
    },
    workgroups: groupsFor(elements / TILE),
    flops: elements,
  };
}
