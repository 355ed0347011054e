// Calls from a page to a worker of its own: every one is answered with its result, or with an error in words.

import { ProjectError } from '../errors.js';

export interface Failure {
  message: string;
  /** As in src/device/errors.ts. */
  code?: string;
}

export interface Call<Method extends string = string> {
  id: number;
  method: Method;
  args: unknown[];
}

export interface Reply {
  id: number;
  result?: unknown;
  error?: Failure;
}

/** What went wrong in the worker; `code` as in src/device/errors.ts. */
export class WorkerError extends Error {
  readonly code?: string;
  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}

/**
 * The methods of a service that answers in a worker.
 * @param what the worker is called where it stopped @param onNews is told what the worker says without being asked
 */
export function callsTo<Service extends object, News extends object>(
  worker: Worker,
  methods: readonly (keyof Service & string)[],
  what: string,
  onNews: (news: News) => void,
): Service {
  const open = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let count = 0;
  worker.onmessage = ({ data }: MessageEvent<Reply | News>) => {
    if (!('id' in data)) return onNews(data);
    const { resolve, reject } = open.get(data.id)!;
    open.delete(data.id);
    if (data.error) reject(new WorkerError(data.error.message, data.error.code));
    else resolve(data.result);
  };
  worker.onerror = ({ message }) => {
    for (const { reject } of open.values()) reject(new WorkerError(`The ${what} stopped: ${message}`));
    open.clear();
  };
  const call = (method: string, args: unknown[]) =>
    new Promise((resolve, reject) => {
      open.set(++count, { resolve, reject });
      worker.postMessage({ id: count, method, args } satisfies Call);
    });
  return Object.fromEntries(
    methods.map((method) => [method, (...args: unknown[]) => call(method, args)]),
  ) as unknown as Service;
}

function failureOf(error: unknown): Failure {
  const { message, code } = error as { message: string; code?: string };
  const own = error instanceof ProjectError;
  return { message: own ? message : `Something went wrong: ${message}`, code: own ? code : undefined };
}

/** The worker's end of the line: does what is called for. */
export async function answerCall<Service extends object>(
  service: Service,
  { id, method, args }: Call<keyof Service & string>,
): Promise<Reply> {
  try {
    return { id, result: await (service[method] as (...args: unknown[]) => unknown)(...args) };
  } catch (error) {
    return { id, error: failureOf(error) };
  }
}
