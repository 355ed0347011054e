import type * as full from './uniforms.js';

// Shaders that paint have numbers alone.

export function uniformsOf(source: string): full.Uniforms {
  const body = /struct Params \{([^}]*)\}/.exec(source)![1]!;
  const fields = [...body.matchAll(/(\w+): (\w+)/g)].map(
    ([, name, type], i): full.Field => ({ name: name!, type: type as full.Field['type'], length: 1, offset: 4 * i }),
  );
  return { fields, uniformBytes: Math.ceil(fields.length / 4) * 16 };
}

export function packFields({ params }: Parameters<typeof full.packFields>[0], { fields, uniformBytes }: full.Uniforms) {
  const view = new DataView(new ArrayBuffer(uniformBytes));
  const write = { u32: view.setUint32, i32: view.setInt32, f32: view.setFloat32 };
  for (const { name, type, offset } of fields) write[type].call(view, offset, params[name] as number, true);
  return view.buffer;
}
