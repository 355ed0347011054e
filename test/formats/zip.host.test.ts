import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { crc32 } from '../../src/formats/crc32.js';
import { bytesSource } from '../../src/formats/source.js';
import { readZip } from '../../src/formats/zip.js';
import { type EntryChange, zip } from './build.js';
import { ascii, fixture, le, refuses } from './support.js';

const test = suite('zip');
const open = (bytes: Uint8Array) => readZip(bytesSource(bytes, 'a.pth'));
const readAll = (bytes: Uint8Array) => [...open(bytes).values()].map((file) => [file.name, [...file.read()]]);
const TWO: [string, number[]][] = [
  ['r/a', [1, 2, 3]],
  ['r/b', [4]],
];

test('CRC-32 of the standard check string', () => {
  assert.is(crc32(Uint8Array.from(ascii('123456789'))), 0xcbf43926);
  assert.is(crc32(Uint8Array.from(ascii('6789')), crc32(Uint8Array.from(ascii('12345')))), 0xcbf43926);
});

test('stored entries are read, in order', () => assert.equal(readAll(zip(TWO)), TWO));

test('a zip64 size in the extra field is followed', () => {
  const size = { size: 0xffffffff, extra: [...le(1, 2), ...le(16, 2), ...le(3, 8), ...le(3, 8)] };
  assert.equal(readAll(zip(TWO, { 0: size })), TWO);
});

/** Zip64 end record and locator put before the plain end record of a good archive. */
function zip64({ count = 2, shift = 0 } = {}): Uint8Array {
  const plain = zip(TWO);
  const body = [...plain.slice(0, -22)];
  const view = new DataView(plain.buffer);
  const size = view.getUint32(plain.length - 10, true);
  const record = [
    ...le(0x06064b50, 4),
    ...le(44, 8),
    ...le(45, 2),
    ...le(45, 2),
    ...le(0, 8),
    ...le(count, 8),
    ...le(count, 8),
  ];
  const rest = [...le(size, 8), ...le(body.length - size + shift, 8)];
  const locator = [...le(0x07064b50, 4), ...le(0, 4), ...le(body.length, 8), ...le(1, 4)];
  return Uint8Array.from([
    ...body,
    ...record,
    ...rest,
    ...locator,
    ...plain.slice(-22, -14),
    255,
    255,
    255,
    255,
    ...new Array(8).fill(255),
    0,
    0,
  ]);
}

test('a zip64 end record is followed', () => assert.equal(readAll(zip64()), TWO));

const deflated: EntryChange = { method: 8 };
const HOSTILE: [name: string, file: Uint8Array, message: RegExp][] = [
  ['deflated', zip(TWO, { 0: deflated }), /r\/a is compressed \(method 8\)/],
  ['encrypted', zip(TWO, { 1: { flags: 1 } }), /r\/b is encrypted/],
  ['duplicate names', zip([TWO[0], TWO[0]]), /two entries are named r\/a/],
  ['climbing name', zip([['r/../../etc/passwd', [1]]]), /no plain relative path/],
  ['absolute name', zip([['/etc/passwd', [1]]]), /no plain relative path/],
  ['drive name', zip([['C:x', [1]]]), /no plain relative path/],
  ['backslash name', zip([['r\\..\\x', [1]]]), /no plain relative path/],
  ['overlapping entries', zip(TWO, { 1: { header: 0 } }), /overlaps the one before|contradicts/],
  ['same data under two names', overlap(), /overlaps the one before it/],
  ['another local name', zip(TWO, { 0: { localName: 'r/z' } }), /local header of r\/a contradicts/],
  ['a size past the end', zip(TWO, { 1: { size: 999 } }), /reaches into the directory/],
  [
    'a zip64 size that lies',
    zip(TWO, { 0: { size: 0xffffffff, extra: [...le(1, 2), ...le(16, 2), ...le(2 ** 40, 8), ...le(2 ** 40, 8)] } }),
    /overlaps/,
  ],
  ['a zip64 size without the field', zip(TWO, { 0: { size: 0xffffffff } }), /contradicting sizes|overlaps/],
  [
    'a zip64 field past 2^53',
    zip(TWO, { 0: { size: 0xffffffff, extra: [...le(1, 2), ...le(16, 2), ...le(2n ** 63n, 8), ...le(2n ** 63n, 8)] } }),
    /overlaps|bytes/,
  ],
  ['a zip64 record with another count', zip64({ count: 3 }), /directory entry 2 is damaged/],
  ['a zip64 record with another offset', zip64({ shift: -1 }), /directory is not where/],
  ['more entries than there are', zip(TWO, {}, { count: 3 }), /directory entry 2 is damaged/],
  ['fewer entries than there are', zip(TWO, {}, { count: 1 }), /bytes too many/],
  ['a shifted directory', zip(TWO, {}, { offset: 5 }), /directory is not where/],
  ['several disks', zip(TWO, {}, { disk: 1 }), /one part of several/],
  ['cut short', zip(TWO).slice(0, -1), /no end record/],
  ['a program in front', Uint8Array.from([...ascii('#!/bin/sh\n'), ...zip(TWO)]), /directory is not where/],
];

function overlap(): Uint8Array {
  const inner = [...zip([['r/b', [4]]]).slice(0, 34)];
  return zip(
    [
      ['r/a', inner],
      ['r/b', [4]],
    ],
    { 1: { header: 33 } },
  );
}

for (const [name, file, message] of HOSTILE) {
  test(`refused: ${name}`, async () => {
    await refuses(() => readAll(file), 65, message);
  });
}

test('a wrong CRC is found when the entry is read', async () => {
  const files = open(zip(TWO, { 0: { crc: 5 } }));
  await refuses(() => files.get('r/a')?.read(), 65, /entry r\/a is damaged \(CRC mismatch\)/);
  assert.equal([...(files.get('r/b')?.read() ?? [])], [4]);
});

test('a flipped bit in any weight of a real archive is found', async () => {
  const bytes = fixture('tiny_net_E_zip.pth');
  const payload = bytes.indexOf(80, 1700); // somewhere in the first storage
  bytes[payload] ^= 4;
  await refuses(() => readAll(bytes), 65, /CRC mismatch/);
});

test.run();
