import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ARRAYS, bytesPer, type DType, type TensorArray, toFloat32, viewArray } from '../../src/formats/dtype.js';
import { fileSha256, openFile, withFile, writeSafetensors } from '../../src/formats/files.js';
import {
  encodeSafetensors,
  MAX_HEADER,
  openSafetensors,
  parseSafetensors,
  readTensor,
} from '../../src/formats/safetensors.js';
import vectors from './safetensors-vectors.json';
import { ascii, fixture, le, refuses, withFolder } from './support.js';

const test = suite('safetensors');

const fromHex = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const withHeader = (json: string, data: number[] = []) =>
  new Uint8Array([...le(new TextEncoder().encode(json).length, 8), ...ascii(json), ...data]);

for (const { name, hex, expect } of vectors.cases) {
  test(`vector: ${name}`, async () => {
    if (!expect.startsWith('ok')) {
      await refuses(() => parseSafetensors(fromHex(hex)), 65, /not a valid safetensors/);
      return;
    }
    const file = parseSafetensors(fromHex(hex));
    for (const tensor of file.tensors.keys()) readTensor(file, tensor);
  });
}

test('a tensor named __proto__ is a tensor and changes no prototype', () => {
  const { tensors } = parseSafetensors(fromHex(vectors.cases.find((c) => c.name.startsWith('__proto__'))?.hex ?? ''));
  assert.equal([...tensors.keys()], ['__proto__']);
  assert.is(Object.keys(Object.prototype).length, 0);
});

test('keys that are equal only after unescaping count as duplicates', () =>
  refuses(() => parseSafetensors(withHeader('{"__metadata__":{"a":"1","\\u0061":"2"}}')), 65, /"a" stands twice/));

test('braces, quotes and colons inside strings do not confuse the search for duplicates', () => {
  const { metadata } = parseSafetensors(withHeader('{"__metadata__":{"a":"{\\"b\\": [","b":"\\\\","c":"\\"c\\":"}}'));
  assert.equal(
    [...metadata],
    [
      ['a', '{"b": ['],
      ['b', '\\'],
      ['c', '"c":'],
    ],
  );
});

test('a header over the limit is refused before it is read', async () => {
  const reads: number[] = [];
  const read = (_: number, length: number) => {
    reads.push(length);
    return new Uint8Array(le(MAX_HEADER + 1, 8));
  };
  await refuses(
    () => openSafetensors({ name: 'big', size: 2 ** 40, read }),
    65,
    /100000001 bytes, the limit is 100000000/,
  );
  assert.equal(reads, [8]);
});

test('deep nesting is an error, not a crash', () =>
  refuses(() => parseSafetensors(withHeader(`{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`)), 65, /"a"/));

const arrayOf = (dtype: DType, count: number) =>
  fc
    .uint8Array({ minLength: count * bytesPer(dtype), maxLength: count * bytesPer(dtype) })
    .map((bytes) => viewArray(dtype, bytes));

const tensorOf = fc
  .tuple(fc.constantFrom(...(Object.keys(ARRAYS) as DType[])), fc.array(fc.nat(4), { maxLength: 4 }))
  .chain(([dtype, shape]) =>
    arrayOf(
      dtype,
      shape.reduce((a, b) => a * b, 1),
    ).map((data) => ({ dtype, shape, data })),
  );

test('what is written is read back, whatever the names, types and shapes', () => {
  const name = fc
    .string({ unit: 'binary', maxLength: 12 })
    .filter((text) => text !== '__metadata__' && !/\p{Cs}/u.test(text));
  const tensors = fc.uniqueArray(fc.tuple(name, tensorOf), { maxLength: 6, selector: ([text]) => text });
  const metadata = fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'c"'), fc.string());
  fc.assert(
    fc.property(tensors, metadata, (given, notes) => {
      const bytes = encodeSafetensors(
        given.map(([text, tensor]) => ({ name: text, ...tensor })),
        notes,
      );
      const file = parseSafetensors(bytes);
      assert.equal(Object.fromEntries(file.metadata), Object.fromEntries(Object.entries(notes)));
      assert.is(file.tensors.size, given.length);
      for (const [text, { dtype, shape, data }] of given) {
        const back = readTensor(file, text);
        assert.equal([back.dtype, back.shape], [dtype, shape]);
        assert.equal(
          Buffer.from(back.data.buffer, back.data.byteOffset, back.data.byteLength).toString('hex'),
          Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex'),
        );
      }
    }),
    { numRuns: 100, seed: 1 },
  );
});

