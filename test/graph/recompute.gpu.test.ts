// Computed again instead of kept: the same bits from less memory, in every kind of training.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Recompute } from '../../src/graph/recompute.js';
import type { Settings } from '../../src/train/settings.js';
import { hashedVgg } from '../nets/golden.js';
import { openTestDevice } from '../support/device.js';
import { batch, START, trainerFor } from '../train/support.js';

const test = suite('recompute');

const SIZE = [48, 40] as const;

async function trained(change: Partial<Settings>, recompute: Recompute, vgg: boolean) {
  const trainer = trainerFor(await openTestDevice(), change, {
    vgg: vgg ? hashedVgg : undefined,
    compile: { recompute, precise: true },
  });
  const losses = [];
  for (const step of [0, 1]) losses.push(await trainer.step([batch(...SIZE)], { ...START, step }));
  const picture = await trainer.paint(batch(...SIZE));
  const { lowerBoundBytes, dispatches } = trainer.stats!;
  trainer.close();
  return { losses, picture, lowerBoundBytes, dispatches };
}

const KINDS: Record<string, [change: Partial<Settings>, vgg: boolean]> = {
  'global, perceptual loss': [{ nBlocksGlobal: 2 }, true],
  'local, batch norm, nearest': [{ netG: 'local', nLocalEnhancers: 1, norm: 'batch', upsample: 'nearest' }, false],
  'styles, pool, spectral norm, averages': [
    { instanceFeat: true, nef: 4, nDownsampleE: 1, poolSize: 2, spectralNorm: true, ema: 0.9 },
    false,
  ],
};

for (const [name, [change, vgg]] of Object.entries(KINDS)) {
  test(name, async () => {
    const kept = await trained(change, 'none', vgg);
    let before = kept;
    // The modes between drop some of what `all` drops.
    for (const mode of ['norms', 'all'] as const) {
      const again = await trained(change, mode, vgg);
      assert.equal(again.losses, kept.losses, `losses, ${mode}`);
      assert.equal(again.picture, kept.picture, `picture, ${mode}`);
      assert.ok(again.dispatches > before.dispatches, `${mode} computes nothing more`);
      assert.ok(again.lowerBoundBytes < kept.lowerBoundBytes, `${mode}: ${again.lowerBoundBytes} bytes`);
      before = again;
    }
  });
}

test.run();
