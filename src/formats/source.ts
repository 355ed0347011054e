import { DataError } from '../errors.js';

/** Bytes that can be read at any place: a buffer in the browser, an open file in Node (files.ts). `name` is for messages. */
export type Source = {
  readonly name: string;
  readonly size: number;
  /** `length` bytes from `offset`; throws DataError when they are not all there. */
  read(offset: number, length: number): Uint8Array;
};

/** Refuses a range that does not lie wholly inside the source. */
export function checkRange(name: string, size: number, offset: number, length: number): void {
  const ok = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (!ok || length > size - offset) {
    throw new DataError(`bytes ${offset} to ${offset + length} are asked for, the file has ${size}`, {
      file: name,
      fix: 'The file is cut short or damaged: copy it again',
    });
  }
}

/** A source over bytes in memory; `read` returns views, not copies. */
export function bytesSource(bytes: Uint8Array, name = 'buffer'): Source {
  return {
    name,
    size: bytes.length,
    read(offset, length) {
      checkRange(name, bytes.length, offset, length);
      return bytes.subarray(offset, offset + length);
    },
  };
}
