import type { Kernel } from './kernel.js';

// The uniform block of a shader, as its `struct Params` lays it out.

export interface Field {
  name: string;
  type: 'u32' | 'i32' | 'f32';
  length: number;
  offset: number;
}

export interface Uniforms {
  fields: Field[];
  uniformBytes: number;
}

const FIELD = /(\w+): (?:(u32|i32|f32)|vec4([uif])|array<vec4([uif]), (\d+)>)/g;
const SCALAR = { u: 'u32', i: 'i32', f: 'f32' } as const;

export function uniformsOf(source: string): Uniforms {
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

export function packFields(kernel: Kernel, { fields, uniformBytes }: Uniforms): ArrayBuffer {
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
