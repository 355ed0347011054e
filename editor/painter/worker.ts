// The worker's end of the line.

import { answerCall, type Reply } from '../../src/web/calls.js';
import { whyNot } from '../../src/web/why-not.js';
import type { Doctor, Painter, Progress, ToWorker } from './messages.js';
import { createPainter } from './painter.js';

const scope = globalThis as unknown as {
  postMessage(message: Reply | Progress): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
};
let service: Doctor & Partial<Painter> = { whyNot };

scope.onmessage = async ({ data }) => {
  if ('canvas' in data) {
    const painter = createPainter(data.canvas, (progress) => scope.postMessage(progress));
    service = { whyNot, ...painter };
  } else scope.postMessage(await answerCall(service, data));
};
