// The worker's end of the line.

import { ProjectError } from '../../src/errors.js';
import type { Call, Failure, FromWorker, Painter, ToWorker } from './messages.js';
import { createPainter } from './painter.js';

const scope = globalThis as unknown as {
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
};
let painter: Painter | undefined;

function failureOf(error: unknown): Failure {
  const { message, code } = error as { message: string; code?: string };
  const own = error instanceof ProjectError;
  return { message: own ? message : `Something went wrong: ${message}`, code: own ? code : undefined };
}

async function answer({ id, method, args }: Call): Promise<void> {
  try {
    const result = await (painter![method] as (...args: unknown[]) => Promise<unknown>)(...args);
    scope.postMessage({ id, result });
  } catch (error) {
    scope.postMessage({ id, error: failureOf(error) });
  }
}

scope.onmessage = ({ data }) => {
  if ('canvas' in data) painter = createPainter(data.canvas, (loaded, total) => scope.postMessage({ loaded, total }));
  else void answer(data);
};
