import sirv from 'sirv';
import { pageFolder, type Served, serveOnLoopback } from './loopback.js';

/** Serves a built page that asks for nothing but its own files. @throws IOError, MissingFileError */
export function servePage(name: string, file: string, port?: number): Promise<Served> {
  const page = sirv(pageFolder(name, file), { etag: true });
  return serveOnLoopback((request, response) => {
    page(request, response, () => {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('There is no such thing\n');
    });
  }, port);
}
