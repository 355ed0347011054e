import { interfaceOf, type Kernel } from './kernel.js';
import { type Access, constantsOf, type Mapping, returning, tensorNames } from './pointwise.js';

/**
 * Functions of a shader through which it reads one operand or writes its result, element by element (or Value by Value, where
 * it has that alias); i counts in the whole tensor. `load` stands for the operand, beside an element that the kernel has `known`
 * anyway; `emit` changes a result, `value`, on its way to memory.
 */
export type Hook = 'load' | 'emit';

const DECLARED: Record<Hook, RegExp> = {
  load: /^fn load\(i: u32, known: (f32|Value)\) -> \1 \{/m,
  emit: /^fn emit\(value: (f32|Value), i: u32\) -> \1 \{/m,
};

export const hasHook = ({ source }: Kernel, hook: Hook): boolean => DECLARED[hook].test(source);

/** Tensors that an expression may bring into a kernel that has some of its own: eight bindings are all that every device has. */
export const MOST_FOLDED = 4;

const sources = new Map<string, string>();

/** A shader with the tensors of an expression beside its own, as arrays of `types`. */
function withOperands(source: string, types: readonly string[]): string {
  const key = `${types.join()} ${source}`;
  const known = sources.get(key);
  if (known) return known;
  const first = interfaceOf(source).bindings.length + 1;
  const declared = types.map(
    (type, k) => `@group(0) @binding(${first + k}) var<storage, read> operand${k}: array<${type}>;\n`,
  );
  const extended = source
    .replace(/^(struct Params \{[^}]*)\}/m, '$1  constants: array<vec4f, 2>,\n}')
    .replace(/^@group\(0\) @binding\(1\)/m, (binding) => `${declared.join('')}${binding}`);
  sources.set(key, extended);
  return extended;
}

/** What a hook is given beside the index. */
const GIVEN: Record<Hook, string> = { load: 'known', emit: 'value' };
const COMPONENTS = ['.x', '.y', '.z', '.w'];

/** What an expression's tensor is to the hook: one of the kernel's operands, or what the hook is given. */
export type FoldAccess = Access | 'given';

/** The hook's text: the expression for one element, and the hook that does it for each component of a Value. */
function hookText(hook: Hook, type: string, wide: boolean, mapping: Mapping, accesses: readonly FoldAccess[]): string {
  const names = tensorNames(mapping);
  const brought = names.filter((_, k) => accesses[k] !== 'given');
  const slot = (name: string) => `operand${brought.indexOf(name)}`;
  const loads = names.filter((_, k) => accesses[k] === 'same').map((name) => `let ${name} = ${slot(name)}[i];`);
  const argument = (name: string, access: FoldAccess, component: string) =>
    access === 'one' ? `${slot(name)}[0]` : `${access === 'given' ? GIVEN[hook] : name}${component}`;
  const call = (component: string) =>
    `each(${names.map((name, k) => argument(name, accesses[k]!, component)).join(', ')})`;
  const result = wide ? `Value(${COMPONENTS.map(call).join(', ')})` : call('');
  const parameters = names.map((name) => `${name}: f32`).join(', ');
  const own = hook === 'emit' ? `value: ${type}, i: u32` : `i: u32, known: ${type}`;
  return [
    `fn each(${parameters}) -> f32 { ${returning(mapping)} }`,
    `fn ${hook}(${own}) -> ${type} { ${[...loads, `return ${result};`].join(' ')} }`,
  ].join('\n');
}

/** The kernel with an expression in one of its hooks; `operand0`, … are the tensors of the mapping that it is not given, whole. */
export function fold(
  kernel: Kernel,
  hook: Hook,
  mapping: Mapping,
  accesses: readonly FoldAccess[],
  elements: number,
): Kernel {
  const type = DECLARED[hook].exec(kernel.source)![1]!;
  const wide = type === 'Value' && kernel.constants.Value === 'vec4f';
  const types = accesses.flatMap((access) => (access === 'given' ? [] : [access === 'one' ? 'f32' : type]));
  return {
    ...kernel,
    source: withOperands(kernel.source, types),
    hooks: { ...kernel.hooks, [hook]: hookText(hook, type, wide, mapping, accesses) },
    params: { ...kernel.params, constants: constantsOf(mapping) },
    flops: kernel.flops + elements * ((mapping.lets?.length ?? 0) + 1),
  };
}
