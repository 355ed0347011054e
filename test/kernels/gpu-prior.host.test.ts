// Which candidates a program is planned with on GPUs that are not here, from what they say of themselves.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { conv2d, grad, input, sum } from '../../src/engine.js';
import { plan } from '../../src/graph/plan.js';
import { TILES, threadsOf, workgroupBytes } from '../../src/kernels/conv-tiles.js';
import { profiled, RECORDED } from '../device/adapters.js';

const test = suite('conv: priors of GPUs');

/** Names of the kernels of a convolution with its gradients. */
function kernelsOn(name: keyof typeof RECORDED, channels: number): string[] {
  const x = input([1, channels, 16, 16]);
  const w = input([channels, channels, 3, 3]);
  const y = conv2d(x, w, null, { padding: 1 });
  const { steps } = plan({
    outputs: [y, ...(grad(sum(y), [x, w]) as [])],
    updates: [],
    limits: { maxStorageBufferBindingSize: 2 ** 27, maxBufferSize: 2 ** 28 },
    device: profiled(RECORDED[name]),
  });
  const names = steps.flatMap(({ launches }) => launches.map(({ kernel }) => kernel.name));
  return [...new Set(names.filter((kernel) => /^conv/.test(kernel) && !/pack|sum$/.test(kernel)))].sort();
}

const CHOSEN: Record<string, { narrow: string; wide: string }> = {
  nvidia: { narrow: 'tiles-32x32', wide: 'tiles-128x64' },
  amd: { narrow: 'tiles-32x32', wide: 'tiles-128x64' },
  apple: { narrow: 'tiles-32x32', wide: 'tiles-128x64' },
  intel: { narrow: 'tiles-32x32', wide: 'tiles-64x64' },
  qualcomm: { narrow: 'tiles-32x32', wide: 'tiles-32x32' },
};

for (const [name, { narrow, wide }] of Object.entries(CHOSEN)) {
  test(name, () => {
    const on = (channels: number) => kernelsOn(name as keyof typeof RECORDED, channels);
    assert.equal(on(32), [`conv.${narrow}`, `convWeight.${narrow}`]);
    assert.equal(on(64), [`conv.${wide}`, `convWeight.${wide}`]);
    assert.equal(on(3), ['conv.direct-8x3', 'convWeight.direct-3x3'], 'three channels would leave a tile empty');
  });
}

test('every tile is the choice of some GPU, and of no software adapter', () => {
  const chosen = new Set(Object.values(CHOSEN).flatMap(({ narrow, wide }) => [narrow, wide]));
  assert.equal([...chosen].sort(), Object.keys(TILES).sort());
  for (const name of ['lavapipe', 'swiftshader'] as const)
    for (const channels of [3, 16, 64]) assert.not.match(kernelsOn(name, channels).join(), 'tiles-');
});

test('tiles stay within what every device grants, and threads share the loads evenly', () => {
  for (const [name, tile] of Object.entries(TILES)) {
    const threads = threadsOf(tile);
    assert.ok(threads <= 256, name);
    assert.ok(workgroupBytes(tile) <= 16384, name);
    for (const side of [tile.rows, tile.columns]) {
      const vectors = (tile.depth * side) / 4;
      assert.is(vectors % threads, 0, name);
      // Lanes of one load stand side by side in whole rows of a tile, and in whole steps of k.
      assert.equal([threads % (side / 4), threads % tile.depth], [0, 0], name);
    }
  }
});

test.run();
