// Samples from threads, so that neither decoding nor resizing keeps the device waiting.

import { Worker } from 'node:worker_threads';
import { DataError, InternalError, IOError, MissingFileError, UsageError } from '../errors.js';
import type { Cursor } from './cursor.js';
import { type Batch, type Dataset, loadBatch, pickedSamples, prepared, stackSamples } from './dataset.js';
import type { LoadReply, LoadRequest, LoadWorkerData } from './load-worker.js';
import type { PreparedSample } from './sample.js';

export interface Loaders {
  /** The batch at a cursor: the same whatever the number of threads. @throws as `loadBatch` */
  load(cursor: Cursor): Promise<Batch>;
  /** Reads and checks a sample, which stays in memory where there is room. */
  look(number: number): Promise<PreparedSample['size']>;
  /** Sizes of the samples that were looked at, by number. */
  readonly seen: ReadonlyMap<number, PreparedSample['size']>;
  /** Batches worth asking for before they are needed. */
  readonly ahead: number;
  close(): Promise<void>;
}

/** Errors as the threads throw them; a message has file and fix in it already. */
const ERRORS = { DataError, IOError, MissingFileError, UsageError };

const thrown = ({ name, message }: { name: string; message: string }): Error =>
  new (ERRORS[name as keyof typeof ERRORS] ?? InternalError)(message);

interface Thread {
  ask(request: Omit<LoadRequest, 'id'>): Promise<LoadReply>;
  end(): Promise<unknown>;
}

function startThread(entry: URL, workerData: LoadWorkerData): Thread {
  const worker = new Worker(entry, { workerData });
  const waiting = new Map<number, { resolve(reply: LoadReply): void; reject(error: Error): void }>();
  let count = 0;
  let dead: Error | undefined;
  const fail = (error: Error) => {
    dead ??= error;
    for (const { reject } of waiting.values()) reject(dead);
    waiting.clear();
  };
  worker.on('message', (reply: LoadReply) => {
    const { resolve, reject } = waiting.get(reply.id)!;
    waiting.delete(reply.id);
    if (reply.error) reject(thrown(reply.error));
    else resolve(reply);
  });
  worker.on('error', fail);
  worker.on('exit', () => fail(new InternalError('a thread that loads pictures has ended')));
  return {
    ask(request) {
      if (dead) return Promise.reject(dead);
      const id = count++;
      const reply = new Promise<LoadReply>((resolve, reject) => waiting.set(id, { resolve, reject }));
      worker.postMessage({ id, ...request } satisfies LoadRequest);
      return reply;
    },
    end: () => worker.terminate(),
  };
}

/** A sample always comes from the same thread, so that the threads share the memory for decoded samples and none is held twice. */
function fromThreads(dataset: Dataset, threads: readonly Thread[]): Source {
  const threadOf = (number: number): Thread => threads[number % threads.length]!;
  return {
    ahead: 2 * threads.length,
    async load(cursor) {
      const { seed, epoch, position } = cursor;
      const asked = pickedSamples(dataset, cursor).map((number, i) =>
        threadOf(number).ask({ number, seeds: [seed, epoch, position + i] }),
      );
      return stackSamples((await Promise.all(asked)).map(({ sample }) => sample!));
    },
    look: async (number) => (await threadOf(number).ask({ number })).size!,
    close: async () => void (await Promise.all(threads.map((thread) => thread.end()))),
  };
}

type Source = Omit<Loaders, 'seen'>;

function remembering({ look, ...source }: Source): Loaders {
  const seen = new Map<number, PreparedSample['size']>();
  return {
    ...source,
    seen,
    async look(number) {
      const size = await look(number);
      seen.set(number, size);
      return size;
    },
  };
}

/** @param entry the file that a thread runs, which calls `serveLoads` @param count of threads; 0: all on this one */
export function startLoaders(entry: URL, dataset: Dataset, count: number): Loaders {
  if (count === 0) {
    return remembering({
      ahead: 1,
      load: (cursor) => loadBatch(dataset, cursor),
      look: async (number) => (await prepared(dataset, number)).size,
      close: async () => {},
    });
  }
  const { samples, options } = dataset;
  const share = { ...options, cacheBytes: Math.floor(options.cacheBytes / count) };
  const data: LoadWorkerData = { loads: true, samples, options: share };
  const threads = Array.from({ length: count }, () => startThread(entry, data));
  return remembering(fromThreads(dataset, threads));
}
