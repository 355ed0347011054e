import { interfaceOf, type Kernel } from './kernel.js';

// Horizontal fusion: two kernels that do not need each other as one, whose first workgroups do the one's work and whose others the other's.

/** Of what stands in the second shader, so that no name is declared twice. */
const SUFFIX = '_1';

/** Of the whole module, and arrays that become registers, which the assembler knows by name wherever they stand. */
const DECLARED = /^(?:(?:const|alias|fn|struct) (\w+)|\s*var (\w+): array<.*\/\/ @registers)/gm;
const MAIN = /^@compute @workgroup_size\(WG\)\s+fn main\([^]*?\) \{/m;

/** Every shader counts its workgroups like this, folded into two dimensions. */
const COUNTED = 'fn main(group: vec3u, groups: vec3u, lane: u32) {';

const JOINT = `
@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = group.y * groups.x + group.x;
  if (index < params.first_groups) {
    main_0(vec3u(index, 0u, 0u), vec3u(1u), lane);
  } else {
    main_1(vec3u(index - params.first_groups, 0u, 0u), vec3u(1u), lane);
  }
}
`;

const renamed = <T>(values: Record<string, T> | undefined): Record<string, T> =>
  Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name + SUFFIX, value]));

/** A shader's text with every name that a kernel declares, in it or in a hook, and every uniform as the second's. */
function renamedText(text: string, names: ReadonlySet<string>): string {
  return text
    .replace(/(?<![.\w])[A-Za-z]\w*/g, (word) => (names.has(word) ? word + SUFFIX : word))
    .replace(/\bparams\.(\w+)/g, `params.$1${SUFFIX}`);
}

function namesOf({ source, constants, hooks = {} }: Kernel): Set<string> {
  const declared = [source, ...Object.values(hooks)].flatMap((text) => [...text.matchAll(DECLARED)]);
  const bindings = interfaceOf(source).bindings.map(({ name }) => name);
  return new Set(
    [...declared.map(([, name, registers]) => (name ?? registers)!), ...bindings, ...Object.keys(constants)].filter(
      isOwn,
    ),
  );
}

/** The joint kernel has one block of uniforms, and one size of a workgroup. */
const isOwn = (name: string): boolean => !['params', 'Params', 'WG', 'main'].includes(name);

const UNIFORMS = /^struct Params \{([^}]*)\};?\n@group\(0\) @binding\(0\) var<uniform> params: Params;\n/m;

const SIZE = /^const WG: u32 = .*\n/m;

const sources = new Map<string, string>();

function joinedSource(a: Kernel, b: Kernel): string {
  const key = `${a.source}\n${b.source}`;
  const known = sources.get(key);
  if (known) return known;
  const fields = UNIFORMS.exec(b.source)![1]!.replace(/(\w+):/g, `$1${SUFFIX}:`);
  const first = a.source
    .replace(UNIFORMS, (uniforms) => uniforms.replace('}', `  first_groups: u32,\n${fields}}`))
    .replace(MAIN, COUNTED.replace('main', 'main_0'));
  const second = renamedText(b.source.replace(UNIFORMS, '').replace(SIZE, ''), namesOf(b));
  const source = `${first}\n${second.replace(MAIN, COUNTED.replace('main', 'main_1'))}${JOINT}`;
  sources.set(key, source);
  return source;
}

/** Both declare their bindings, uniforms and main in the common way, have workgroups of the same size, and share nothing in one. */
export const mayStandTogether = (a: Kernel, b: Kernel): boolean =>
  SIZE.exec(a.source)?.[0] === SIZE.exec(b.source)?.[0] &&
  [a, b].every(
    ({ source, constants }) =>
      UNIFORMS.test(source) &&
      MAIN.test(source) &&
      !/workgroup>|subgroup|main_0/.test(source) &&
      constants.WG === undefined,
  );

/** What a binding of the second kernel is called in the joint one. */
export const secondName = (name: string): string => name + SUFFIX;

/**
 * One kernel of two; bindings, constants and uniforms of the second have their names with a suffix. Every thread does what it did, so the bits
 * are the same.
 */
export function joinKernels(a: Kernel, b: Kernel): Kernel {
  const names = namesOf(b);
  const hooks = Object.entries(renamed(b.hooks)).map(([name, text]) => [name, renamedText(text, names)]);
  return {
    name: `${a.name}+${b.name.slice(b.name.indexOf('.') + 1)}`,
    source: joinedSource(a, b),
    constants: { ...a.constants, ...renamed(b.constants) },
    hooks: { ...a.hooks, ...Object.fromEntries(hooks) },
    params: { ...a.params, ...renamed(b.params), first_groups: a.workgroups },
    workgroups: a.workgroups + b.workgroups,
    flops: a.flops + b.flops,
  };
}
