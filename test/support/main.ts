// Imported after every test file of a bundle.

import { report, write } from '#runtime';
import { closeTestDevice } from './device.js';
import { notedDigests } from './digest.js';
import { runQueue } from './run.js';

const counts = await runQueue(write);
await closeTestDevice();
report({ ...counts, digests: notedDigests() });
