import { fitPlanes, paddedSize } from '../data/pad.js';
import type { Size } from '../data/resample.js';
import type { Device } from '../device/device.js';
import { type CompileOptions, createArena, destroy, type Feeds, type ProgramSpec, type Tensor } from '../engine.js';
import { DataError } from '../errors.js';
import type { RunOptions } from '../graph/program.js';
import { sizedPrograms } from '../graph/sizes.js';
import { type Extent, labelChannels } from '../nets/encode-input.js';
import { leastSide, multipleOf } from '../nets/generator.js';
import type { Manifest } from '../nets/manifest.js';
import { paintingInput } from '../nets/painting-input.js';
import { type Lookup, lookup, type Net } from '../nets/parameters.js';
import { openGenerator } from './open.js';
import { type Styles, styledMap, stylePlanes } from './styles.js';
import { type Bytes, fileVariables } from './weights.js';

/** What to paint, each map row by row. A generator trained on RGB inputs takes `input`, the others `labels`. */
export interface GenerateInput {
  size: Size;
  /** Class ids [H, W]. */
  labels?: ArrayLike<number>;
  /** f32 [inputNc, H, W] in [−1, 1]. */
  input?: Float32Array;
  /** Instance ids [H, W]; where they are missing, every class counts as one instance. */
  instances?: ArrayLike<number>;
  /**
   * Of a net trained with styles: `{ seed }` draws one of its class's centres for every region, `{ classes: { car: 2 } }`
   * or `{ regions: { 26001: [0.1, 0, -0.3] } }` choose, a Float32Array is the planes themselves. Default: `{ seed: 1 }`
   * where the file holds centres, else zeros.
   */
  styles?: Styles;
}

/** f32 [channels, height, width] in [−1, 1]. */
export interface Picture extends Size {
  channels: number;
  data: Float32Array;
}

export interface Generator {
  /** Architecture, classes, and what the input means. */
  readonly manifest: Manifest;
  /**
   * Paints one picture of any size: the maps are padded to what the net needs by repeating their borders, the picture is cut
   * back. Sizes share pipelines and memory. @throws DataError for ids without a class, maps of another size and styles that are not there
   */
  generate(input: GenerateInput, options?: Pick<RunOptions, 'onProgress'>): Promise<Picture>;
  /**
   * The same without reading the picture back: `show` adds the commands that take it from where it lies, right behind those
   * that paint it. Resolves when all is done.
   */
  draw(input: GenerateInput, show: Show): Promise<void>;
  /** Frees weights and memory on the device. */
  close(): void;
}

/** A picture on the device: f32 [channels, padded.height, padded.width] in [−1, 1], of which `size` from the top left counts. */
export interface DevicePicture {
  buffer: GPUBuffer;
  /** Bytes. */
  offset: number;
  bytes: number;
  channels: number;
  padded: Size;
  size: Size;
}

export type Show = (encoder: GPUCommandEncoder, picture: DevicePicture) => void;

const PIXELS = 'as many ids as the size has pixels';

function ids(name: string, values: ArrayLike<number> | undefined, { width, height }: Size): Int32Array {
  if (values?.length === width * height) return Int32Array.from(values);
  throw new DataError(`generate: ${name}: got ${values?.length ?? 'nothing'}, wanted ${PIXELS}: ${width} × ${height}`);
}

function labelsOf({ labels, size }: GenerateInput, { encoding, classes }: Manifest): Int32Array {
  const all = ids('labels', labels, size);
  const count = labelChannels(encoding);
  const wrong = all.findIndex((id) => id < 0 || id >= count);
  if (wrong < 0) return all;
  const place = `x=${wrong % size.width} y=${Math.floor(wrong / size.width)}`;
  throw new DataError(`generate: labels: got ${all[wrong]} at ${place}, wanted 0…${count - 1}`, {
    fix: `The net was trained on ${count} classes: ${classes.names.slice(0, 8).join(', ')}${count > 8 ? ', …' : ''}`,
  });
}

/** Checked inputs by the names of the program's, unpadded. */
function inputsOf(given: GenerateInput, manifest: Manifest): Record<string, Int32Array | Float32Array> {
  const { encoding } = manifest;
  const { size, instances } = given;
  const inputs: Record<string, Int32Array | Float32Array> = {};
  if (encoding.labelNc > 0) inputs.labels = labelsOf(given, manifest);
  else inputs.input = pictureOf(given, encoding.inputNc);
  if (!encoding.noInstance) {
    inputs.instances = instances ? ids('instances', instances, size) : ids('labels', given.labels, size);
  }
  return { ...inputs, ...stylesOf(given, inputs.labels as Int32Array | undefined, manifest) };
}

