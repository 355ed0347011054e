// Shaders as pages load them: the same but for the names of what functions declare for themselves.

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { shortLocals } from '../../scripts/short-locals.mjs';
import { squeezedShaders, squeezeWgsl } from '../../scripts/wgsl-plugin.mjs';
import { openDevice } from '../../src/device/node.js';
import { interfaceOf } from '../../src/kernels/kernel.js';

const test = suite('shaders with short names');

const SHORT: Map<string, string> = squeezedShaders(process.cwd());
const squeezed = (path: string): string => squeezeWgsl(readFileSync(path, 'utf8'));
const shortOf = (name: string): string => [...SHORT].find(([path]) => basename(path) === name)![1];

const words = (text: string): string[] => text.match(/[A-Za-z_]\w*/g)!;
/** Names at the beginning of a line: of what stands for a whole shader. */
const outer = (text: string): string[] =>
  [...text.matchAll(/^(?:@.*)?\b(?:fn|const|alias|struct|var<[^>]*>) (\w+)/gm)].map(([, name]) => name!);

for (const [path, short] of SHORT) {
  test(basename(path), () => {
    const before = squeezed(path);
    assert.is(short.replace(/[A-Za-z_]\w*/g, ''), before.replace(/[A-Za-z_]\w*/g, ''), 'nothing but words differs');
    const [olds, news] = [words(before), words(short)];
    const [there, back] = [new Map<string, Set<string>>(), new Map<string, Set<string>>()];
    olds.forEach((old, i) => {
      const [changed, its] = [news[i] !== old, news[i]!];
      if (changed) assert.ok(its.length < 3 && !outer([...SHORT.values()].join('\n')).includes(its), `${old} → ${its}`);
      there.set(old, (there.get(old) ?? new Set()).add(its));
      back.set(its, (back.get(its) ?? new Set()).add(old));
    });
    for (const [its, from] of back) assert.is(from.size, 1, `${its} stands for ${[...from].join(' and ')}`);
    assert.equal(interfaceOf(short), interfaceOf(before), 'bindings and fields as before');
    assert.equal(outer(short), outer(before));
    assert.equal(short.match(/^struct [^}]*\}/gm), before.match(/^struct [^}]*\}/gm));
  });
}

test('all of them compile, and the files that are joined to one', async () => {
  const device = await openDevice();
  const joined = (...names: string[]) =>
    names.map((name) => shortOf(name).replace(/^.*\/\/ @joined\n/gm, '')).join('\n');
  const shaders = new Map([
    ...SHORT,
    ...['conv-tiles', 'conv-weight-tiles'].map(
      (role) => [role, joined(`${role}.wgsl`, 'tiles-gather.wgsl', 'tiles.wgsl')] as const,
    ),
  ]);
  for (const [name, code] of shaders) {
    const wanted = [...code.matchAll(/^enable (\w+);/gm)].map(([, feature]) => feature as GPUFeatureName);
    if (!wanted.every((feature) => device.gpu.features.has(feature))) continue;
    const { messages } = await device.gpu.createShaderModule({ code }).getCompilationInfo();
    const errors = messages.filter(({ type }) => type === 'error').map(({ message }) => `${name}: ${message}`);
    assert.equal(errors, []);
  }
  device.close();
});

test('one name is the same everywhere, and two are where no shader has both', () => {
  const texts = new Map([
    ['a', 'fn f(first: u32) -> u32 {\n let second = first;\n return second;\n}\n'],
    ['b', 'fn g(second: u32) -> u32 {\n return second;\n}\n'],
    ['c', 'const a: u32 = 1;\nfn h(third: u32, i: u32) -> u32 {\n return third + i + a;\n}\n'],
  ]);
  const [a, b, c] = [...shortLocals(texts).values()] as [string, string, string];
  const [, first, second] = /fn f\((\w): u32\) -> u32 {\n let (\w)=?/.exec(a)!;
  assert.is(a, `fn f(${first}: u32) -> u32 {\n let ${second} = ${first};\n return ${second};\n}\n`);
  assert.is(b, `fn g(${second}: u32) -> u32 {\n return ${second};\n}\n`);
  assert.is(c, c.replace(/\bthird\b/g, '?'), 'the third is short');
  assert.match(
    c,
    /^const a: u32 = 1;\nfn h\((?!a)\w: u32, i: u32\)/,
    'what stands outside and what hooks are known by stay',
  );
});

test.run();
