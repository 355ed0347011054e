// What pages load instead of a module does the same for all that nets ask of it.

import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bundleForPages, bundleForPainting } from '../../scripts/bundle.mjs';
import * as pagesProfile from '../../src/device/profile.pages.js';
import { input } from '../../src/engine.js';
import * as full from '../../src/graph/ops/conv.js';
import * as pages from '../../src/graph/ops/conv.pages.js';
import * as fullOptions from '../../src/graph/ops/options.js';
import * as pagesOptions from '../../src/graph/ops/options.pages.js';
import * as fullWindows from '../../src/graph/ops/windows.js';
import * as pagesWindows from '../../src/graph/ops/windows.pages.js';
import type { Tensor } from '../../src/graph/tensor.js';
import { profiled, RECORDED } from '../device/adapters.js';

const test = suite('editions for pages');

const made = ({ shape, node }: Tensor) => ({ shape, op: node.op.name, attrs: node.attrs });

test('convolutions', () => {
  const x = input([2, 6, 17, 22]);
  const asked = [
    {},
    { padding: 1 },
    { stride: 2, padding: 2 },
    { stride: 1, padding: 3, paddingMode: 'reflect' },
    { stride: 2, padding: 1, paddingMode: 'zeros' },
  ] as const;
  for (const kernel of [1, 3, 4, 7])
    for (const options of asked) {
      const w = input([5, 6, kernel, kernel]);
      assert.equal(made(pages.conv2d(x, w, null, options)), made(full.conv2d(x, w, null, options)));
    }
  for (const options of [{}, { stride: 2, padding: 1, outputPadding: 1 }]) {
    const w = input([6, 5, 3, 3]);
    assert.equal(made(pages.convTranspose2d(x, w, null, options)), made(full.convTranspose2d(x, w, null, options)));
  }
});

test('windows of pools', () => {
  const x = input([1, 3, 17, 22]);
  for (const options of [{ kernel: 2 }, { kernel: 3, stride: 2, padding: 1 }, { kernel: 3, stride: 1, padding: 1 }])
    assert.equal(pagesWindows.windowOf('pool', x, options), fullWindows.windowOf('pool', x, options));
});

test('sizes and sides', () => {
  for (const n of [0, 1, 3]) {
    assert.equal(pagesOptions.pair('op', 'stride', n, 0), fullOptions.pair('op', 'stride', n, 0));
    assert.equal(pagesOptions.sides('op', 'padding', n), fullOptions.sides('op', 'padding', n));
  }
});

test('what sits behind an adapter', () => {
  for (const recorded of Object.values(RECORDED)) {
    const [{ kind, vendor, name }, wanted] = [profiled(recorded, pagesProfile.profileOf), profiled(recorded)];
    assert.equal([kind, vendor], [wanted.kind, wanted.vendor]);
    assert.ok(name.length > 0);
  }
});

const BUILDS = {
  'src/web/index.ts': bundleForPainting,
  'src/web/train.ts': bundleForPages,
};

for (const [entry, build] of Object.entries(BUILDS)) {
  test(`${entry} loads no shader whose directives it does not know`, async () => {
    const { metafile } = await build({ entryPoints: [entry], outfile: '.cache/editions.js', metafile: true });
    const [output] = Object.values(metafile!.outputs);
    const shaders = Object.entries(output!.inputs).flatMap(([file, { bytesInOutput }]) =>
      file.endsWith('.wgsl') && bytesInOutput > 0 ? [file] : [],
    );
    assert.ok(shaders.length > 10);
    assert.equal(
      shaders.filter((file) => /\/\/ @(if|inline)\b|^const \w+ = array</m.test(readFileSync(file, 'utf8'))),
      [],
    );
  });
}

test.run();
