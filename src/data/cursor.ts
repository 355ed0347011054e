/**
 * A place in the endless stream of batches: everything random follows from these three numbers, so a checkpoint that
 * holds them continues with the same pictures, crops and flips. Epochs count from 1, `position` in images.
 */
export type Cursor = { seed: number; epoch: number; position: number };

export const startCursor = (seed: number): Cursor => ({ seed, epoch: 1, position: 0 });
