import { interfaceOf, type Kernel } from './kernel.js';
import { bodyOf, type Mapping, operandParams, tensorsOf } from './pointwise.js';

/**
 * Functions of a shader through which it reads one operand or writes its result, element by element; i is the flat index in
 * the whole tensor. `load` stands for the operand, `store` changes a result on its way to memory.
 */
export type Hook = 'load' | 'store';

const HOOKS: Record<Hook, { declared: RegExp; parameters: string }> = {
  load: { declared: /^fn load\(i: u32\) -> f32 \{/m, parameters: 'i: u32' },
  store: { declared: /^fn store\(value: f32, i: u32\) -> f32 \{/m, parameters: 'value: f32, i: u32' },
};

export const hasHook = ({ source }: Kernel, hook: Hook): boolean => HOOKS[hook].declared.test(source);

/** Tensors that an expression may bring into a kernel that has some of its own: eight bindings are all that every device has. */
export const MOST_FOLDED = 4;

const FIELDS = Array.from({ length: 7 }, (_, k) => `base${k}: u32, `).join('');
const sources = new Map<string, string>();

/** A shader with the operands of an expression beside its own. */
function withOperands(source: string): string {
  const known = sources.get(source);
  if (known) return known;
  const { bindings } = interfaceOf(source);
  const declared = Array.from(
    { length: MOST_FOLDED },
    (_, k) => `@group(0) @binding(${bindings.length + 1 + k}) var<storage, read> operand${k}: array<f32>;\n`,
  );
  const extended = source
    .replace(/^(struct Params \{[^}]*)\}/m, `$1  ${FIELDS}\n  constants: array<vec4f, 2>,\n}`)
    .replace(/^@group\(0\) @binding\(1\)/m, (first) => `${declared.join('')}${first}`);
  sources.set(source, extended);
  return extended;
}

/** The kernel with an expression in one of its hooks; `operand0`, … are the tensors of the mapping. */
export function fold(kernel: Kernel, hook: Hook, mapping: Mapping, elements: number): Kernel {
  const text = `fn ${hook}(${HOOKS[hook].parameters}) -> f32 { ${bodyOf(mapping)} }`;
  const read = tensorsOf(mapping.operands).filter(({ access }) => access === 'same').length;
  return {
    ...kernel,
    source: withOperands(kernel.source),
    hooks: { ...kernel.hooks, [hook]: text },
    params: { ...kernel.params, ...operandParams(mapping.operands) },
    flops: kernel.flops + elements * ((mapping.lets?.length ?? 0) + 1),
    bytes: kernel.bytes + 4 * elements * (hook === 'load' ? read - 1 : read),
  };
}
