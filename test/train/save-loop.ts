// A process that goes on with the run in its first argument and saves without end; each step that is saved is a line on stdout.

import { checkpointSteps } from '../../src/train/checkpoint-folder.js';
import { continueRun } from '../../src/train/run-folder.js';
import { checkpoint } from './make-checkpoint.js';

const root = process.argv[2]!;
const [newest = 0] = await checkpointSteps(`${root}/checkpoints`);
const run = await continueRun(root, { lr: 1 }, newest);
for (let step = newest + 1; ; step++) {
  await run.log({ step });
  await run.saveCheckpoint(checkpoint(step, 50_000), step % 7 === 0);
  await run.saveSample(step, new Uint8Array(5000));
  console.log(step);
}
