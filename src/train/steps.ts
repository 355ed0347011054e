import type { Batch, Cursor } from '../data/dataset.js';
import { ProjectError } from '../errors.js';
import type { Settings } from './nets.js';
import { learningRate } from './schedule.js';
import type { Losses, Progress, Trainer } from './trainer.js';

/** A loss that is no number any more. */
export class DivergedError extends ProjectError {}

/** Where batches come from: files in Node, memory in a browser. */
export interface BatchSource {
  load(cursor: Cursor): Promise<Batch>;
  advance(cursor: Cursor): Cursor;
}

/** A step that is done. */
export interface Step {
  before: Progress;
  after: Progress;
  epoch: number;
  lr: number;
  losses: Losses;
}

function checkFinite(losses: Losses, step: number): void {
  const bad = Object.entries(losses).find(([, value]) => !Number.isFinite(value));
  if (!bad) return;
  throw new DivergedError(`the loss ${bad[0]} is ${bad[1]} at step ${step}`, {
    fix: 'Start again with a lower --lr; the last checkpoint is from before this step',
  });
}

/**
 * Trains step by step from `start` up to `total`, loading the next batch while the device works on the last.
 * @throws DivergedError where a loss is no number, and whatever `source` and the device throw
 */
export async function* trainingSteps(
  trainer: Trainer,
  source: BatchSource,
  settings: Settings,
  start: Progress,
  total: number,
): AsyncGenerator<Step> {
  let next = source.load(start.cursor);
  for (let before = start; before.step < total; ) {
    const { epoch } = before.cursor;
    const lr = learningRate(settings, epoch);
    const stepping = trainer.step(await next, lr);
    const after: Progress = { step: before.step + 1, cursor: source.advance(before.cursor) };
    next = after.step < total ? source.load(after.cursor) : next;
    next.catch(() => {}); // it is thrown where it is awaited, which may be never
    const losses = await stepping;
    checkFinite(losses, after.step);
    yield { before, after, epoch, lr, losses };
    before = after;
  }
}
