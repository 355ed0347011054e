// The worker's end of the line.

import { answerCall, type Reply } from '../../src/web/calls.js';
import type { Painter, Progress, ToWorker } from './messages.js';
import { createPainter } from './painter.js';

const scope = globalThis as unknown as {
  postMessage(message: Reply | Progress): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
};
let painter: Painter | undefined;

scope.onmessage = async ({ data }) => {
  if ('canvas' in data) painter = createPainter(data.canvas, (progress) => scope.postMessage(progress));
  else scope.postMessage(await answerCall(painter!, data));
};
