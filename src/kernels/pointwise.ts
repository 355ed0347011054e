import source from '../../shaders/pointwise.wgsl';
import { groupsFor, type Kernel } from './kernel.js';

/** How an operand is reached: `same` index as the output, its `one` element, a `constant`, or `broadcast` through strides. */
export type Access = 'same' | 'one' | 'constant' | 'broadcast';

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

export interface PointwiseSpec {
  op: string;
  /** WGSL over the operands' names. */
  expression: string;
  operands: readonly PointwiseOperand[];
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

const LANES = ['x', 'y', 'z', 'w'] as const;

const LOADS: Record<Access, (slot: number) => string> = {
  same: (k) => `operand${k}[i - params.base${k}]`,
  one: (k) => `operand${k}[0]`,
  constant: (k) => `params.constants.${LANES[k]}`,
  broadcast: (k) => `operand${k}[at.${LANES[k]} - params.base${k}]`,
};

const fetched = (operands: readonly PointwiseOperand[]): Record<string, string> =>
  Object.fromEntries(
    LANES.map((_, k) => {
      const operand = operands[k];
      return [
        `load${k}`,
        `fn load${k}(i: u32, at: vec4u) -> f32 { return ${operand ? LOADS[operand.access](k) : '0.0'}; }`,
      ];
    }),
  );

/** The expression as the hook `value`, its operands loaded by name. */
export function valueHooks(expression: string, operands: readonly PointwiseOperand[]): Record<string, string> {
  const loads = operands.map(({ name }, k) => `let ${name} = load${k}(i, at);`).join(' ');
  return { ...fetched(operands), value: `fn value(i: u32, at: vec4u) -> f32 { ${loads} return ${expression}; }` };
}

const boundsCheck = (operands: readonly PointwiseOperand[]): string =>
  operands
    .flatMap(({ access }, k) =>
      access === 'broadcast' ? [`at.${LANES[k]} >= params.base${k} && at.${LANES[k]} < params.end${k}`] : [],
    )
    .join(' && ');

/** Uniforms that say where the operands are; shared with the mapped reduction. */
export function operandParams(operands: readonly PointwiseOperand[]): Record<string, number | number[]> {
  const at = (k: number, key: 'base' | 'end') => operands[k]?.[key] ?? 0;
  return {
    ...Object.fromEntries(LANES.flatMap((_, k) => [[`base${k}`, at(k, 'base')]])),
    constants: LANES.map((_, k) => operands[k]?.constant ?? 0),
  };
}

export function pointwiseKernel(spec: PointwiseSpec): Kernel {
  const { operands, sizes } = spec;
  const strided = operands.some(({ access }) => access === 'broadcast');
  const hooks = valueHooks(spec.expression, operands);
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
      ...Object.fromEntries(LANES.map((_, k) => [`end${k}`, operands[k]?.end ?? 0])),
      sizes: strided ? sizes.flatMap((size) => [size, 0, 0, 0]) : [],
      strides: strided ? sizes.flatMap((_, d) => LANES.map((_, k) => operands[k]?.strides?.[d] ?? 0)) : [],
    },
    workgroups: groupsFor(elements / TILE),
    flops: elements,
    bytes: 4 * elements * (1 + operands.filter(({ access }) => access !== 'constant').length),
  };
}
