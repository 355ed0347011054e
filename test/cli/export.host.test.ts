// export as people call it.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { writeSafetensors } from '../../src/formats/files.js';
import { globalGenerator } from '../../src/nets/generator.js';
import { type Manifest, manifestMetadata } from '../../src/nets/manifest.js';
import { withFolder } from '../formats/support.js';
import { GENERATOR, hashed } from '../nets/golden.js';
import { bundled, runNode } from '../support/child.js';

const test = suite('export');

const MANIFEST: Manifest = {
  format: 1,
  generator: { ...GENERATOR, netG: 'global', nLocalEnhancers: 0, nBlocksLocal: 0 },
  encoding: { labelNc: 5, inputNc: 3, noInstance: false },
  classes: { names: [], palette: [] },
  step: 1,
};

async function writeGenerator(path: string): Promise<void> {
  const tensors = globalGenerator(GENERATOR).parameters.map((parameter, index) => {
    const { name, shape } = parameter;
    return { name, shape: [...shape], dtype: 'F32' as const, data: hashed(1)(parameter, index) as Float32Array };
  });
  await writeSafetensors(path, tensors, manifestMetadata(MANIFEST));
}

const withGenerator = (use: (run: (...args: string[]) => ReturnType<typeof runNode>, out: string) => Promise<void>) =>
  withFolder(async (folder) => {
    const [from, out] = [join(folder, 'G.safetensors'), join(folder, 'G.onnx')];
    await writeGenerator(from);
    const cli = await bundled('src/cli/main.ts');
    await use((...args) => runNode({ args: [cli, 'export', from, '--out', out, ...args] }), out);
  });

test('--format onnx writes one file and says where; the size can be fixed', () =>
  withGenerator(async (run, out) => {
    const free = await run('--format', 'onnx');
    assert.is(free.code, 0, free.stderr);
    assert.is(free.stdout.trim(), out);
    assert.ok(readFileSync(out).includes('output_height'));
    const fixed = await run('--format', 'onnx', '--size', '64x32');
    assert.is(fixed.code, 0, fixed.stderr);
    assert.not.ok(readFileSync(out).includes('output_height'));
  }));

/** Arguments and what the message must say. */
const FAULTS: [args: string[], message: RegExp][] = [
  [['--format', 'jpeg'], /Allowed are .*onnx/],
  [['--format', 'onnx', '--size', '64'], /--size: got 64, wanted WIDTHxHEIGHT/],
  [['--format', 'onnx', '--size', '64x0'], /--size: got 64x0/],
  [['--format', 'onnx', '--size', '64x4'], /got \[1, 6, 4, 64\], wanted sides of at least 5/],
];

for (const [args, message] of FAULTS) {
  test(`told: ${args.join(' ')}`, () =>
    withGenerator(async (run, out) => {
      const { code, stderr } = await run(...args);
      assert.is(code, 2, stderr);
      assert.match(stderr, message);
      assert.not.ok(existsSync(out));
    }));
}

test.run();
