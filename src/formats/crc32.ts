type Crc = (bytes: Uint8Array, start?: number) => number;

/** A reflected CRC of 32 bits. Give the previous result as `start` to go on with the next part. */
/* @__NO_SIDE_EFFECTS__ */
function reflectedCrc(polynomial: number): Crc {
  const table = Uint32Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? polynomial ^ (c >>> 1) : c >>> 1;
    return c;
  });
  return (bytes, start = 0) => {
    let c = ~start;
    for (let i = 0; i < bytes.length; i++) c = table[(c ^ bytes[i]) & 0xff] ^ (c >>> 8);
    return ~c >>> 0;
  };
}

/** As zip and PNG use it. */
export const crc32 = reflectedCrc(0xedb88320);

/** Castagnoli's, as TensorFlow's record files use it. */
export const crc32c = reflectedCrc(0x82f63b78);
