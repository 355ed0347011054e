// What pages load instead of a module does the same for all that nets ask of it.

import { readdirSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bundleForPages, bundleForPainting } from '../../scripts/bundle.mjs';
import { stripWgsl } from '../../scripts/wgsl-plugin.mjs';
import * as pagesProfile from '../../src/device/profile.pages.js';
import { input } from '../../src/engine.js';
import * as full from '../../src/graph/ops/conv.js';
import * as pages from '../../src/graph/ops/conv.pages.js';
import * as fullOptions from '../../src/graph/ops/options.js';
import * as pagesOptions from '../../src/graph/ops/options.pages.js';
import * as fullWindows from '../../src/graph/ops/windows.js';
import * as pagesWindows from '../../src/graph/ops/windows.pages.js';
import type { Tensor } from '../../src/graph/tensor.js';
import type { Kernel } from '../../src/kernels/kernel.js';
import * as fullUniforms from '../../src/kernels/uniforms.js';
import * as paintUniforms from '../../src/kernels/uniforms.paint.js';
import * as fullConstants from '../../src/kernels/wgsl-constants.js';
import * as paintConstants from '../../src/kernels/wgsl-constants.paint.js';
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
    assert.ok(name.trim().length > 0);
  }
});

test('what is baked into shaders', () => {
  for (const [type, value] of [
    ['u32', 7],
    ['i32', 7],
    ['bool', true],
    ['bool', false],
  ] as const) {
    const [pattern, text] = paintConstants.declaration('NAME', value);
    const [wanted, baked] = fullConstants.declaration('NAME', value);
    assert.equal([pattern, text(type)], [wanted, baked(type)]);
  }
});

const BUILDS = {
  'src/web/index.ts': bundleForPainting,
  'src/web/train.ts': bundleForPages,
};

const built = async (entry: keyof typeof BUILDS) => {
  const { metafile } = await BUILDS[entry]({ entryPoints: [entry], outfile: '.cache/editions.js', metafile: true });
  return metafile!;
};

test('every edition stands for a module that some build asks for', async () => {
  const files = readdirSync('src', { recursive: true }).map((file) => `src/${String(file).replaceAll('\\', '/')}`);
  const editions = files.filter((file) => /\.(paint|pages)\.ts$/.test(file));
  const read = (await Promise.all([built('src/web/index.ts'), built('src/web/train.ts')])).flatMap(({ inputs }) =>
    Object.keys(inputs),
  );
  assert.ok(editions.length > 30);
  for (const edition of editions) {
    assert.ok(read.includes(edition), `${edition} is read by no build`);
    assert.ok(files.includes(edition.replace(/\.(paint|pages)/, '')), `${edition} stands for nothing`);
  }
});

async function shadersOf(entry: keyof typeof BUILDS): Promise<Map<string, string>> {
  const [output] = Object.values((await built(entry)).outputs);
  const loaded = Object.entries(output!.inputs).flatMap(([file, { bytesInOutput }]) =>
    file.endsWith('.wgsl') && bytesInOutput > 0 ? [file] : [],
  );
  assert.ok(loaded.length > 10);
  return new Map(loaded.map((file) => [file, stripWgsl(readFileSync(file, 'utf8'))]));
}

for (const entry of Object.keys(BUILDS) as (keyof typeof BUILDS)[]) {
  test(`${entry} loads no shader whose directives it does not know`, async () => {
    const odd = [...(await shadersOf(entry))].filter(([, text]) =>
      /\/\/ @(if|inline)\b|^const \w+ = array</m.test(text),
    );
    assert.equal(odd, []);
  });
}

test('shaders that paint have uniforms that are numbers, and no constants but whole numbers and truths', async () => {
  for (const [file, text] of await shadersOf('src/web/index.ts')) {
    assert.not.match(text, /^const \w+: f32|^alias/m, file);
    // The rest of a shader that is joined of several files.
    if (!text.includes('struct Params')) continue;
    const uniforms = fullUniforms.uniformsOf(text);
    assert.equal(paintUniforms.uniformsOf(text), uniforms, file);
    const params = Object.fromEntries(uniforms.fields.map(({ name, type }, i) => [name, type === 'f32' ? 0.5 : i - 2]));
    const kernel: Kernel = { name: file, source: text, constants: {}, params, workgroups: 1, flops: 0 };
    assert.equal(paintUniforms.packFields(kernel, uniforms), fullUniforms.packFields(kernel, uniforms), file);
  }
});

test.run();
