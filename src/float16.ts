// IEEE half floats as 16 bits, for hosts without an array of that type: in files and in the memory of devices.

const bits = new Uint32Array(1);
const asFloat = new Float32Array(bits.buffer);

/** IEEE half from its bits; subnormals are multiples of 2^-24, exponent 31 is infinity or NaN. */
export function fromHalf(half: number): number {
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  const sign = half & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const F32 = { infinity: 0x7f800000, beyondHalf: 0x477ff000, leastNormalHalf: 0x38800000 };

/** Bits of the nearest half, ties to even; infinity from 65520 on. */
export function toHalf(value: number): number {
  asFloat[0] = value;
  const sign = (bits[0] >>> 16) & 0x8000;
  const magnitude = bits[0] & 0x7fffffff;
  if (magnitude > F32.infinity) return sign | 0x7e00;
  if (magnitude >= F32.beyondHalf) return sign | 0x7c00;
  if (magnitude < F32.leastNormalHalf) return sign | roundEven(Math.abs(value) * 2 ** 24);
  // 13 bits of the fraction go, and the exponent counts from 15 instead of 127.
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - (112 << 23)) >>> 13);
}

function roundEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
