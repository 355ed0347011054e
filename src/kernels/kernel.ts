import { withHalves } from './half.js';
import { packFields, type Uniforms, uniformsOf } from './uniforms.js';
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

export interface Interface extends Uniforms {
  bindings: Binding[];
}

const BINDING = /^@group\(0\) @binding\(\d+\) var<storage, (read|read_write)> (\w+): array<\w+>;$/gm;
const interfaces = new Map<string, Interface>();

/** Bindings and uniform layout of a shader, read from its own declarations so that they stand in one place. */
export function interfaceOf(source: string): Interface {
  let found = interfaces.get(source);
  if (!found) {
    const bindings = [...source.matchAll(BINDING)].map(([, access, name]) => ({
      name: name!,
      write: access === 'read_write',
    }));
    found = { bindings, ...uniformsOf(source) };
    interfaces.set(source, found);
  }
  return found;
}

/** The bytes of a kernel's uniform block. Throws where a field has no value or a value has no field. */
export const packParams = (kernel: Kernel): ArrayBuffer => packFields(kernel, interfaceOf(kernel.source));

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