test('the writer aligns every tensor and keeps the given order within a width', () => {
  const bytes = encodeSafetensors([
    { name: 'byte', dtype: 'U8', shape: [3], data: new Uint8Array(3) },
    { name: 'z', dtype: 'F32', shape: [1], data: new Float32Array([1]) },
    { name: 'a', dtype: 'F32', shape: [1], data: new Float32Array([2]) },
    { name: 'long', dtype: 'I64', shape: [], data: new BigInt64Array([-3n]) },
  ]);
  const file = parseSafetensors(bytes);
  assert.equal([...file.tensors.keys()], ['long', 'z', 'a', 'byte']);
  for (const { dtype, begin } of file.tensors.values()) assert.is(begin % bytesPer(dtype), 0);
  assert.equal(toFloat32(readTensor(file, 'long')), new Float32Array([-3]));
});

test('the writer refuses equal names and data of another size', async () => {
  const tensor = { name: 'a', dtype: 'F32', shape: [2], data: new Float32Array(2) } as const;
  await refuses(() => encodeSafetensors([tensor, tensor] as never), 65, /two tensors .* name a/);
  await refuses(() => encodeSafetensors([{ ...tensor, shape: [3] }]), 65, /tensor a F32 \[3\] takes 12 bytes, got 8/);
});

test('an unknown tensor is named together with what is there', () => {
  const file = parseSafetensors(
    encodeSafetensors([{ name: 'model.1.weight', dtype: 'U8', shape: [1], data: new Uint8Array(1) }]),
  );
  return refuses(() => readTensor(file, 'model.2.weight'), 65, /no tensor named model\.2\.weight.*model\.1\.weight/);
});

test('half, bfloat and long values become the right floats', () => {
  const convert = (dtype: DType, data: TensorArray) => [...toFloat32({ dtype, shape: [], data })];
  assert.equal(convert('F16', Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x03ff)), [
    1,
    -2,
    2 ** -24,
    65504,
    Number.POSITIVE_INFINITY,
    1023 * 2 ** -24,
  ]);
  assert.equal(convert('BF16', Uint16Array.of(0x3f80, 0xc000, 0xff80, 0x0001)), [
    1,
    -2,
    Number.NEGATIVE_INFINITY,
    2 ** -133,
  ]);
  assert.ok(Number.isNaN(convert('F16', Uint16Array.of(0x7e00))[0]));
  assert.equal(convert('I64', BigInt64Array.of(-5n, 1n << 40n)), [-5, 2 ** 40]);
  assert.equal(convert('F64', Float64Array.of(0.1)), [Math.fround(0.1)]);
});

test('a file on disk streams in and out, one tensor at a time, with its hash', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'net.safetensors');
    const data = Float32Array.from({ length: 100 }, (_, i) => i / 7);
    const made: string[] = [];
    const lazy = (name: string) => ({
      name,
      dtype: 'F32' as const,
      shape: [4, 25],
      data: async () => {
        made.push(name);
        return data;
      },
    });
    const { bytes, sha256 } = await writeSafetensors(path, [lazy('a'), lazy('b')], { step: '7' });
    assert.equal(made, ['a', 'b']);
    assert.is(readFileSync(path).length, bytes);
    assert.is(await fileSha256(path), sha256);
    await withFile(path, (source) => {
      const file = openSafetensors(source);
      assert.is(file.metadata.get('step'), '7');
      assert.equal(readTensor(file, 'b').data, data);
    });
  }));

test('every single damaged bit of the index or cut end is refused or harmless, never a crash', async () => {
  const bytes = encodeSafetensors([{ name: 'w', dtype: 'F32', shape: [2], data: Float32Array.of(1, 2) }], { a: 'b' });
  for (let length = 0; length < bytes.length; length++)
    await refuses(() => parseSafetensors(bytes.slice(0, length)), 65, /./);
});

test('a missing file and a folder are told apart', () =>
  withFolder(async (folder) => {
    await refuses(() => openFile(join(folder, 'none.safetensors')), 66, /none\.safetensors: no such file/);
    mkdirSync(join(folder, 'dir'));
    await refuses(() => openFile(join(folder, 'dir')), 74, /dir: is no regular file/);
    writeFileSync(join(folder, 'short'), 'abc');
    await refuses(() => withFile(join(folder, 'short'), openSafetensors), 65, /short: .*3 bytes are too few/);
  }));

test('files of torch are told apart, with the command that reads them', async () => {
  for (const name of ['tiny_net_E_zip.pth', 'tiny_net_G_legacy.pth'])
    await refuses(() => parseSafetensors(fixture(name), name), 65, /was written by torch\.save\. .*`pix2pixhd import`/);
});

test.run();
