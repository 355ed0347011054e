// A server for the pages of this machine's user: on 127.0.0.1 alone, behind the guard.

import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IOError, MissingFileError } from '../errors.js';
import { createGuard } from './guard.js';

/** Tried first, so that a page stays under its address. */
const USUAL_PORT = 7007;

export type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

export interface Served {
  /** With the token; for people. */
  url: string;
  close(): Promise<void>;
}

/** Folder of a built page, beside the bundle that this is part of or above it, known by one of its files. @throws MissingFileError */
export function pageFolder(name: string, file: string): string {
  for (let at = dirname(fileURLToPath(import.meta.url)); at !== dirname(at); at = dirname(at)) {
    for (const folder of [join(at, name), join(at, 'dist', name)]) if (existsSync(join(folder, file))) return folder;
  }
  throw new MissingFileError('the page is not built', { fix: 'Run npm run build' });
}

async function listen(server: Server, port: number | undefined): Promise<number> {
  const tryPort = (number: number) =>
    new Promise<void>((done, fail) => {
      server.once('error', fail);
      server.listen(number, '127.0.0.1', () => {
        server.off('error', fail);
        done();
      });
    });
  await tryPort(port ?? USUAL_PORT).catch((error) => {
    if (port === undefined && error.code === 'EADDRINUSE') return tryPort(0);
    throw new IOError(`port ${port} cannot be used: ${error.message}`, { fix: 'Give another --port' });
  });
  return (server.address() as AddressInfo).port;
}

const failed = (response: ServerResponse, error: unknown): void => {
  console.error(error);
  if (!response.headersSent) response.writeHead(500);
  response.end();
};

/**
 * Serves until it is closed. @param port where another than the usual one is wanted; 0: any that is free
 * @throws IOError where a port that was asked for is not free
 */
export async function serveOnLoopback(answer: Answer, port?: number): Promise<Served> {
  const server = createServer();
  const guard = createGuard(await listen(server, port));
  server.on('request', (request, response) => {
    if (!guard.admits(request, response)) return;
    Promise.resolve(answer(request, response)).catch((error) => failed(response, error));
  });
  return {
    url: guard.url,
    close() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      return closed;
    },
  };
}
