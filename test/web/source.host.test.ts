// Checkpoints by their address: progress, hashes, what a cache holds, shards.

import { createHash } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeSafetensors, readTensor } from '../../src/formats/safetensors.js';
import { openWebFile } from '../../src/web/source.js';

const test = suite('files of pages');

const fileOf = (name: string, value: number) =>
  encodeSafetensors([{ name, dtype: 'F32', shape: [2], data: Float32Array.of(value, value) }], { of: name });
const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** What a server has, and what was asked of it. */
let served: Record<string, Uint8Array | string> = {};
let asked: [url: string, cache?: string][] = [];
/** The browser's cache; `full` refuses to keep anything. */
let kept = new Map<string, Response>();
let full = false;

const real = { fetch: globalThis.fetch, caches: (globalThis as any).caches, location: (globalThis as any).location };
test.before(() => {
  const fetch = async (input: string | URL, { cache }: { cache?: string } = {}) => {
    const url = String(input);
    asked.push([url, cache]);
    const body = served[url];
    if (body === undefined) return new Response('', { status: 404 });
    const length = typeof body === 'string' ? body.length : body.byteLength;
    return new Response(body as BodyInit, { headers: { 'content-length': String(length) } });
  };
  const open = async () => ({
    match: async (key: string) => kept.get(key)?.clone(),
    delete: async (key: string) => kept.delete(key),
    put: async (key: string, response: Response) => {
      if (full) throw new Error('QuotaExceededError');
      kept.set(key, response);
    },
  });
  Object.assign(globalThis, { fetch, caches: { open }, location: { href: 'https://a.test/page/' } });
});
test.after(() => {
  Object.assign(globalThis, real);
});
test.before.each(() => {
  served = {};
  asked = [];
  kept = new Map();
  full = false;
});

const URL_A = 'https://a.test/a.safetensors';
const refusal = (what: Promise<unknown>) =>
  what.then(
    () => 'not refused',
    ({ message }: Error) => message,
  );

test('bytes are counted as they come', async () => {
  served[URL_A] = fileOf('a', 1);
  const seen: [number, number | undefined][] = [];
  const file = await openWebFile(URL_A, { onProgress: (...all) => seen.push(all) });
  const size = (served[URL_A] as Uint8Array).length;
  assert.equal(seen.at(-1), [size, size]);
  assert.equal([...(readTensor(file, 'a').data as Float32Array)], [1, 1]);
  assert.is(kept.size, 0, 'without a hash nothing is kept');
});

test('a file with its hash is fetched once, and comes from the cache afterwards', async () => {
  const bytes = (served[URL_A] = fileOf('a', 1));
  await openWebFile(URL_A, { sha256: hash(bytes) });
  await openWebFile(URL_A, { sha256: hash(bytes) });
  assert.is(asked.length, 1);
});

test('what was changed in the cache is thrown away and fetched again', async () => {
  const bytes = (served[URL_A] = fileOf('a', 1));
  await openWebFile(URL_A, { sha256: hash(bytes) });
  for (const key of kept.keys()) kept.set(key, new Response(fileOf('a', 666) as BodyInit));
  const file = await openWebFile(URL_A, { sha256: hash(bytes) });
  assert.equal([...(readTensor(file, 'a').data as Float32Array)], [1, 1]);
  assert.is(asked.length, 2);
});

test('another file under the address is fetched once more past all caches, and then refused', async () => {
  served[URL_A] = fileOf('a', 2);
  const message = await refusal(openWebFile(URL_A, { sha256: hash(fileOf('a', 1)) }));
  assert.match(message, /a\.safetensors: is not the file it should be: its SHA-256 differs/);
  assert.equal(
    asked.map(([, cache]) => cache),
    ['default', 'reload'],
  );
  assert.is(kept.size, 0);
});

test('a full cache, and none at all, change nothing', async () => {
  const bytes = (served[URL_A] = fileOf('a', 1));
  full = true;
  assert.ok((await openWebFile(URL_A, { sha256: hash(bytes) })).tensors.has('a'));
  const { caches } = globalThis;
  Object.assign(globalThis, { caches: undefined });
  assert.ok((await openWebFile(URL_A, { sha256: hash(bytes) })).tensors.has('a'));
  Object.assign(globalThis, { caches });
});

test('shards lie beside their index and are read as one file; each is held to its own hash', async () => {
  const index = 'https://a.test/m/model.safetensors.index.json';
  const [one, two] = [fileOf('a', 1), fileOf('b', 2)];
  served[index] = JSON.stringify({ weight_map: { a: 'one.safetensors', b: 'two.safetensors' } });
  Object.assign(served, { 'https://a.test/m/one.safetensors': one, 'https://a.test/m/two.safetensors': two });
  const sha256 = { 'one.safetensors': hash(one), 'two.safetensors': hash(two) };
  const file = await openWebFile(index, { sha256 });
  assert.equal([...(readTensor(file, 'a').data as Float32Array)], [1, 1]);
  assert.equal([...(readTensor(file, 'b').data as Float32Array)], [2, 2]);
  served['https://a.test/m/two.safetensors'] = fileOf('b', 3);
  kept.clear();
  assert.match(await refusal(openWebFile(index, { sha256 })), /two\.safetensors: is not the file it should be/);
  served[index] = JSON.stringify({ weight_map: { a: '../one.safetensors' } });
  assert.match(await refusal(openWebFile(index)), /no safetensors file beside it/);
});

test('files from a disk and from memory need no address', async () => {
  const bytes = fileOf('a', 1);
  assert.ok((await openWebFile(new File([bytes as BlobPart], 'mine.safetensors'))).tensors.has('a'));
  assert.ok((await openWebFile(bytes)).tensors.has('a'));
  assert.match(
    await refusal(openWebFile(new File(['torn'], 'torn.safetensors'))),
    /torn\.safetensors: not a valid safetensors file/,
  );
  assert.match(await refusal(openWebFile('https://a.test/none')), /none: HTTP 404/);
});

test.run();
