// Whatever a prior says must be among the candidates of its own build, and able to do the convolution.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Family, lanesOf, rowOf } from '../../src/graph/lower/candidates.js';
import * as all from '../../src/graph/lower/families.js';
import * as pages from '../../src/graph/lower/families.pages.js';
import type { Adapter, ConvShape, Size } from '../../src/kernels/conv.js';

const test = suite('families of candidates');

const ADAPTERS: Adapter[] = [
  ...[null, 4, 8, 16, 32].map((subgroupSize): Adapter => ({ kind: 'cpu', vendor: 'mesa', subgroupSize })),
  ...['nvidia', 'intel', 'other'].map((vendor): Adapter => ({ kind: 'gpu', vendor, subgroupSize: 32 })),
];

const square = (size: number): Size => [size, size];

function* shapes(): Generator<ConvShape> {
  for (const transposed of [false, true])
    for (const [kernel, stride] of [[1, 1], [3, 1], [3, 2], [4, 1], [4, 2], [7, 1]] as const) // biome-ignore format: pairs
      for (const channels of [1, 3, 16, 64, 128])
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

test('F(2×2, 3×3) for precise programs from so many channels on, and for the weight gradients of small planes of wide layers', () => {
  const shape = (channels: number, size: Size): ConvShape => ({
    ...{ images: 1, groups: 1, inputs: channels, outputs: channels, input: size, output: size, kernel: square(3) },
    ...{ stride: square(1), dilation: square(1), padding: square(1), reflect: false, transposed: false },
  });
  const isHalved = (family: Family<ConvShape>, channels: number, size: Size, lanes: number, precise: boolean) =>
    family
      .prior(shape(channels, size), { kind: 'cpu', vendor: 'mesa', subgroupSize: lanes }, precise)
      .startsWith('winograd2-');
  const convolutions = (channels: number, lanes: number, precise = true, size: Size = [16, 32]) =>
    isHalved(all.CONVOLUTIONS, channels, size, lanes, precise);
  assert.equal(
    [64, 128].map((channels) => convolutions(channels, 8)),
    [false, true],
  );
  assert.equal(
    [16, 32].map((channels) => convolutions(channels, 4)),
    [false, true],
  );
  assert.not.ok(convolutions(128, 8, false));
  assert.not.ok(convolutions(128, 8, true, [4, 8]), 'too few tiles for a workgroup');
  const gradients = (size: Size, precise: boolean, channels = 128) =>
    isHalved(all.WEIGHT_GRADIENTS as Family<ConvShape>, channels, size, 8, precise);
  assert.equal([gradients([8, 16], false), gradients([32, 32], false), gradients([32, 32], true)], [true, false, true]);
  assert.not.ok(gradients([8, 16], false, 64));
});

test('no more lanes share loads than a workgroup has threads', () => {
  const lanes = (subgroupSize: number, name = 'quads-1x2x32-broadcast') =>
    lanesOf({ kind: 'cpu', vendor: 'mesa', subgroupSize }, name, 32);
  assert.equal(
    [4, 8, 16, 32].map((size) => lanes(size)),
    [4, 8, 0, 0],
  );
  assert.is(lanes(8, 'quads-1x2x32'), 0);
});

test.run();
