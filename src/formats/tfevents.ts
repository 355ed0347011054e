// TensorBoard's event files: records as TensorFlow writes them, each an Event of event.proto, summary.proto and the hparams plugin's
// api.proto (github.com/tensorflow/tensorboard).

import { concatBytes } from './bytes.js';
import { crc32c } from './crc32.js';
import { bytes, double, float, int, type Message, message, nested, text } from './protobuf.js';

/** A CRC of data that may hold CRCs is turned by 15 bits and moved. */
const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;

function u32(value: number): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value, true);
  return out;
}

/** No message here has tensors in it. */
const encoded = ({ parts }: Message): Uint8Array => concatBytes(parts as readonly Uint8Array[]);

/** Length of the data as 64 bits, its CRC, the data, its CRC. */
export function encodeRecord(content: Message): Uint8Array {
  const data = encoded(content);
  const length = concatBytes([u32(data.length), u32(0)]);
  return concatBytes([length, u32(masked(crc32c(length))), data, u32(masked(crc32c(data)))]);
}

/** @param time in seconds since 1970 */
const event = (time: number, step: number, content: Message): Message =>
  message(double(1, time), int(2, step), content);

/** The first record of a file. */
export const versionEvent = (time: number): Message => event(time, 0, text(3, 'brain.Event:2'));

/** Says that all of earlier files from `step` on is done again: a run that goes on from a checkpoint before its end. */
export const restartEvent = (time: number, step: number): Message => event(time, step, nested(7, int(1, 1)));

/** Numbers of a step by their names. */
export const scalarsEvent = (time: number, step: number, values: Record<string, number>): Message => {
  const summaries = Object.entries(values).map(([tag, value]) => nested(1, text(1, tag), float(2, value)));
  return event(time, step, nested(5, ...summaries));
};

/** Where a PNG says its width and height. */
const IHDR = 16;
const RGB = 3;

export function pngEvent(time: number, step: number, tag: string, png: Uint8Array): Message {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const [width, height] = [view.getUint32(IHDR), view.getUint32(IHDR + 4)];
  const image = nested(4, int(1, height), int(2, width), int(3, RGB), bytes(4, png));
  return event(time, step, nested(5, nested(1, text(1, tag), image)));
}

/** A google.protobuf.Value. */
const protoValue = (value: number | string | boolean): Message =>
  typeof value === 'number' ? double(2, value) : typeof value === 'string' ? text(3, value) : int(4, Number(value));

const hparamsSummary = (tag: string, content: Message): Message =>
  nested(1, text(1, tag), nested(9, nested(1, text(1, 'hparams'), bytes(2, encoded(content)))));

/** The options of a run, which the hparams page lists and compares. */
export function optionsEvent(time: number, options: Record<string, number | string | boolean>): Message {
  const entries = Object.entries(options).map(([name, value]) =>
    nested(1, text(1, name), nested(2, protoValue(value))),
  );
  const info = nested(3, ...entries, double(5, time));
  return event(time, 0, nested(5, hparamsSummary('_hparams_/session_start_info', info)));
}
