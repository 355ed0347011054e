// Files of LPIPS' weights: which backbone they are for, and what is said of others.

import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openLpips } from '../../src/convert/lpips.js';
import { writeFileAtomic } from '../../src/formats/atomic.js';
import { keepingOpen } from '../../src/formats/keep-open.js';
import { encodeSafetensors } from '../../src/formats/safetensors.js';
import { backboneParameters, linearParameters } from '../../src/nets/lpips.js';
import type { Parameter } from '../../src/nets/parameters.js';
import { refuses, withFolder } from '../formats/support.js';

const test = suite('LPIPS files');

/** Tensors whose every value is their place in the list. */
const fileOf = (parameters: readonly Parameter[]): Uint8Array =>
  encodeSafetensors(
    parameters.map(({ name, shape }, i) => {
      const data = new Float32Array(shape.reduce((a, b) => a * b)).fill(i);
      return { name, dtype: 'F32' as const, shape: [...shape], data };
    }),
    {},
  );

test('the backbone is told by the linear layers; each tensor comes from its file', () =>
  withFolder(async (folder) => {
    const [alex, vgg, net] = ['alex', 'vgg', 'net'].map((name) => join(folder, `${name}.safetensors`)) as [
      string,
      string,
      string,
    ];
    await writeFileAtomic(alex, fileOf(linearParameters('alex')));
    await writeFileAtomic(vgg, fileOf(linearParameters('vgg')));
    const classifier = { ...backboneParameters('alex')[1]!, name: 'classifier.1.bias' };
    await writeFileAtomic(net, fileOf([...backboneParameters('alex'), classifier]));
    await keepingOpen(async (keep) => {
      const { backbone, values } = openLpips(alex, net, keep);
      assert.is(backbone, 'alex');
      const value = (parameter: Parameter) => (values(parameter, 0) as () => Float32Array)()[0];
      assert.is(value(backboneParameters('alex')[3]!), 3);
      assert.is(value(linearParameters('alex')[4]!), 4);
      await refuses(() => openLpips(vgg, net, keep), 65, /net\.safetensors: tensors do not fit the net: \d+ missing/);
      await refuses(() => openLpips(net, net, keep), 65, /holds no linear layers of LPIPS \(lin0\.model\.1\.weight/);
      await refuses(
        () => openLpips(alex, join(folder, 'x'), keep),
        66,
        /no such file\. Get https:.*alexnet-owt-7be5be79\.pth/,
      );
    });
  }));

test.run();
