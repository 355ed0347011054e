import type { ServerResponse } from 'node:http';
import sirv from 'sirv';
import { pageFolder, type Served, serveOnLoopback } from '../server/loopback.js';
import type { Opens } from './opens.js';

const notFound = (response: ServerResponse): void =>
  void response.writeHead(404, { 'content-type': 'text/plain' }).end('There is no such thing\n');

/** Serves the editor with what it opens, which lies beside the page under fixed names. @throws IOError, MissingFileError */
export function serveEditor({ name, checkpoint, labels, instances }: Opens, port?: number): Promise<Served> {
  const page = sirv(pageFolder('editor', 'editor.js'), { etag: true });
  const checkpointName = `${name.replace(/[^\w.-]/g, '_').replace(/\.safetensors$/, '')}.safetensors`;
  const files: Record<string, Uint8Array | undefined> = {
    [`/${checkpointName}`]: checkpoint,
    '/labels.png': labels,
    '/instances.png': instances,
  };
  const beside = {
    checkpoint: checkpointName,
    labels: labels && 'labels.png',
    instances: instances && 'instances.png',
  };
  return serveOnLoopback((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    response.setHeader('cache-control', 'no-cache');
    if (pathname === '/opens.json') {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(beside));
    } else if (Object.hasOwn(files, pathname) && files[pathname]) {
      response.setHeader('content-length', files[pathname].length);
      response.setHeader('content-type', pathname.endsWith('.png') ? 'image/png' : 'application/octet-stream');
      response.end(files[pathname]);
    } else page(request, response, () => notFound(response));
  }, port);
}
