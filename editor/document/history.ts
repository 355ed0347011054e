// Undo and redo of whole strokes. A step holds what changed, as runs of pixels: maps are of one colour over long stretches,
// so that hundreds of steps take little memory.

import type { Style } from '../../src/generate/styles.js';
import { type Box, copyMaps, type Drawing, type Maps, union } from './maps.js';

/** begin, length, label and instance before, label and instance after. */
const RUN = 6;

interface Side {
  styles: ReadonlyMap<number, Style>;
  seed: number;
}

export interface Step {
  /** For people: "Undo brush". */
  name: string;
  runs: Int32Array;
  before: Side;
  after: Side;
}

/** What was, to find what an edit changed. */
export interface Snapshot extends Maps, Side {}

const sideOf = ({ styles, seed }: Drawing): Side => ({ styles: new Map(styles), seed });

export const snapshot = (drawing: Drawing): Snapshot => ({ ...copyMaps(drawing), ...sideOf(drawing) });

function runsBetween(old: Maps, { labels, instances }: Maps): Int32Array {
  const runs: number[] = [];
  let open: number[] | undefined;
  for (let i = 0; i < labels.length; i++) {
    const [l0, i0, l1, i1] = [old.labels[i]!, old.instances[i]!, labels[i]!, instances[i]!];
    if (l0 === l1 && i0 === i1) {
      open = undefined;
      continue;
    }
    const goesOn = open && open[2] === l0 && open[3] === i0 && open[4] === l1 && open[5] === i1;
    if (goesOn) runs[runs.length - RUN + 1]!++;
    else runs.push(...(open = [i, 1, l0, i0, l1, i1]));
  }
  return Int32Array.from(runs);
}

const sameSide = (a: Side, b: Side): boolean =>
  a.seed === b.seed &&
  a.styles.size === b.styles.size &&
  [...a.styles].every(([id, style]) => JSON.stringify(b.styles.get(id)) === JSON.stringify(style));

/** What happened since the snapshot; undefined where nothing did. */
export function stepSince(name: string, before: Snapshot, drawing: Drawing): Step | undefined {
  const runs = runsBetween(before, drawing);
  const [old, now] = [{ styles: before.styles, seed: before.seed }, sideOf(drawing)];
  return runs.length === 0 && sameSide(old, now) ? undefined : { name, runs, before: old, after: now };
}

/** Takes a step back, or once more. @returns the box of the pixels that changed */
export function applyStep(drawing: Drawing, step: Step, way: 'before' | 'after'): Box | undefined {
  const { width, labels, instances } = drawing;
  const at = way === 'before' ? 2 : 4;
  let box: Box | undefined;
  for (let r = 0; r < step.runs.length; r += RUN) {
    const [begin, length] = [step.runs[r]!, step.runs[r + 1]!];
    labels.fill(step.runs[r + at]!, begin, begin + length);
    instances.fill(step.runs[r + at + 1]!, begin, begin + length);
    const [top, bottom] = [Math.floor(begin / width), Math.floor((begin + length - 1) / width) + 1];
    const oneRow = bottom - top === 1;
    const left = oneRow ? begin % width : 0;
    box = union(box, { top, bottom, left, right: oneRow ? left + length : width });
  }
  drawing.styles = new Map(step[way].styles);
  drawing.seed = step[way].seed;
  return box;
}

/** More than anyone remembers; a step takes some hundred bytes to some hundred kilobytes. */
const MOST_STEPS = 500;

export interface History {
  done: readonly Step[];
  undone: readonly Step[];
}

export const EMPTY_HISTORY: History = { done: [], undone: [] };

export const withStep = ({ done }: History, step: Step): History => ({
  done: [...done.slice(1 - MOST_STEPS), step],
  undone: [],
});

/** @returns what is left, and the step to take back */
export function undo({ done, undone }: History): [History, Step] | undefined {
  const step = done.at(-1);
  return step && [{ done: done.slice(0, -1), undone: [...undone, step] }, step];
}

export function redo({ done, undone }: History): [History, Step] | undefined {
  const step = undone.at(-1);
  return step && [{ done: [...done, step], undone: undone.slice(0, -1) }, step];
}
