import { withHalves } from './half.js';
import { type Constant, specialise } from './wgsl.js';

/**
 * What one dispatch runs: a pure description without any GPU object. Sizes travel in `params` (the shader's uniform block,
 * by name); only what sizes registers or unrolls loops is baked, and pipelines are keyed on exactly that.
 */
export interface Kernel {
  /** `op.candidate`, e.g. `conv.direct`: names the row in profiles, the tuner's table and `--force`. */
  name: string;
  /** Text of the `.wgsl` file. */
  source: string;
  /** Values, lists and types baked into the text. */
  constants: Record<string, Constant>;
  /** Functions of the shader replaced by snippets of the same name. */
  hooks?: Record<string, string>;
  /** Values for the fields of the shader's `struct Params`, every one of them. */
  params: Record<string, number | readonly number[]>;
  /** Total workgroups; the program folds them into two dimensions below the limit of 65,535 each. */
  workgroups: number;
  /** For the profile and for cutting submits. */
  flops: number;
}

export interface Binding {
  name: string;
  /** Storage access as written in the file: `read_write` marks what the kernel writes. */
  write: boolean;
}

interface Field {
  name: string;
  type: 'u32' | 'i32' | 'f32';
  length: number;
  offset: number;
}

export interface Interface {
  bindings: Binding[];
  fields: Field[];
  uniformBytes: number;
}

const BINDING = /^@group\(0\) @binding\(\d+\) var<storage, (read|read_write)> (\w+): array<\w+>;$/gm;
const FIELD = /(\w+): (?:(u32|i32|f32)|vec4([uif])|array<vec4([uif]), (\d+)>)/g;
const SCALAR = { u: 'u32', i: 'i32', f: 'f32' } as const;

function parseFields(source: string): { fields: Field[]; uniformBytes: number } {
  const body = /struct Params \{([^}]*)\}/.exec(source)?.[1] ?? '';
  let offset = 0;
  const fields = [...body.replace(/\/\/.*$/gm, '').matchAll(FIELD)].map(([, name, scalar, vector, array, count]) => {
    const length = scalar ? 1 : 4 * Number(count ?? 1);
    if (!scalar) offset = Math.ceil(offset / 16) * 16;
    const type = (scalar ?? SCALAR[(vector ?? array) as 'u']) as Field['type'];
    const field: Field = { name: name!, type, length, offset };
    offset += 4 * length;
    return field;
  });
  return { fields, uniformBytes: Math.max(16, Math.ceil(offset / 16) * 16) };
}

const interfaces = new Map<string, Interface>();

/** Bindings and uniform layout of a shader, read from its own declarations so that they stand in one place. */
export function interfaceOf(source: string): Interface {
  let found = interfaces.get(source);
  if (!found) {
    const bindings = [...source.matchAll(BINDING)].map(([, access, name]) => ({
      name: name!,
      write: access === 'read_write',
    }));
    found = { bindings, ...parseFields(source) };
    interfaces.set(source, found);
  }
  return found;
}

/** The bytes of a kernel's uniform block. Throws where a field has no value or a value has no field. */
export function packParams(kernel: Kernel): ArrayBuffer {
  const { fields, uniformBytes } = interfaceOf(kernel.source);
  const view = new DataView(new ArrayBuffer(uniformBytes));
  const write = { u32: view.setUint32, i32: view.setInt32, f32: view.setFloat32 };
  for (const { name, type, length, offset } of fields) {
    const value = kernel.params[name];
    if (value === undefined) throw new Error(`${kernel.name}: no value for uniform ${name}`);
    const values = typeof value === 'number' ? [value] : value;
    if (values.length > length)
      throw new Error(`${kernel.name}: ${values.length} values for uniform ${name} of ${length}`);
    for (const [i, v] of values.entries()) write[type].call(view, offset + 4 * i, v, true);
  }
  const known = new Set(fields.map((field) => field.name));
  for (const name of Object.keys(kernel.params)) {
    if (!known.has(name)) throw new Error(`${kernel.name}: the shader has no uniform ${name}`);
  }
  return view.buffer as ArrayBuffer;
}

/** How a binding is bound: its number, access as the plan needs it, or the earlier binding it is the same memory as. */
export interface Bound {
  name: string;
  write: boolean;
  alias?: string;
  /** Its memory holds half floats, two in a word. */
  half?: boolean;
}

/** Everything the pipeline depends on, and nothing else. */
export function pipelineKey(kernel: Kernel, bound: readonly Bound[]): string {
  const sorted = Object.entries(kernel.constants).sort(([a], [b]) => (a < b ? -1 : 1));
  const hooks = Object.entries(kernel.hooks ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([
    kernel.name,
    sorted,
    hooks,
    bound.map(({ name, write, alias, half }) => [name, write, alias ?? '', half === true]),
  ]);
}

/** The WGSL of a kernel with its bindings renumbered 1… in the order of `bound`; unused declarations are dropped. */
export function shaderText(kernel: Kernel, bound: readonly Bound[]): string {
  const text = specialise(kernel.source, { constants: kernel.constants, hooks: kernel.hooks });
  const slots = new Map(bound.filter((b) => !b.alias).map((b, i) => [b.name, { ...b, slot: i + 1 }]));
  const declared = text.replace(
    /^@group\(0\) @binding\(\d+\) var<storage, \w+> (\w+): (array<\w+>);$/gm,
    (_, name: string, type: string) => {
      const slot = slots.get(name);
      if (!slot) return '';
      return `@group(0) @binding(${slot.slot}) var<storage, ${slot.write ? 'read_write' : 'read'}> ${name}: ${type};`;
    },
  );
  const joined = bound.reduce(
    (out, { name, alias }) => (alias ? out.replace(new RegExp(`\\b${name}\\[`, 'g'), `${alias}[`) : out),
    declared,
  );
  return withHalves(
    joined,
    [...slots.values()].flatMap(({ name, half }) => (half ? [name] : [])),
  );
}

/** Workgroups for one thread an item, 64 threads a group: half a wave on AMD's older cards, two warps on NVIDIA's. */
export const WORKGROUP = 64;
export const groupsFor = (threads: number): number => Math.max(1, Math.ceil(threads / WORKGROUP));
