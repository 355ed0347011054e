// TensorBoard's event files, read by a parser that shares nothing with the writer. Its own reader (EventAccumulator of tensorboard 2.21)
// agreed with this one when this was written.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodePng } from '../../src/data/png.js';
import { crc32c } from '../../src/formats/crc32.js';
import { withEvents } from '../../src/train/events.js';
import { createRun } from '../../src/train/run-folder.js';
import { withFolder } from '../formats/support.js';

const test = suite('TensorBoard events');

/** CRC-32C bit by bit. */
function crcOf(bytes: Uint8Array): bigint {
  let crc = 0xffffffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x82f63b78n : crc >> 1n;
  }
  return crc ^ 0xffffffffn;
}

const maskedCrc = (bytes: Uint8Array): number => {
  const crc = crcOf(bytes);
  return Number((((crc >> 15n) | (crc << 17n)) + 0xa282ead8n) & 0xffffffffn);
};

function recordsOf(file: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    assert.is(file.readUInt32LE(at + 8), maskedCrc(file.subarray(at, at + 8)), 'CRC of the length');
    const data = file.subarray(at + 12, at + 12 + length);
    assert.is(file.readUInt32LE(at + 12 + length), maskedCrc(data), 'CRC of the data');
    records.push(data);
    at += 16 + length;
  }
  return records;
}

/** Fields of a message by number, in order: numbers for varints and floats, bytes for what has a length. */
function fieldsOf(data: Buffer): Record<number, (number | Buffer)[]> {
  const fields: Record<number, (number | Buffer)[]> = {};
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = data[at++]!;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  const READ: Record<number, () => number | Buffer> = {
    0: varint,
    1: () => data.readDoubleLE((at += 8) - 8),
    2: () => {
      const length = varint();
      return data.subarray(at, (at += length));
    },
    5: () => data.readFloatLE((at += 4) - 4),
  };
  while (at < data.length) {
    const key = varint();
    (fields[key >> 3] ??= []).push(READ[key & 7]!());
  }
  return fields;
}

const inside = (value: unknown): Record<number, (number | Buffer)[]> => fieldsOf(value as Buffer);

async function eventsOf(folder: string, use: (run: ReturnType<typeof withEvents>) => Promise<void>) {
  const root = join(folder, 'run');
  const config = { ngf: 64, netG: 'local', noFlip: true, list: [1] };
  const run = withEvents(await createRun(root, config), config);
  await use(run);
  await run.close();
  const names = readdirSync(root).filter((name) => name.startsWith('events.out.tfevents.'));
  assert.is(names.length, 1);
  return recordsOf(readFileSync(join(root, names[0]!))).map(fieldsOf);
}

test('CRC-32C gives the value that its RFC lists', () => {
  assert.is(crc32c(new TextEncoder().encode('123456789')), 0xe3069283);
  assert.is(crc32c(new Uint8Array(32)), 0x8a9136aa); // RFC 3720, B.4
});

test('scalars, pictures and options come back', () =>
  withFolder(async (folder) => {
    const png = encodePng({ width: 5, height: 3, channels: 3, data: new Uint8Array(45) });
    const events = await eventsOf(folder, async (run) => {
      await run.log({ step: 300, G_GAN: 0.5, lr: 2e-4, time: Date.now(), text: 'x' });
      await run.saveSample(300, png);
      await run.log({ step: 301, G_GAN: 0.25, lr: 2e-4 });
    });
    const [version, restart, options, first, picture, second] = events;
    assert.is(events.length, 6);
    assert.is(String(version![3]![0]), 'brain.Event:2');
    assert.ok(Math.abs((version![1]![0] as number) - Date.now() / 1000) < 60);
    assert.equal([restart![2], inside(restart![7]![0])], [[300], { 1: [1] }]);

    const scalars = (event: Record<number, (number | Buffer)[]>) =>
      inside(event[5]![0])[1]!.map((value) => [String(inside(value)[1]![0]), inside(value)[2]![0]]);
    assert.equal(
      [first![2], scalars(first!)],
      [
        [300],
        [
          ['G_GAN', 0.5],
          ['lr', Math.fround(2e-4)],
        ],
      ],
    );
    assert.equal([second![2], scalars(second!)[0]], [[301], ['G_GAN', 0.25]]);

    const [value] = inside(picture![5]![0])[1]!;
    assert.is(String(inside(value)[1]![0]), 'samples');
    const image = inside(inside(value)[4]![0]);
    assert.equal([image[1], image[2], image[3]], [[3], [5], [3]]);
    assert.equal(new Uint8Array(image[4]![0] as Buffer), png);

    const summary = inside(inside(options![5]![0])[1]![0]);
    assert.is(String(summary[1]![0]), '_hparams_/session_start_info');
    const plugin = inside(inside(summary[9]![0])[1]![0]);
    assert.is(String(plugin[1]![0]), 'hparams');
    const info = inside(inside(plugin[2]![0])[3]![0]);
    const entries = info[1]!.map((entry) => [String(inside(entry)[1]![0]), inside(inside(entry)[2]![0])]);
    assert.equal(entries, [
      ['ngf', { 2: [64] }],
      ['netG', { 3: [Buffer.from('local')] }],
      ['noFlip', { 4: [1] }],
    ]);
  }));

test('a run that comes to no step leaves no event file', () =>
  withFolder(async (folder) => {
    const root = join(folder, 'run');
    await withEvents(await createRun(root, {}), {}).close();
    assert.equal(readdirSync(folder), []);
  }));

test.run();
