import type { Checkpoint } from '../../src/train/checkpoint.js';

/** A checkpoint of one tensor that says its step throughout, so that a mixture shows. */
export const checkpoint = (step: number, length = 2): Checkpoint => ({
  state: { step, cursor: { seed: 1, epoch: 1, position: step }, fixed: false, adam: { G: step, D: step } },
  files: [
    {
      name: 'G.safetensors',
      tensors: [{ name: 'w', dtype: 'F32', shape: [length], data: async () => new Float32Array(length).fill(step) }],
      metadata: { a: 'b' },
    },
  ],
});
