// Host time of a recorded program: encoding and submitting a training step, many back to back before the device is awaited.

import type { Device } from '../src/device/device.js';
import { median } from './measure.js';
import { dispatchesOf, netsFor, pictureFor, SIZE, scalarFeeds, stepOf, WIDTH } from './step.js';

export interface DispatchCost {
  /** Of the step that the goals speak of. */
  dispatches: number;
  /** With a kernel an op, every picture judged by itself: before fusion. */
  unfused: number;
  pipelines: number;
  /** In the best of the runs: what else the machine does, a software adapter's threads too, only adds. */
  usPerDispatch: number;
  /** In the middle one of them. */
  usMedian: number;
  /** The step's memory over the least that any plan could need. */
  memoryRatio: number;
}

/** What is timed: small, so that a software adapter leaves the processor to the host. */
const SMALL = { width: 64, height: 64 };
const NARROW = { ngf: 1, ndf: 1 };
const BACK_TO_BACK = 4;
const ROUNDS = 40;

export async function dispatchCostOf(device: Device): Promise<DispatchCost> {
  const { program, close } = await stepOf(device, netsFor(NARROW), SMALL);
  const all = { ...pictureFor(SMALL), ...scalarFeeds(1) };
  const times: number[] = [];
  await program.run(all, { readback: false });
  for (let round = 0; round < ROUNDS; round++) {
    const runs = Array.from({ length: BACK_TO_BACK }, () => {
      const start = performance.now();
      const run = program.run(all, { readback: false });
      times.push(performance.now() - start);
      return run;
    });
    await Promise.all(runs);
  }
  const { dispatches, pipelines, peakBytes, lowerBoundBytes } = program.stats;
  close();
  const nets = netsFor(WIDTH);
  return {
    dispatches: await dispatchesOf(device, nets, SIZE, false),
    unfused: await dispatchesOf(device, nets, SIZE, true),
    pipelines,
    usPerDispatch: (1000 * Math.min(...times)) / dispatches,
    usMedian: (1000 * median(times)) / dispatches,
    memoryRatio: peakBytes / lowerBoundBytes,
  };
}
