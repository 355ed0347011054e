// What --full adds: the whole generator and the whole training step, at the size that the goals speak of.

import { drawn } from './operands.js';
import { type Subject, TOLERANCE } from './rows.js';
import { drawnWeights, netsFor, pictureFor } from './step.js';

const SIZE = { width: 256, height: 128 };
const WIDTH = { ngf: 32, ndf: 64 };
const TEXT = `ngf ${WIDTH.ngf}, ${SIZE.width}×${SIZE.height}`;

/** Losses are equal within this. */
const STEP_TOLERANCE = 1e-4;

function generatorSubject(): Subject {
  const nets = netsFor(WIDTH);
  const x = drawn(1, [1, nets.generator.inputNc, SIZE.height, SIZE.width], 1);
  const given = { nets, weights: drawnWeights(nets.G, 1), x };
  return {
    name: `generator, ${TEXT}`,
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
  { name: 'training step', subject: stepSubject },
];
