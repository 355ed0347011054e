import type { Cursor } from '../data/cursor.js';
import type { Batch } from '../data/dataset.js';
import { ProjectError } from '../errors.js';
import type { Progress } from './checkpoint.js';
import { learningRates } from './schedule.js';
import type { Settings } from './settings.js';
import type { Health, Losses, Trainer } from './trainer.js';

/** A training that has come upon NaN or infinity. */
export class DivergedError extends ProjectError {}

/** Where batches come from: files in Node, memory in a browser. */
export interface BatchSource {
  load(cursor: Cursor): Promise<Batch>;
  advance(cursor: Cursor): Cursor;
  /** Steps to load ahead of the one that is computed; by default one. */
  readonly ahead?: number;
}

/** A step that is done. */
export interface Step {
  before: Progress;
  after: Progress;
  epoch: number;
  lr: number;
  losses: Losses;
  health: Health;
  /** What made the step one that changed nothing, in words. */
  skipped?: string;
  /** Milliseconds from its batches being there to its losses. */
  ms: number;
  /** Milliseconds before that in which it waited for its batches. */
  waitMs: number;
}

/** Steps in a row that may be skipped: after those it is no accident any more. */
const MOST_SKIPS = 20;

const listed = (names: readonly string[]): string =>
  names.slice(0, 3).join(', ') + (names.length > 3 ? ` and ${names.length - 3} more` : '');

/** What is no number in a step, in words; a loss may be one without any tensor that was looked at. */
function faultText({ weights, others }: Health, losses: Losses): string | undefined {
  const bad = Object.keys(losses).filter((name) => !Number.isFinite(losses[name]));
  const names = new Set([...weights, ...others, ...bad.map((name) => `the loss ${name}`)]);
  return names.size > 0 ? `NaN or infinity in ${listed([...names])}` : undefined;
}

const SKIP = 'go on from the last checkpoint, which is from before, with --resume --on-nan skip, or with a lower --lr';

const overflowText = (scale: number): string =>
  `gradients overflow half floats with losses scaled by ${scale}, from now on by ${scale / 2}`;

/** @throws DivergedError where a fault ends the training */
function checkFault(fault: string, step: number, { onNan }: Settings, { weights }: Health, skips: number): void {
  if (onNan === 'stop') throw new DivergedError(`${fault} at step ${step}`, { fix: `It stops here: ${SKIP}` });
  const fix = 'Start again from an older checkpoint with a lower --lr';
  if (weights.length > 0) throw new DivergedError(`${fault} at step ${step}: no skipping mends weights`, { fix });
  if (skips > MOST_SKIPS)
    throw new DivergedError(`${fault} at step ${step}, and ${skips} steps in a row were skipped`, { fix });
}

/** Batches of a step, and the place behind them. */
interface Coming {
  batches: Promise<Batch[]>;
  next: Cursor;
}

/** The batches of the step at a cursor, and where the one after it begins. */
function batchesAt(source: BatchSource, cursor: Cursor, count: number): Coming {
  const cursors = Array.from({ length: count }).reduce<Cursor[]>(
    (list) => [...list, source.advance(list.at(-1)!)],
    [cursor],
  );
  const batches = Promise.all(cursors.slice(0, -1).map((at) => source.load(at)));
  batches.catch(() => {}); // it is thrown where it is awaited, which may be never
  return { batches, next: cursors.at(-1)! };
}

/** Batches of `steps` steps in a row, of which as many are being loaded as the source wants. */
function queue(source: BatchSource, start: Cursor, count: number, steps: number): { take(): Coming; fill(): void } {
  const coming: Coming[] = [];
  let next = start;
  let asked = 0;
  return {
    take: () => coming.shift()!,
    fill() {
      for (; coming.length < (source.ahead ?? 1) && asked < steps; asked++) {
        coming.push(batchesAt(source, next, count));
        next = coming.at(-1)!.next;
      }
    },
  };
}

/**
 * Trains step by step from `start` up to `total`, loading the next batches while the device works on the last.
 * @throws DivergedError where something is no number and that is not skipped, and whatever `source` and the device throw
 */
export async function* trainingSteps(
  trainer: Trainer,
  source: BatchSource,
  settings: Settings,
  start: Progress,
  total: number,
): AsyncGenerator<Step> {
  const coming = queue(source, start.cursor, settings.accumulate, total - start.step);
  coming.fill();
  let skips = 0;
  for (let before = start; before.step < total; ) {
    const { epoch } = before.cursor;
    const asked = performance.now();
    const { batches: loading, next } = coming.take();
    const batches = await loading;
    const begun = performance.now();
    const stepping = trainer.step(batches, before);
    const after: Progress = { step: before.step + 1, cursor: next };
    coming.fill();
    const losses = await stepping;
    const health = trainer.health!;
    const skipped = health.overflowed ? overflowText(health.lossScale!) : faultText(health, losses);
    skips = skipped ? skips + 1 : 0;
    if (skipped && !health.overflowed) checkFault(skipped, after.step, settings, health, skips);
    const [ms, waitMs] = [performance.now() - begun, begun - asked];
    yield { before, after, epoch, lr: learningRates(settings, epoch).G, losses, health, skipped, ms, waitMs };
    before = after;
  }
}
