// The page's end of the line to the worker that paints.

import { callsTo } from '../../src/web/calls.js';
import type { Reason } from '../../src/web/why-not.js';
import type { Doctor, Painter, Progress, ToWorker } from './messages.js';

const METHODS = [
  'load',
  'paint',
  'prepare',
  'thumbnail',
  'picture',
  'readPng',
  'readProject',
  'project',
  'mapFiles',
  'encode',
] as const satisfies (keyof Painter)[];

/** Why the worker cannot paint, if so; the page itself has nothing that opens a device. */
export const whyNot = (worker: Worker): Promise<Reason | undefined> =>
  callsTo<Doctor, never>(worker, ['whyNot'], 'painting worker', () => {})
    .whyNot()
    .catch(({ message: problem }) => ({ problem, fix: 'Update the browser' }));

/** A painter on the other side. */
export function remotePainter(
  worker: Worker,
  canvas: OffscreenCanvas,
  onProgress: (progress: Progress) => void,
): Painter {
  worker.postMessage({ canvas } satisfies ToWorker, [canvas]);
  return callsTo<Painter, Progress>(worker, METHODS, 'painting worker', onProgress);
}
