// The dashboard's server: the page, and what it asks for. It listens on 127.0.0.1 alone and changes nothing.

import type { IncomingMessage, ServerResponse } from 'node:http';
import sirv from 'sirv';
import { pageFolder, type Served, serveOnLoopback } from '../server/loopback.js';
import type { WatchedRun } from './run.js';

/** How often the folders are looked at, and how long a stream may be silent. */
const LOOK_MS = 1000;
const SILENCE_MS = 15_000;
/** Points of a curve: more than a chart has pixels. */
const POINTS = 2000;

function sendJson(response: ServerResponse, value: unknown): void {
  response.setHeader('cache-control', 'no-store');
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(value));
}

const notFound = (response: ServerResponse): void =>
  void response.writeHead(404, { 'content-type': 'text/plain' }).end('There is no such thing\n');

async function sendSample(response: ServerResponse, run: WatchedRun, step: number): Promise<void> {
  const png = await run.sample(step);
  if (!png) return notFound(response);
  response.setHeader('content-type', 'image/png');
  response.setHeader('cache-control', 'no-cache');
  response.end(png);
}

/** Page, curves and pictures; everything is named by numbers, so that no name ever becomes a path. */
function answerer(runs: readonly WatchedRun[], streams: Set<ServerResponse>) {
  const page = sirv(pageFolder('dashboard', 'page.js'), { etag: true });
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname === '/events') return openStream(response, runs, streams);
    const [, number, what, step] = /^\/runs\/(\d{1,6})\/(curves|samples\/(\d{1,15})\.png)$/.exec(pathname) ?? [];
    if (what === undefined) return page(request, response, () => notFound(response));
    const run = runs[Number(number)];
    if (!run) return notFound(response);
    if (step !== undefined) return sendSample(response, run, Number(step));
    const from = Number(searchParams.get('from') ?? 0);
    const to = Number(searchParams.get('to') ?? Number.POSITIVE_INFINITY);
    sendJson(response, run.curves(from, to, POINTS));
  };
}

const eventOf = (run: WatchedRun, number: number): string =>
  `data: ${JSON.stringify({ run: number, status: run.status() })}\n\n`;

function openStream(response: ServerResponse, runs: readonly WatchedRun[], streams: Set<ServerResponse>): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(`retry: 1000\n\n${runs.map(eventOf).join('')}`);
  streams.add(response);
  response.on('close', () => streams.delete(response));
}

/** Looks at the runs again and again and tells the streams what changed. @returns what ends it */
function pushChanges(runs: readonly WatchedRun[], streams: ReadonlySet<ServerResponse>): () => void {
  let timer: NodeJS.Timeout;
  let said = Date.now();
  const push = (text: string) => {
    for (const stream of streams) stream.write(text);
    said = Date.now();
  };
  const look = async () => {
    for (const [i, run] of runs.entries()) if (await run.look()) push(eventOf(run, i));
    if (Date.now() - said > SILENCE_MS) push(':\n\n');
  };
  let ended = false;
  const again = () => {
    timer = setTimeout(() => look().finally(() => ended || again()), LOOK_MS);
  };
  again();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}

/**
 * Serves the page of some runs until it is closed.
 * @param port where another than the usual one is wanted; 0: any that is free @throws IOError, MissingFileError
 */
export async function serveRuns(runs: readonly WatchedRun[], port?: number): Promise<Served> {
  const streams = new Set<ServerResponse>();
  const answer = answerer(runs, streams);
  for (const run of runs) await run.look();
  const { url, close } = await serveOnLoopback(answer, port);
  const stop = pushChanges(runs, streams);
  return {
    url,
    close() {
      stop();
      return close();
    },
  };
}
