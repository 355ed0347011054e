import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toFloat16 } from '../../src/formats/dtype.js';
import { writeSafetensors } from '../../src/formats/files.js';
import { readPth } from '../../src/formats/pth.js';
import { bytesSource, type Source } from '../../src/formats/source.js';
import { openStateDict, type StateDict, tensorsOf } from '../../src/formats/state-dict.js';
import { stateDict, stream, zip } from './build.js';
import { ascii, fixture, refuses, withFolder } from './support.js';

const test = suite('state dict of any file');

/** All tensors, and the file closed again. */
function readAll(path: string): [string, number[]][] {
  const file = openStateDict(path);
  const read = [...file.shapes.keys()].map((name): [string, number[]] => [name, [...file.read(name)]]);
  file.close();
  return read;
}

const head = (name: string, dtype: 'F32' | 'F16' | 'BF16', shape: number[]) => ({ name, dtype, shape });

test('both forms of torch and safetensors, whatever they are called', () =>
  withFolder(async (folder) => {
    const wanted = [...readPth(bytesSource(fixture('tiny_net_G_zip.pth')))].map(([name, { data }]) => [
      name,
      [...data],
    ]);
    for (const name of ['tiny_net_G_zip.pth', 'tiny_net_G_legacy.pth']) {
      copyFileSync(join('test/formats/fixtures', name), join(folder, 'net'));
      assert.equal(readAll(join(folder, 'net')), wanted, name);
    }
    const tensors = [{ ...head('w', 'F32', [2]), data: Float32Array.of(1, -2) }];
    await writeSafetensors(join(folder, 'net'), tensors, { about: 'it' });
    const file = openStateDict(join(folder, 'net'));
    assert.equal([...file.shapes], [['w', [2]]]);
    assert.equal([...file.read('w')], [1, -2]);
    assert.is(file.metadata.get('about'), 'it');
    file.close();
  }));

test('a safetensors header whose length begins like a pickle is no pickle', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'net');
    const tensors = [{ ...head('w', 'F32', [1]), data: Float32Array.of(3) }];
    for (let length = 0; length < 700; length += 8) {
      await writeSafetensors(path, tensors, { filler: 'x'.repeat(length) });
      assert.equal(readAll(path), [['w', [3]]]);
    }
  }));

test('16-bit floats become f32', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'half.safetensors');
    await writeSafetensors(path, [
      { ...head('h', 'F16', [3]), data: toFloat16(Float32Array.of(1.5, -0.25, 65504)) },
      { ...head('b', 'BF16', [2]), data: Uint16Array.of(0x3fc0, 0xc000) },
    ]);
    assert.equal(readAll(path), [
      ['h', [1.5, -0.25, 65504]],
      ['b', [1.5, -2]],
    ]);
  }));

test('nearest half, ties to even, down to the smallest', () => {
  const pairs: [number, number][] = [
    [0, 0],
    [-0, 0x8000],
    [1, 0x3c00],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [2 - 2 ** -12, 0x4000],
    [2 ** -14, 0x0400],
    [2 ** -14 - 2 ** -24, 0x03ff],
    [2 ** -24, 1],
    [2 ** -25, 0],
    [-(2 ** -25) * 1.5, 0x8001],
    [Number.NaN, 0x7e00],
    [Number.NEGATIVE_INFINITY, 0xfc00],
  ];
  for (const [value, half] of pairs) assert.is(toFloat16(Float32Array.of(value))[0], half, `${value}`);
});

test('a value that f16 cannot hold is refused by name', () =>
  refuses(
    () => toFloat16(Float32Array.of(1, 65520), 'model.1.weight'),
    65,
    /model\.1\.weight holds 65520.*--dtype f32/,
  ));

/** Counts what is read of a file. */
function counted(bytes: Uint8Array): { source: Source; read: () => number } {
  const source = bytesSource(bytes, 'counted');
  let total = 0;
  const read = (offset: number, length: number) => {
    total += length;
    return source.read(offset, length);
  };
  return { source: { ...source, read }, read: () => total };
}

test('opening reads no tensor, reading one does not read the others', () => {
  const tensors = fixture('tiny_net_G_legacy.pth');
  const { source, read } = counted(tensors);
  const opened = tensorsOf({ ...source, size: tensors.length });
  const before = read();
  opened.read('model.1.bias');
  assert.is(read() - before, 16);
  const zipped = counted(fixture('tiny_net_G_zip.pth'));
  const other = tensorsOf(zipped.source);
  const start = zipped.read();
  other.read('model.1.bias');
  assert.ok(zipped.read() - start < 150);
});

test('damage in one tensor is found when that one is read', async () => {
  const bytes = fixture('tiny_net_E_zip.pth');
  bytes[readPth(bytesSource(bytes)).get('model.1.weight')!.data.byteOffset] ^= 1; // a view of `bytes`
  const opened = tensorsOf(bytesSource(bytes, 'E.pth'));
  assert.is(opened.read('model.1.bias').length, 2);
  await refuses(() => opened.read('model.1.weight'), 65, /CRC mismatch/);
});