/** `labels` are checked, and absent for a net that takes RGB. */
function stylesOf(
  { size, styles, ...maps }: GenerateInput,
  labels: Int32Array | undefined,
  manifest: Manifest,
): { features?: Float32Array } {
  const { features } = manifest.encoding;
  if (features) {
    const name = features.by === 'label' || !maps.instances ? 'labels' : 'instances';
    const map = ids(name, styledMap(manifest.encoding, maps), size);
    return { features: stylePlanes(styles, { size, ids: map, labels }, manifest) };
  }
  if (styles === undefined) return {};
  const fix = 'Leave them out, or train with --instance-feat or --label-feat';
  throw new DataError('generate: styles: the net was trained without any', { fix });
}

function pictureOf({ input, size: { width, height } }: GenerateInput, channels: number): Float32Array {
  if (input?.length === channels * width * height) return input;
  const got = input ? `${input.length} values` : 'nothing';
  throw new DataError(`generate: input: got ${got}, wanted [${channels}, ${height}, ${width}]`);
}

/** A generator's program for pictures of one size: the maps in, `picture` out. */
export function paintingProgram({ encoding }: Manifest, net: Net<Tensor>, params: Lookup, extent: Extent): ProgramSpec {
  const { inputs, x } = paintingInput(encoding, extent);
  return { inputs, outputs: { picture: net.forward(x, params) } };
}

/**
 * What generators of a device keep of transformed weights. A net of 32 filters whose trunk is 512 channels on 8×16 has 0.7 GB of them, and
 * takes half the time with them.
 */
export const KEPT_BYTES = 2 ** 30;

/** The size that a net paints pictures of `size` in. */
export function paddedTo({ generator }: Manifest, { width, height }: Size): Size {
  const least = leastSide(generator);
  return paddedSize({ width: Math.max(width, least), height: Math.max(height, least) }, multipleOf(generator));
}

const fitted = (maps: Feeds, size: Size, padded: Size): Feeds =>
  Object.fromEntries(
    Object.entries(maps).map(([name, data]) => [name, fitPlanes(data as Int32Array | Float32Array, size, padded)]),
  );

/**
 * Opens a generator from its safetensors file, which says all about itself. The file must stay readable until the first
 * picture is there: weights are read as they go to the device. Options beside the device are those of `compile`.
 * @throws DataError where the file is damaged or no generator
 */
export async function loadGenerator(
  source: Bytes,
  { device, ...compiling }: { device: Device } & Omit<CompileOptions, 'arena'>,
): Promise<Generator> {
  const { file, manifest, net } = openGenerator(source);
  const variables = fileVariables(net.parameters, file, compiling.precision);
  const arena = createArena(device);
  const programs = sizedPrograms(
    device,
    arena,
    (extent: Extent) => paintingProgram(manifest, net, lookup(variables), extent),
    { keep: KEPT_BYTES, ...compiling },
  );
  const { outputNc } = manifest.generator;
  /** Of one picture: its program, its maps padded, and to what. */
  const prepare = async (given: GenerateInput) => {
    const padded = paddedTo(manifest, given.size);
    const feeds = fitted(inputsOf(given, manifest), given.size, padded);
    return { program: await programs.of([1, padded.height, padded.width]), feeds, padded };
  };
  return {
    manifest,
    async generate(given, options) {
      const { program, feeds, padded } = await prepare(given);
      const { picture } = await program.run(feeds, options);
      return { ...given.size, channels: outputNc, data: fitPlanes(picture as Float32Array, padded, given.size) };
    },
    async draw(given, show) {
      const { program, feeds, padded } = await prepare(given);
      const after = (encoder: GPUCommandEncoder) => {
        const { buffer, offset, size: bytes } = program.buffer('picture');
        show(encoder, { buffer, offset, bytes, channels: outputNc, padded, size: given.size });
      };
      await program.run(feeds, { readback: false, after });
    },
    close() {
      programs.destroy();
      arena.destroy();
      for (const variable of Object.values(variables)) destroy(device, variable);
    },
  };
}
