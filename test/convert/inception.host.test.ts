// The file of Inception's weights: batch norms go into the convolutions; what is no such file is told.

import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openInception } from '../../src/convert/inception.js';
import { writeFileAtomic } from '../../src/formats/atomic.js';
import { keepingOpen } from '../../src/formats/keep-open.js';
import { encodeSafetensors } from '../../src/formats/safetensors.js';
import { foldedTensor } from '../../src/nets/folded-norm.js';
import { refuses, withFolder } from '../formats/support.js';

const test = suite('Inception file');

test('a batch norm is a factor and a summand for every output', () => {
  const tensors: Record<string, number[]> = {
    'x.conv.weight': [1, 2, 3, 4],
    'x.bn.weight': [2, 3],
    'x.bn.bias': [5, 6],
    'x.bn.running_mean': [1, 2],
    'x.bn.running_var': [4 - 1e-3, 9 - 1e-3],
  };
  const file = { read: (name: string) => Float32Array.from(tensors[name]!) };
  const near = (name: string, want: number[]) =>
    foldedTensor(file, name).forEach((got, i) => assert.ok(Math.abs(got - want[i]!) < 1e-6, `${name}: ${got}`));
  near('x.weight', [1, 2, 3, 4]);
  near('x.bias', [4, 4]);
  tensors['x.bn.weight'] = [4, 0];
  near('x.weight', [2, 4, 0, 0]);
  near('x.bias', [3, 6]);
});

test('a file that is not there, and one of another net', () =>
  withFolder(async (folder) => {
    const other = join(folder, 'other.safetensors');
    const tensor = { name: 'fc.weight', dtype: 'F32' as const, shape: [1], data: Float32Array.of(1) };
    await writeFileAtomic(other, encodeSafetensors([tensor], {}));
    await keepingOpen(async (keep) => {
      await refuses(
        () => openInception(join(folder, 'x'), keep),
        66,
        /no such file\. Get https:.*pt_inception-2015-12-05/,
      );
      await refuses(() => openInception(other, keep), 65, /470 missing \(Conv2d_1a_3x3\.conv\.weight/);
    });
  }));

test.run();
