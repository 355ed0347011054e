// Where a run stands, from its log and the names of its files.

import { type History, latest, type Note } from './history.js';
import { secondsLeft, secondsPerStep, totalOf } from './rate.js';

export interface RunFiles {
  config: Record<string, unknown>;
  /** Steps of the sheets in samples/ and of the checkpoints, rising. */
  samples: number[];
  checkpoints: number[];
}

/** All of a run but its curves. */
export interface RunStatus extends RunFiles {
  name: string;
  /** Rises with everything that is new. */
  version: number;
  /** The last line of the log; 0 before the first. */
  step: number;
  /** Steps of the whole schedule, where that is known. */
  total?: number;
  epoch?: number;
  /** Milliseconds since 1970, of the last line. */
  time?: number;
  imagesPerSecond?: number;
  secondsLeft?: number;
  /** Bytes on the device. */
  deviceBytes?: number;
  notes: Note[];
}

/** Images a step takes. */
const imagesPerStep = ({ batchSize = 1, accumulate = 1 }: Record<string, unknown>): number =>
  Number(batchSize) * Number(accumulate);

function rateOf(history: History, config: Record<string, unknown>): number | undefined {
  const seconds = secondsPerStep(history);
  return latest(history, 'imagesPerSecond') ?? (seconds && imagesPerStep(config) / seconds);
}

export const statusOf = (name: string, version: number, history: History, files: RunFiles): RunStatus => ({
  name,
  version,
  ...files,
  step: history.steps.at(-1) ?? 0,
  total: totalOf(history, files.config),
  epoch: latest(history, 'epoch'),
  time: latest(history, 'time'),
  imagesPerSecond: rateOf(history, files.config),
  secondsLeft: latest(history, 'secondsLeft') ?? secondsLeft(history, files.config),
  deviceBytes: latest(history, 'deviceBytes'),
  notes: history.notes,
});
