// What --full adds: the whole generator and the whole training step, at the size that the goals speak of.

import { netsOf } from '../src/train/nets.js';
import { trainSettings } from '../src/train/settings.js';
import { drawn } from './operands.js';
import { type Subject, TOLERANCE } from './rows.js';
import { drawnWeights, encoded, netsFor, pictureFor, SIZE, WIDTH } from './step.js';

const DEMO = { ngf: 16, nDownsampleGlobal: 2, nBlocksGlobal: 3, instanceFeat: true, nef: 8, nDownsampleE: 2 };
const DEMO_SIDE = 256;
const TEXT = `ngf ${WIDTH.ngf}, ${SIZE.width}×${SIZE.height}`;

/** Losses are equal within this. */
const STEP_TOLERANCE = 1e-4;

function generatorSubject(): Subject {
  const nets = netsFor(WIDTH);
  const picture = pictureFor(SIZE);
  const given = { nets, weights: drawnWeights(nets.G, 1), x: encoded(picture, SIZE), picture };
  return {
    name: `generator, ${TEXT}`,
    role: 'forward',
    tolerance: TOLERANCE,
    bound: undefined,
    prepare: async (engine) => engine.generator?.(given),
  };
}

/** The net of the demo checkpoint, at the size of its maps. */
function demoSubject(): Subject {
  const nets = netsOf(trainSettings({ labelNc: 10, noVggLoss: true, ...DEMO }));
  const x = drawn(1, [1, nets.generator.inputNc, DEMO_SIDE, DEMO_SIDE], 1);
  const given = { nets, weights: drawnWeights(nets.G, 1), x };
  return {
    name: `demo generator, ngf ${DEMO.ngf}, ${DEMO_SIDE}×${DEMO_SIDE}`,
    role: 'forward',
    tolerance: TOLERANCE,
    bound: undefined,
    prepare: async (engine) => engine.generator?.(given),
  };
}

function stepSubject(): Subject {
  const nets = netsFor(WIDTH);
  const weights = { G: drawnWeights(nets.G, 1), D: drawnWeights(nets.D, 2) };
  const given = { nets, weights, picture: pictureFor(SIZE), size: SIZE };
  return {
    name: `training step, ${TEXT}`,
    role: 'both',
    tolerance: STEP_TOLERANCE,
    bound: undefined,
    prepare: async (engine) => engine.step?.(given),
  };
}

/** Made when their turn comes: each holds a whole net. */
export const NETS: readonly { name: string; subject: () => Subject }[] = [
  { name: 'generator', subject: generatorSubject },
  { name: 'demo generator', subject: demoSubject },
  { name: 'training step', subject: stepSubject },
];
