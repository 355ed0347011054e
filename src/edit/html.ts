// The editor with its generator as one page that asks nobody for anything: it works from a disk.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../formats/atomic.js';
import { pageFolder } from '../server/loopback.js';
import { type Opens, opensOf } from './opens.js';

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** An end tag in a string of the script would end the script. */
const inScript = (text: string): string => text.replaceAll('</script', '<\\/script');

const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

const block = (id: string, bytes: Uint8Array | undefined, name = ''): string =>
  bytes
    ? `<script type="application/octet-stream" id="${id}" data-name="${escaped(name)}">${Buffer.from(bytes).toString('base64')}</script>\n`
    : '';

/** Scripts and styles by their hashes, a worker out of the page itself, and nothing from anywhere else. */
const policy = (script: string, style: string): string =>
  [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    'worker-src blob:',
    'img-src blob: data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');

export async function editorHtml({ name, checkpoint, labels, instances }: Opens): Promise<string> {
  const folder = pageFolder('editor', 'editor.js');
  const read = (file: string) => readFile(join(folder, file), 'utf8');
  const [page, style, worker] = [await read('editor.js'), await read('editor.css'), await read('worker.js')];
  const script = inScript(page);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(script, style)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(name)} – pix2pixhd editor</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
${block('worker', Buffer.from(worker))}${block('checkpoint', checkpoint, name)}${block('labels', labels)}${block('instances', instances)}<script type="module">${script}</script>
</body>
</html>
`;
}

/** @returns the path written @throws MissingFileError, DataError, IOError */
export async function exportHtml(from: string, out: string): Promise<string[]> {
  await writeFileAtomic(out, await editorHtml(await opensOf(from, {})));
  return [out];
}
