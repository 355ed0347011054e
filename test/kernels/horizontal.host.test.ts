// Two kernels as one: whatever stands beside what, the text is valid WGSL and nothing of the one is the other's.

import { readdirSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { stripWgsl } from '../../scripts/wgsl-plugin.mjs';
import { openDevice } from '../../src/device/node.js';
import { joinKernels, mayStandTogether } from '../../src/kernels/horizontal.js';
import { interfaceOf, type Kernel, packParams, shaderText } from '../../src/kernels/kernel.js';

const test = suite('horizontal fusion');

/** What convolutions prepare their sums with. */
const PREPARES = /^(.*-(input|weights|tiles|columns|pack))\.wgsl$/;
const FILES = readdirSync('shaders').filter((file) => PREPARES.test(file));

const kernelOf = (file: string, workgroups = 3): Kernel => {
  const source = stripWgsl(readFileSync(`shaders/${file}`, 'utf8'));
  const params = Object.fromEntries(
    interfaceOf(source).fields.map(({ name, length }) => [name, Array(length).fill(7)]),
  );
  return { name: `conv.${file}`, source, constants: {}, params, workgroups, flops: 1 };
};

const KERNELS = FILES.map((file) => kernelOf(file));
const joinable = KERNELS.filter((kernel) => mayStandTogether(kernel, kernel));

const boundOf = (kernel: Kernel) => interfaceOf(kernel.source).bindings;

test('all preparations may stand beside another, and kernels that share memory of a workgroup beside none', () => {
  const names = joinable.map(({ name }) => name);
  for (const file of ['winograd-input', 'winograd-weights', 'conv-columns', 'conv-pack', 'polyphase-tiles'])
    assert.ok(names.includes(`conv.${file}.wgsl`), file);
  for (const file of ['instance-norm-plane', 'winograd-multiply', 'conv-quads', 'reduce-rows']) {
    const kernel = kernelOf(`${file}.wgsl`);
    const alone = /workgroup>|subgroup/.test(kernel.source);
    assert.is(mayStandTogether(KERNELS[0]!, kernel), !alone, file);
  }
  const larger = KERNELS[0]!.source.replace('const WG: u32 = 64;', 'const WG: u32 = 128;');
  assert.not.ok(mayStandTogether(KERNELS[0]!, { ...KERNELS[0]!, source: larger }), 'another size of a workgroup');
  assert.not.ok(mayStandTogether(joinKernels(joinable[0]!, joinable[1]!), joinable[2]!), 'two are all');
});

test('any two compile, one with itself too', async () => {
  const device = await openDevice();
  for (const a of joinable)
    for (const b of joinable) {
      const joint = joinKernels(a, b);
      const module = device.gpu.createShaderModule({ code: shaderText(joint, boundOf(joint)) });
      const { messages } = await module.getCompilationInfo();
      const errors = messages.filter(({ type }) => type === 'error').map(({ message }) => message);
      assert.equal(errors, [], `${a.name} beside ${b.name}`);
    }
  device.close();
});

test('each has its bindings, uniforms, constants and hooks', () => {
  const pack = kernelOf('conv-pack.wgsl', 5);
  const weights: Kernel = {
    ...kernelOf('winograd-weights.wgsl', 4),
    constants: { LANES: 1, Value: 'f32' },
    hooks: { gather: 'fn gather(at: u32, there: u32) -> Value { return select(0.0, w[at], there > 0u); }' },
  };
  const joint = joinKernels(pack, weights);
  assert.equal(
    boundOf(joint).map(({ name, write }) => [name, write]),
    [
      ['w', false],
      ['packed', true],
      ['w_1', false],
      ['packed_1', true],
    ],
  );
  assert.is(joint.workgroups, 9);
  assert.is(joint.params.first_groups, 5);
  assert.is(packParams(joint).byteLength >= packParams(pack).byteLength + packParams(weights).byteLength - 16, true);
  const text = shaderText(joint, boundOf(joint));
  assert.match(text, /alias Value_1 = f32;/);
  assert.match(text, /const LANES_1: u32 = 1u;/);
  assert.match(
    text,
    /fn gather_1\(at: u32, there: u32\) -> Value_1 \{ return select\(0\.0, w_1\[at\], there > 0u\); \}/,
  );
  assert.not.match(text, /\be_\d+\b.*@registers/, 'registers are scalars');
});

test.run();
