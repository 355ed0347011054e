// Every shader is valid WGSL as it stands, says what it is, and declares what the engine reads from it.

import { readdirSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js';
import { squeezeWgsl } from '../../scripts/wgsl-plugin.mjs';
import { openDevice } from '../../src/device/node.js';
import { withHalves } from '../../src/kernels/half.js';
import { interfaceOf } from '../../src/kernels/kernel.js';
import { specialise } from '../../src/kernels/wgsl.js';

const FILES = readdirSync('shaders').filter((file) => file.endsWith('.wgsl'));
const test = suite('shaders');

const read = (file: string): string => readFileSync(`shaders/${file}`, 'utf8');

test('compile as they stand', async () => {
  const device = await openDevice();
  const extensions = (code: string) => [...code.matchAll(/^enable (\w+);/gm)].map(([, name]) => name!);
  for (const file of FILES) {
    const code = read(file);
    // A device without an extension cannot check the files that need it.
    if (!extensions(code).every((name) => device.gpu.features.has(name as GPUFeatureName))) continue;
    const module = device.gpu.createShaderModule({ code });
    const { messages } = await module.getCompilationInfo();
    assert.equal(
      messages.filter(({ type }) => type === 'error').map(({ message, lineNum }) => `${file}:${lineNum} ${message}`),
      [],
    );
  }
  device.close();
});

for (const file of FILES) {
  test(file, () => {
    const source = read(file);
    assert.match(source, /^\/\/ .*\n/, 'begins with what it computes');
    assert.match(source, /kernels\/[\w-]+\.ts/, 'names who dispatches it');
    const { bindings, fields, uniformBytes } = interfaceOf(source);
    assert.is(bindings.length, source.match(/var<storage/g)?.length ?? 0, 'every storage binding is read');
    assert.ok(bindings.length <= 8, 'within the storage bindings that every device has');
    // The struct alone: the reflector does not parse all of WGSL's statements.
    const struct = /struct Params \{[^}]*\};?/.exec(source)?.[0];
    if (!struct) return assert.equal(fields, []);
    const [params] = new WgslReflect(`${struct}\n@group(0) @binding(0) var<uniform> params: Params;`).uniforms;
    const offsets = (list: readonly { name: string; offset: number }[]) =>
      list.map(({ name, offset }) => [name, offset]);
    assert.equal(offsets(fields), offsets(params!.members!));
    assert.ok(uniformBytes >= params!.size);
  });
}

const SOURCE = `const N: u32 = 2;
const HALF: f32 = 0.5;
fn hook(i: u32) -> u32 { return i; }
fn main() {
  var a: array<f32, N>; // @registers
  // @unroll
  for (var i = 0u; i < N; i++) {
    a[i * 1u] = f32(hook(i));
  }
}
`;

test('loops are written out, registers become scalars, constants and hooks are replaced', () => {
  const text = specialise(SOURCE, {
    constants: { N: 3, HALF: 2 },
    hooks: { hook: 'fn hook(i: u32) -> u32 { return i + 7u; }' },
  });
  assert.match(text, /const N: u32 = 3u;/);
  assert.match(text, /const HALF: f32 = 2\.0f;/);
  assert.match(text, /return i \+ 7u;/);
  for (const i of [0, 1, 2]) assert.match(text, `a_${i} = f32(hook(${i}u));`);
  assert.not.match(text, /for \(/);
});

const LISTS = `enable subgroups; // @if SHARED
const SHARED: bool = false;
const AT = array<u32, 2>(0u, 1u);
alias Packed = vec4f;
fn pick(loaded: Packed, l: u32) -> f32 { return loaded[l]; } // @inline
fn main() {
  // @unroll
  for (var i = 0u; i < 2u; i++) {
    out[AT[i]] = pick(w[min(i, 3u)], i) + pick(v, 0u);
  }
}
`;

test('lists are looked up, types named, one-line functions put in place, lines kept on a condition', () => {
  const constants = { AT: [5, 9], Packed: 'vec2f', SHARED: false };
  const text = specialise(LISTS, { constants });
  assert.match(text, /^const AT = array<u32, 2>\(5u, 9u\);/m);
  assert.match(text, 'alias Packed = vec2f;');
  assert.match(text, 'out[5u] = (w[min(0u, 3u)][0u]) + (v[0u]);');
  assert.match(text, 'out[9u] = (w[min(1u, 3u)][1u]) + (v[0u]);');
  assert.not.match(text, /enable|fn pick/);
  assert.match(specialise(LISTS, { constants: { ...constants, SHARED: true } }), /^enable subgroups;/);
  const broadcast = 'fn pick(x: Packed, l: u32) -> f32 { return subgroupBroadcast(x, l); } // @inline';
  assert.match(specialise(LISTS, { constants, hooks: { pick: broadcast } }), 'subgroupBroadcast(v, 0u)');
});

const STORED = `enable subgroups;
alias Value = vec4f;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> z: array<Value>;
fn main() {
  // y[0] = x[1];
  if (x[at[2u]] == y[x0]) { y[i + 1u] = x[u32(x[3u])] + y[i]; }
  z[i] = z[j] * max[0];
}
`;

test('bindings of halves are read and written through functions, in the squeezed text of pages too', () => {
  for (const shader of [STORED, squeezeWgsl(STORED)]) {
    const text = withHalves(shader, ['x', 'y', 'z']);
    assert.match(text, /^enable subgroups;/);
    assert.match(text, /x: array<u32>;[^]*y: array<atomic<u32>>;[^]*z: array<vec2u>;/);
    const main = text.slice(text.indexOf('fn main')).replace(/\s/g, '');
    const stored = 'store_y(i+1u,load_x(u32(load_x(3u)))+load_y(i));';
    assert.is(main, `fnmain(){if(load_x(at[2u])==load_y(x0)){${stored}}store_z(i,load_z(j)*max[0]);}`);
  }
});

test('what cannot be specialised is an error, not a wrong kernel', () => {
  assert.throws(() => specialise(SOURCE, { constants: { M: 1 } }), /no constant M/);
  assert.throws(() => specialise(SOURCE, { constants: {}, hooks: { other: '' } }), /no hook other/);
  assert.throws(() => specialise(SOURCE.replace('i * 1u', 'i + 9u'), { constants: {} }), /not a constant below 2/);
});

test.run();
