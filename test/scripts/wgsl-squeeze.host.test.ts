// What pages load of the shaders: the same code in fewer characters.

import { readdirSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { squeezeWgsl, stripWgsl } from '../../scripts/wgsl-plugin.mjs';
import { interfaceOf } from '../../src/kernels/kernel.js';

const test = suite('squeezed WGSL');

const tokens = (text: string) => text.match(/[\w.]+|@\w+|\/\/ @.*|[^\s\w]/g)!;

for (const file of readdirSync('shaders').filter((name) => name.endsWith('.wgsl'))) {
  test(file, () => {
    const source = readFileSync(`shaders/${file}`, 'utf8');
    const [plain, squeezed] = [stripWgsl(source), squeezeWgsl(source)];
    assert.equal(tokens(squeezed), tokens(plain));
    assert.equal(interfaceOf(squeezed), interfaceOf(plain), 'bindings and fields as before');
    // Two minus signs that come together would be another token.
    assert.not.match(squeezed, /--(?!\))[\w(]/);
    const marked = (text: string) =>
      text
        .split('\n')
        .filter((line) => line.includes('// @'))
        .map((line) => line.trim());
    assert.equal(marked(squeezed), marked(plain));
  });
}

test.run();
