// The page's end of the line to the worker that paints.

import { callsTo } from '../../src/web/calls.js';
import type { Painter, Progress, ToWorker } from './messages.js';

const METHODS = ['load', 'paint', 'prepare', 'thumbnail', 'picture', 'encode'] as const satisfies (keyof Painter)[];

/** A painter on the other side. `onProgress` is told how much of a checkpoint is there. */
export function remotePainter(
  worker: Worker,
  canvas: OffscreenCanvas,
  onProgress: (loaded: number, total?: number) => void,
): Painter {
  worker.postMessage({ canvas } satisfies ToWorker, [canvas]);
  return callsTo<Painter, Progress>(worker, METHODS, 'painting worker', ({ loaded, total }) =>
    onProgress(loaded, total),
  );
}
