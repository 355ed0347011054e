import { fitPlanes, paddedSize } from '../data/pad.js';
import { denseRegions, type Regions } from '../data/regions.js';
import type { Size } from '../data/resample.js';
import type { Device } from '../device/device.js';
import { createArena, destroy, input } from '../engine.js';
import { DataError } from '../errors.js';
import { sizedPrograms } from '../graph/sizes.js';
import { type EncoderOptions, encoderNet, keptMultiple } from '../nets/encoder.js';
import { leastSide } from '../nets/generator.js';
import { type Manifest, readManifest } from '../nets/manifest.js';
import { lookup } from '../nets/parameters.js';
import { encoderPart } from './parts-of-file.js';
import { type Bytes, fileVariables, openWeights, requireWeights } from './weights.js';

/** A photo and what shares a style in it. */
export interface EncodeInput {
  size: Size;
  /** f32 [outputNc, H, W] in [−1, 1]. */
  image: Float32Array;
  /** Instance ids [H, W]; labels where the net has a style a class. */
  ids: ArrayLike<number>;
}

/** The regions of a photo, and in their order the style of each. */
export interface EncodedRegions extends Regions {
  vectors: number[][];
}

export interface Encoder {
  /** The generator's that it belongs to. */
  readonly manifest: Manifest & { encoder: EncoderOptions };
  /** The styles of one photo of any size, padded as in training. @throws DataError for maps of another size */
  encode(input: EncodeInput): Promise<EncodedRegions>;
  /** Frees weights and memory on the device. */
  close(): void;
}

function manifestOf(metadata: ReadonlyMap<string, string>, file: string): Encoder['manifest'] {
  const manifest = readManifest(metadata, file);
  if (manifest.encoder) return { ...manifest, encoder: manifest.encoder };
  throw new DataError('says of no encoder how it is built', { file, fix: 'Give the E.safetensors of a checkpoint' });
}

function checkMaps({ size: { width, height }, image, ids }: EncodeInput, channels: number): void {
  const got = [image.length, ids.length];
  if (got.join() === [channels * width * height, width * height].join()) return;
  const wanted = `[${channels}, ${height}, ${width}] and [${height}, ${width}]`;
  throw new DataError(`encode: got a photo of ${got[0]} values and ${got[1]} ids, wanted ${wanted}`);
}

/** The mean of every channel over the pixels of each region (paper, section 3.4), summed in f64. */
function regionMeans(features: Float32Array, regions: Int32Array, channels: number): number[][] {
  const sums: number[][] = [];
  const pixels: number[] = [];
  regions.forEach((region, pixel) => {
    pixels[region] = (pixels[region] ?? 0) + 1;
    const sum = (sums[region] ??= new Array<number>(channels).fill(0));
    for (let c = 0; c < channels; c++) sum[c]! += features[c * regions.length + pixel]!;
  });
  return sums.map((sum, region) => sum.map((value) => Math.fround(value / pixels[region]!)));
}

/**
 * Opens an encoder from its safetensors file, or one that holds it beside its generator, which must stay readable until the first photo is encoded.
 * @throws DataError where the file is damaged or no encoder
 */
export async function loadEncoder(
  source: Bytes,
  { device, precise }: { device: Device; precise?: boolean },
): Promise<Encoder> {
  const file = encoderPart(openWeights(source));
  const manifest = manifestOf(file.metadata, file.source.name);
  const { outputNc, featNum, nDownsampleE } = manifest.encoder;
  const net = encoderNet(manifest.encoder);
  requireWeights(net.parameters, file);
  const variables = fileVariables(net.parameters, file);
  const arena = createArena(device);
  const programs = sizedPrograms(
    device,
    arena,
    ([height, width]: readonly [height: number, width: number]) => {
      const image = input([1, outputNc, height, width]);
      return { inputs: { image }, outputs: { features: net.forward(image, lookup(variables)) } };
    },
    { precise },
  );
  const least = leastSide({ nDownsample: nDownsampleE, nBlocks: 0 });
  const multiple = keptMultiple(manifest.generator, manifest.encoder);
  return {
    manifest,
    async encode(given) {
      checkMaps(given, outputNc);
      const { size, image, ids } = given;
      const enough = { width: Math.max(size.width, least), height: Math.max(size.height, least) };
      const padded = paddedSize(enough, multiple);
      const dense = denseRegions(Int32Array.from(ids));
      const regions = fitPlanes(dense.regions, size, padded);
      const program = await programs.of([padded.height, padded.width]);
      const { features } = await program.run({ image: fitPlanes(image, size, padded) });
      return { ...dense, vectors: regionMeans(features as Float32Array, regions, featNum) };
    },
    close() {
      programs.destroy();
      arena.destroy();
      for (const variable of Object.values(variables)) destroy(device, variable);
    },
  };
}
