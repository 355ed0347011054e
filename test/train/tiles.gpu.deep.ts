// Every tile of workgroups in turn computes all convolutions of the golden nets, and of three golden steps.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compile, concat, input } from '../../src/engine.js';
import { TILES } from '../../src/kernels/conv-tiles.js';
import { encodeInput } from '../../src/nets/encode-input.js';
import { createVariables, lookup } from '../../src/nets/parameters.js';
import { adamFeeds, adamScalars } from '../../src/train/adam.js';
import reference from '../golden/pix2pixhd.json';
import { ENCODING, EXTENT, hashed, matches, SAMPLE, tinyDiscriminator, tinyGenerator } from '../nets/golden.js';
import golden from '../nets/golden-steps-without-vgg.json';
import { openTestDevice } from '../support/device.js';
import { checkGradients, near, tinyStep } from './golden-step.js';

const test = suite('golden vectors by tiles of workgroups');
const STEPS = 3;

/** All kernels that compute convolutions are the ones asked for. */
function isAlone(name: string, kernels: readonly { op: string; candidate: string }[]): void {
  const others = kernels.filter(
    ({ op, candidate }) => /^conv/.test(op) && candidate !== name && !/^(pack|sum)$/.test(candidate),
  );
  assert.equal(others, []);
}

for (const name of Object.keys(TILES)) {
  const force = { conv: name, convWeight: name };

  test(`${name}: generator and every map of the discriminator`, async () => {
    const [G, D] = [tinyGenerator(), tinyDiscriminator()];
    const { inputs, condition } = encodeInput(ENCODING, EXTENT);
    const image = input([1, 3, 32, 48]);
    const picture = G.forward(condition, lookup(createVariables(G.parameters, hashed(1))));
    const maps = D.forward(concat([condition, image], 1), lookup(createVariables(D.parameters, hashed(3))));
    const named = maps.flatMap((scale, i) => scale.map((map, j) => [`map${i}.${j}`, map] as const));
    const outputs = { picture, ...Object.fromEntries(named) };
    const program = await compile(await openTestDevice(), { inputs: { ...inputs, image }, outputs }, { force });
    const got = await program.run(SAMPLE);
    program.destroy();
    isAlone(name, program.stats.kernels);
    matches('generator', got.picture!, reference.float64.G_global, 1e-5);
    reference.float64.D.forEach((scale, i) => {
      scale.forEach((want, j) => void matches(`scale ${i} map ${j}`, got[`map${i}.${j}`]!, want, 1e-5));
    });
  });

  test(`${name}: three training steps`, async () => {
    const { G, D, spec } = tinyStep();
    const program = await compile(await openTestDevice(), spec, { force });
    isAlone(name, program.stats.kernels);
    for (const [i, { gradientNorms, ...losses }] of golden.steps.slice(0, STEPS).entries()) {
      const scalars = adamScalars(i + 1, 2e-4);
      const got = await program.run({ ...SAMPLE, ...adamFeeds('G', scalars), ...adamFeeds('D', scalars) });
      for (const [loss, want] of Object.entries(losses)) near(`step ${i + 1} ${loss}`, got[loss]![0]!, want as number);
      if (!gradientNorms) continue;
      await checkGradients('G', G, gradientNorms.G);
      await checkGradients('D', D, gradientNorms.D);
    }
    program.destroy();
  });
}

test.run();
