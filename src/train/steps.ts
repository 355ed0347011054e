import type { Cursor } from '../data/cursor.js';
import type { Batch } from '../data/dataset.js';
import { ProjectError } from '../errors.js';
import type { Progress } from './checkpoint.js';
import { learningRates } from './schedule.js';
import type { Settings } from './settings.js';
import type { Losses, Trainer } from './trainer.js';

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
  /** Milliseconds from its batches being there to its losses. */
  ms: number;
  /** Milliseconds before that in which it waited for its batches. */
  waitMs: number;
}

function checkFinite(losses: Losses, step: number): void {
  const bad = Object.entries(losses).find(([, value]) => !Number.isFinite(value));
  if (!bad) return;
  throw new DivergedError(`the loss ${bad[0]} is ${bad[1]} at step ${step}`, {
    fix: 'Start again with a lower --lr; the last checkpoint is from before this step',
  });
}

/** The batches of the step at a cursor, and where the one after it begins. */
function batchesAt(source: BatchSource, cursor: Cursor, count: number): { batches: Promise<Batch[]>; next: Cursor } {
  const cursors = Array.from({ length: count }).reduce<Cursor[]>(
    (list) => [...list, source.advance(list.at(-1)!)],
    [cursor],
  );
  const batches = Promise.all(cursors.slice(0, -1).map((at) => source.load(at)));
  batches.catch(() => {}); // it is thrown where it is awaited, which may be never
  return { batches, next: cursors.at(-1)! };
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
  let coming = batchesAt(source, start.cursor, settings.accumulate);
  for (let before = start; before.step < total; ) {
    const { epoch } = before.cursor;
    const asked = performance.now();
    const batches = await coming.batches;
    const begun = performance.now();
    const stepping = trainer.step(batches, before);
    const after: Progress = { step: before.step + 1, cursor: coming.next };
    if (after.step < total) coming = batchesAt(source, after.cursor, settings.accumulate);
    const losses = await stepping;
    checkFinite(losses, after.step);
    const [ms, waitMs] = [performance.now() - begun, begun - asked];
    yield { before, after, epoch, lr: learningRates(settings, epoch).G, losses, ms, waitMs };
    before = after;
  }
}
