// Host time of a recorded program: encoding and submitting a training step, many back to back before the device is awaited.

import type { Device } from '../src/device/device.js';
import { netsFor, pictureFor, scalarFeeds, stepOf } from './step.js';

export interface DispatchCost {
  /** Of a step with the default nets' depth. */
  dispatches: number;
  /** With a kernel an op: before fusion. */
  unfused: number;
  pipelines: number;
  /** In the best of the rounds: what else the machine does, a software adapter's threads too, only adds. */
  usPerDispatch: number;
  /** The step's memory over the least that any plan could need. */
  memoryRatio: number;
}

/** Small, so that a software adapter leaves the processor to the host; the number of dispatches is that of any size. */
const SMALL = { width: 64, height: 64 };
const NARROW = { ngf: 1, ndf: 1 };
const BACK_TO_BACK = 4;
const ROUNDS = 15;

/** Dispatches of the step with a kernel an op. */
async function unfusedDispatches(device: Device): Promise<number> {
  const { program, close } = await stepOf(device, netsFor(NARROW), SMALL, undefined, { fuse: false });
  close();
  return program.stats.dispatches;
}

export async function dispatchCostOf(device: Device): Promise<DispatchCost> {
  const { program, close } = await stepOf(device, netsFor(NARROW), SMALL);
  const all = { ...pictureFor(SMALL), ...scalarFeeds(1) };
  const times: number[] = [];
  await program.run(all, { readback: false });
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    const runs = Array.from({ length: BACK_TO_BACK }, () => program.run(all, { readback: false }));
    times.push((performance.now() - start) / BACK_TO_BACK);
    await Promise.all(runs);
  }
  const { dispatches, pipelines, peakBytes, lowerBoundBytes } = program.stats;
  close();
  return {
    dispatches,
    unfused: await unfusedDispatches(device),
    pipelines,
    usPerDispatch: (1000 * Math.min(...times)) / dispatches,
    memoryRatio: peakBytes / lowerBoundBytes,
  };
}
