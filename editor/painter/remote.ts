// The page's end of the line to the worker that paints.

import { callsTo } from '../../src/web/calls.js';
import type { Painter, Progress, ToWorker } from './messages.js';

const METHODS = [
  'load',
  'paint',
  'prepare',
  'thumbnail',
  'picture',
  'project',
  'mapFiles',
  'encode',
] as const satisfies (keyof Painter)[];

/** A painter on the other side. */
export function remotePainter(
  worker: Worker,
  canvas: OffscreenCanvas,
  onProgress: (progress: Progress) => void,
): Painter {
  worker.postMessage({ canvas } satisfies ToWorker, [canvas]);
  return callsTo<Painter, Progress>(worker, METHODS, 'painting worker', onProgress);
}
