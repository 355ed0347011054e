// The page's end of the line to the worker that paints.

import type { FromWorker, Painter, ToWorker } from './messages.js';

/** What went wrong in the worker; `code` as in src/device/errors.ts. */
export class PainterError extends Error {
  readonly code?: string;
  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}

const METHODS = ['load', 'paint', 'variants', 'picture', 'encode'] as const satisfies (keyof Painter)[];

/** A painter on the other side. `onProgress` is told how much of a checkpoint is there. */
export function remotePainter(
  worker: Worker,
  canvas: OffscreenCanvas,
  onProgress: (loaded: number, total?: number) => void,
): Painter {
  const open = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let count = 0;
  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
    if (!('id' in data)) return onProgress(data.loaded, data.total);
    const { resolve, reject } = open.get(data.id)!;
    open.delete(data.id);
    if (data.error) reject(new PainterError(data.error.message, data.error.code));
    else resolve(data.result);
  };
  worker.onerror = ({ message }) => {
    for (const { reject } of open.values()) reject(new PainterError(`The painting worker stopped: ${message}`));
    open.clear();
  };
  const send = (message: ToWorker, transfer: Transferable[] = []) => worker.postMessage(message, transfer);
  send({ canvas }, [canvas]);
  const call = (method: keyof Painter, args: unknown[]) =>
    new Promise((resolve, reject) => {
      open.set(++count, { resolve, reject });
      send({ id: count, method, args } as ToWorker);
    });
  return Object.fromEntries(
    METHODS.map((method) => [method, (...args: unknown[]) => call(method, args)]),
  ) as unknown as Painter;
}
