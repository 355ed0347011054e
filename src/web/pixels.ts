// Between a net's samples and a canvas's RGBA.

/** Interleaved bytes of a picture as RGBA: one channel is grey, an even number ends in alpha. */
export function rgbaOf(samples: Uint8Array, channels: number): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray((samples.length / channels) * 4);
  const colours = channels < 3 ? [0, 0, 0] : [0, 1, 2];
  for (let i = 0, at = 0; at < samples.length; i += 4, at += channels) {
    for (const c of [0, 1, 2]) out[i + c] = samples[at + colours[c]!]!;
    out[i + 3] = channels % 2 === 0 ? samples[at + channels - 1]! : 255;
  }
  return out;
}

/** A photo as a net takes it: f32 [channels, height, width] in [−1, 1]. */
export function photoPlanes({ data, width, height }: ImageData, channels: number): Float32Array {
  const area = width * height;
  const planes = new Float32Array(channels * area);
  for (let c = 0; c < channels; c++) {
    const from = channels % 2 === 0 && c === channels - 1 ? 3 : c;
    for (let i = 0; i < area; i++) planes[c * area + i] = (data[4 * i + from]! / 255 - 0.5) / 0.5;
  }
  return planes;
}