const FLOATS = [...new Uint8Array(Float32Array.of(0, 1, 2, 3, 4, 5).buffer)];
const part = { offset: 2, shape: [2], stride: [2] };

test('a part of a storage is read alone, its CRC checked over all of it', async () => {
  const files = (crc?: number) => [
    zip(
      [
        ['r/data.pkl', stateDict(part)],
        ['r/data/0', FLOATS],
      ],
      crc === undefined ? {} : { 1: { crc } },
    ),
    stream(stateDict({ ...part, stream: true }), FLOATS),
  ];
  for (const file of files()) assert.equal([...tensorsOf(bytesSource(file)).read('w')], [2, 4]);
  await refuses(() => tensorsOf(bytesSource(files(5)[0]!)).read('w'), 65, /CRC mismatch/);
});

test('what is neither form is refused, whole or cut short', async () => {
  await refuses(() => tensorsOf(bytesSource(Uint8Array.from(ascii('hello, world')), 'x')), 65, /^x: \.pth: is neither/);
  await refuses(() => tensorsOf(bytesSource(new Uint8Array(), 'x')), 65, /is neither/);
  await refuses(() => openStateDict('test/formats/none.pth'), 66, /no such file/);
  await refuses(
    () => tensorsOf(bytesSource(fixture('tiny_net_E_zip.pth'), 'a.safetensors')),
    65,
    /not a valid safetensors/,
  );
});

// ---- shards

/** Two shards with a tensor each, and an index of what `map` says. */
async function withShards(map: unknown, use: (path: string) => unknown): Promise<void> {
  await withFolder(async (folder) => {
    const inside = join(folder, 'model');
    mkdirSync(inside);
    for (const [i, name] of ['a', 'b'].entries()) {
      const tensors = [{ ...head(name, 'F32', [1]), data: Float32Array.of(i + 1) }];
      await writeSafetensors(join(inside, `${name}.safetensors`), tensors);
      await writeSafetensors(join(folder, `${name}.safetensors`), tensors);
    }
    const path = join(inside, 'model.safetensors.index.json');
    writeFileSync(path, typeof map === 'string' ? map : JSON.stringify({ metadata: {}, weight_map: map }));
    await use(path);
  });
}

const MAP = { b: 'b.safetensors', a: 'a.safetensors' };

test('shards are one state dict, in the order of the index', () =>
  withShards(MAP, (path) => {
    assert.equal(readAll(path), [
      ['b', [2]],
      ['a', [1]],
    ]);
    const file: StateDict = openStateDict(path);
    assert.throws(() => file.read('c'), /no tensor named c/);
    file.close();
  }));

const CLIMBING = [
  '../a.safetensors',
  '..\\a.safetensors',
  '/etc/passwd',
  '../../etc/passwd',
  './a.safetensors',
  '.a.safetensors',
  'C:a.safetensors',
  'a.safetensors\0',
  'sub/../../a.safetensors',
  '%2e%2e/a.safetensors',
  'a.pth',
  '',
  7,
  null,
  ['a.safetensors'],
];
for (const name of CLIMBING) {
  test(`refused as a shard: ${JSON.stringify(name)}`, () =>
    withShards({ ...MAP, a: name }, (path) =>
      refuses(() => readAll(path), 65, /tensor a in .*, no safetensors file beside it/),
    ));
}

const INDEXES: [name: string, map: unknown, code: number, message: RegExp][] = [
  ['no JSON', '{', 65, /index\.json: .*not UTF-8 JSON/],
  ['null', 'null', 65, /has no weight_map/],
  ['a list', '{"weight_map":[]}', 65, /has no weight_map/],
  ['a tensor that the shard lacks', { ...MAP, c: 'a.safetensors' }, 65, /a\.safetensors: has no tensor c, where/],
  ['a tensor that is not listed', { b: 'b.safetensors', c: 'a.safetensors' }, 65, /has no tensor c/],
  ['a key named __proto__', '{"weight_map":{"__proto__":"a.safetensors"}}', 65, /has no tensor __proto__/],
  ['a shard that is not there', { ...MAP, a: 'z.safetensors' }, 66, /z\.safetensors: no such file/],
];
for (const [name, map, code, message] of INDEXES) {
  test(`refused as an index: ${name}`, () => withShards(map, (path) => refuses(() => readAll(path), code, message)));
}

test('a shard may hold nothing that the index does not list', () =>
  withShards(MAP, async (path) => {
    const two = ['a', 'extra'].map((name) => ({ ...head(name, 'F32', [1]), data: Float32Array.of(1) }));
    await writeSafetensors(join(path, '..', 'a.safetensors'), two);
    await refuses(() => readAll(path), 65, /does not list extra, which a\.safetensors holds/);
  }));

test.run();
