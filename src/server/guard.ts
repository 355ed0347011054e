// Who may ask. A page on loopback can be reached by every program of the machine and, by way of a browser, by every site its user visits:
// directly, or under a name of the site's own that resolves to 127.0.0.1 (DNS rebinding). So Host and Origin are checked, and a token
// that only the terminal shows; it becomes a cookie, since pictures and event streams cannot carry a header.

import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Sent with every answer. */
const HEADERS: Record<string, string> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' blob: data:; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
};

export interface Guard {
  /** To be opened first: it hands the token over. */
  url: string;
  /** Answers what is not to be let in, and the address with the token. @returns whether the request is to be answered */
  admits(request: IncomingMessage, response: ServerResponse): boolean;
}

const sameText = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

/** Cookies of one host are shared by its ports, so the port is in the name. */
function cookieValue({ headers }: IncomingMessage, name: string): string {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  return pairs.find(([key]) => key === name)?.[1] ?? '';
}

function end(response: ServerResponse, status: number, text: string): false {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
  return false;
}

export function createGuard(port: number): Guard {
  const token = randomBytes(24).toString('base64url');
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  const cookie = `pix2pixhd-${port}`;

  function admits(request: IncomingMessage, response: ServerResponse): boolean {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const { host = '', origin } = request.headers;
    if (!hosts.includes(host)) return end(response, 403, 'This page is for this machine alone');
    if (origin !== undefined && origin !== `http://${host}`) return end(response, 403, 'Not for other sites');
    const given = /^\/\?token=([\w-]+)$/.exec(request.url ?? '')?.[1];
    if (given !== undefined && sameText(given, token)) {
      const set = `${cookie}=${token}; HttpOnly; SameSite=Strict; Path=/`;
      response.writeHead(303, { location: '/', 'set-cookie': set }).end();
      return false;
    }
    if (!sameText(cookieValue(request, cookie), token))
      return end(response, 403, 'Open the address that the terminal shows: it ends in ?token=…');
    if (request.method !== 'GET' && request.method !== 'HEAD') return end(response, 405, 'There is nothing to change');
    return true;
  }

  return { url: `http://127.0.0.1:${port}/?token=${token}`, admits };
}
