// Whatever a prior says must be among the candidates of its own build, and able to do the convolution.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Family, rowOf } from '../../src/graph/lower/candidates.js';
import * as all from '../../src/graph/lower/families.js';
import * as pages from '../../src/graph/lower/families.pages.js';
import type { Adapter, ConvShape, Size } from '../../src/kernels/conv.js';

const test = suite('families of candidates');

const ADAPTERS: Adapter[] = [
  ...[null, 4, 8].map((subgroupSize): Adapter => ({ kind: 'cpu', vendor: 'mesa', subgroupSize })),
  ...['nvidia', 'intel', 'other'].map((vendor): Adapter => ({ kind: 'gpu', vendor, subgroupSize: 32 })),
];

const square = (size: number): Size => [size, size];

function* shapes(): Generator<ConvShape> {
  for (const transposed of [false, true])
    for (const [kernel, stride] of [[1, 1], [3, 1], [3, 2], [4, 1], [4, 2], [7, 1]] as const) // biome-ignore format: pairs
      for (const channels of [1, 3, 16, 64])
        for (const size of [8, 64]) {
          const [input, output] = transposed
            ? [square(size), square(size * stride)]
            : [square(size * stride), square(size)];
          const rest = { images: 1, groups: 1, dilation: square(1), padding: square(kernel >> 1), reflect: false };
          yield {
            ...rest,
            inputs: channels,
            outputs: channels,
            input,
            output,
            kernel: square(kernel),
            stride: square(stride),
            transposed,
          };
        }
}

for (const [build, { CONVOLUTIONS, WEIGHT_GRADIENTS }] of Object.entries({ all, pages })) {
  test(`${build}: a prior's candidate is there and fits`, () => {
    for (const family of [CONVOLUTIONS, WEIGHT_GRADIENTS] as Family<ConvShape>[])
      for (const shape of shapes())
        for (const adapter of ADAPTERS)
          for (const precise of [false, true]) {
            const name = family.prior(shape, adapter, precise);
            const row = rowOf(family, name);
            const what = `${family.op} ${name} ${JSON.stringify({ shape, adapter, precise })}`;
            assert.ok(row && row.fits?.(shape) !== false && !(precise && row.rounds), what);
          }
  });
}

test.run();
