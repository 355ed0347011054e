// What is due after a step of a training, and how often it will be.

import type { Progress } from './checkpoint.js';
import type { Left } from './pace.js';
import { passes } from './schedule.js';
import type { Settings } from './settings.js';

/** What does not change the result: when to stop and how often something is written; in images and epochs. */
export interface Habits {
  maxSteps?: number;
  printFreq: number;
  displayFreq: number;
  saveLatestFreq: number;
  saveEpochFreq: number;
  /** Steps between two validations; by default there is one with every checkpoint. */
  valFreq?: number;
}

export interface Due {
  /** A line where there is no terminal. */
  print: boolean;
  pictures: boolean;
  checkpoint: boolean;
  /** The checkpoint stays for good. */
  keep: boolean;
  validation: boolean;
}

/** Why a step is the last. */
export type Ending = 'done' | 'stopped' | undefined;

type Batching = Pick<Settings, 'batchSize' | 'accumulate'>;

/** Images that a step takes in. */
export const imagesOf = ({ batchSize, accumulate }: Batching): number => batchSize * accumulate;

/** A training that is stopped saves where it is, but measures nothing that it would not have measured without the stop. */
export function dueAfter(before: Progress, after: Progress, batching: Batching, habits: Habits, ending: Ending): Due {
  const { valFreq } = habits;
  const last = ending !== undefined;
  const images = imagesOf(batching);
  const passed = (period: number) => passes(before.step * images, after.step * images, period);
  const epochEnds = after.cursor.epoch > before.cursor.epoch;
  const keep = epochEnds && before.cursor.epoch % habits.saveEpochFreq === 0;
  const regular = keep || passed(habits.saveLatestFreq);
  return {
    print: after.step === 1 || last || passed(habits.printFreq),
    pictures: last || passed(habits.displayFreq),
    checkpoint: last || regular,
    keep,
    validation: ending === 'done' || (valFreq ? passes(before.step, after.step, valFreq) : regular),
  };
}

/** How much of every work is left after `step`. `size` counts an epoch's images. */
export function leftAfter(step: number, total: number, batching: Batching, habits: Habits, size: number): Left {
  const images = imagesOf(batching);
  const times = (period: number) => Math.floor((total * images) / period) - Math.floor((step * images) / period);
  const atEnd = step < total ? 1 : 0;
  const checkpoint = times(habits.saveLatestFreq) + times(habits.saveEpochFreq * size) + atEnd;
  const { valFreq } = habits;
  return {
    step: total - step,
    pictures: times(habits.displayFreq) + atEnd,
    checkpoint,
    validation: valFreq ? atEnd * (Math.ceil(total / valFreq) - Math.floor(step / valFreq)) : checkpoint,
  };
}
