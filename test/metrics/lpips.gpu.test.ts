// LPIPS with weights of noise against torch's operations in float64, on the same weights and pictures.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createLpips } from '../../src/metrics/lpips.js';
import { type BackboneName, backboneParameters } from '../../src/nets/lpips.js';
import type { Values } from '../../src/nets/parameters.js';
import { openTestDevice } from '../support/device.js';
import { hashedNumbers, hashedPicture, hashedWeights } from '../support/hashed.js';

const test = suite('LPIPS');

/** Linear layers have weights in [0, 1). */
const weightsOf = (backbone: BackboneName): Values => {
  const convolutions = backboneParameters(backbone).length;
  return (parameter, index) => () =>
    index < convolutions ? hashedWeights(parameter, index) : hashedNumbers(parameter.shape[1]!, index);
};

/** conv2d, relu, max_pool2d and LPIPS' formula in torch 1.13, float64. */
const WANTED = {
  alex: { size: { width: 37, height: 33 }, distance: 0.8559760339081123 },
  vgg: { size: { width: 20, height: 17 }, distance: 0.8201022168853243 },
} as const;

for (const [backbone, { size, distance }] of Object.entries(WANTED))
  test(`${backbone}: torch's distance, the same both ways, 0 for one picture, none for tiny ones; its memory is freed`, async () => {
    const device = await openTestDevice();
    const { liveBytes } = device.memory();
    const name = backbone as BackboneName;
    const lpips = createLpips(device, { backbone: name, values: weightsOf(name) });
    const [a, b] = [100, 101].map((stream) => hashedPicture(size.width * size.height, stream)) as [
      Uint8Array,
      Uint8Array,
    ];
    const got = await lpips.distance(a, b, size);
    assert.ok(Math.abs(got - distance) < 1e-5 * distance, `${got} is not ${distance}`);
    assert.ok(Math.abs((await lpips.distance(b, a, size)) - got) < 1e-6 * got);
    assert.is(await lpips.distance(a, a, size), 0);
    assert.ok(Number.isNaN(await lpips.distance(a.slice(0, 300), b.slice(0, 300), { width: 10, height: 10 })));
    lpips.close();
    await new Promise((done) => setTimeout(done, 10)); // programs are dropped behind a promise
    assert.is(device.memory().liveBytes, liveBytes);
  });

test.run();
