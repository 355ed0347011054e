// Five training steps with every loss, against the reference: VGG19's weights make this long on a CPU.

import { suite } from 'uvu';
import { compile } from '../../src/engine.js';
import { encodeInput } from '../../src/nets/encode-input.js';
import { lookup } from '../../src/nets/parameters.js';
import { adamFeeds, adamScalars } from '../../src/train/adam.js';
import reference from '../golden/pix2pixhd.json';
import { ENCODING, EXTENT, matches, SAMPLE } from '../nets/golden.js';
import { openTestDevice } from '../support/device.js';
import { checkGradients, near, perceptualStep, trainedOf } from './golden-step.js';

const test = suite('training step with the perceptual loss');

/**
 * Rounding in VGG's deep sums (1e-6 of their size, as in torch) now and then turns the sign of one |fake − real|, which moves a step by
 * more than rounding does. The plain order of sums meets none in these five steps; that of the faster candidates meets one at the fifth.
 */
const PLAIN = { conv: 'plain', convWeight: 'plain' };

test('five steps give the losses, gradients and generator of the reference', async () => {
  const device = await openTestDevice();
  const { G, D, program } = await perceptualStep(device, { force: PLAIN });
  for (const [i, { gradnorm_G, gradnorm_D, ...losses }] of reference.float64.steps.entries()) {
    const scalars = adamScalars(i + 1, 2e-4);
    const got = await program.run({ ...SAMPLE, ...adamFeeds('G', scalars), ...adamFeeds('D', scalars) });
    for (const [name, want] of Object.entries(losses)) near(`step ${i + 1} ${name}`, got[name]![0]!, want as number);
    if (gradnorm_G) await checkGradients('G', G, trainedOf(G, gradnorm_G));
    if (gradnorm_D) await checkGradients('D', D, trainedOf(D, gradnorm_D));
  }
  program.destroy();
  const { inputs, condition } = encodeInput(ENCODING, EXTENT);
  const picture = G.net.forward(condition, lookup(G.variables));
  const generator = await compile(device, { inputs, outputs: { picture } }, { precise: true });
  const { labels, instances } = SAMPLE;
  const got = await generator.run({ labels, instances });
  generator.destroy();
  matches('generator after the last step', got.picture!, reference.float64.G_global_after5, 1e-4);
});

test.run();
