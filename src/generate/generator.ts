import { fitPlanes, paddedSize } from '../data/pad.js';
import type { Size } from '../data/resample.js';
import type { Device } from '../device/device.js';
import { createArena, destroy, type Feeds } from '../engine.js';
import { DataError } from '../errors.js';
import { toFloat32 } from '../formats/dtype.js';
import { readTensor } from '../formats/safetensors.js';
import { bytesSource, type Source } from '../formats/source.js';
import { sizedPrograms } from '../graph/sizes.js';
import { type Extent, encodeInput, labelChannels } from '../nets/encode-input.js';
import { leastSide, multipleOf } from '../nets/generator.js';
import type { Manifest } from '../nets/manifest.js';
import { createVariables, lookup } from '../nets/parameters.js';
import { type GeneratorFile, openGenerator } from './open.js';

/** What to paint, each map row by row. A generator trained on RGB inputs takes `input`, the others `labels`. */
export interface GenerateInput {
  size: Size;
  /** Class ids [H, W]. */
  labels?: ArrayLike<number>;
  /** f32 [inputNc, H, W] in [−1, 1]. */
  input?: Float32Array;
  /** Instance ids [H, W]; where they are missing, every class counts as one instance. */
  instances?: ArrayLike<number>;
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
   * back. Sizes share pipelines and memory. @throws DataError for ids without a class and maps of another size
   */
  generate(input: GenerateInput): Promise<Picture>;
  /** Frees weights and memory on the device. */
  close(): void;
}

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
  return inputs;
}

function pictureOf({ input, size: { width, height } }: GenerateInput, channels: number): Float32Array {
  if (input?.length === channels * width * height) return input;
  const got = input ? `${input.length} values` : 'nothing';
  throw new DataError(`generate: input: got ${got}, wanted [${channels}, ${height}, ${width}]`);
}

const sourceOf = (source: Source | ArrayBuffer | Uint8Array): Source => {
  if (source instanceof ArrayBuffer) return bytesSource(new Uint8Array(source));
  return source instanceof Uint8Array ? bytesSource(source) : source;
};

/** One tensor at a time, when it goes to the device: the weights are never twice in memory. */
const variablesOf = ({ file, net }: GeneratorFile) =>
  createVariables(
    net.parameters,
    ({ name }) =>
      () =>
        toFloat32(readTensor(file, name), name),
  );

/**
 * Opens a generator from its safetensors file, which says all about itself. The file must stay readable until the first
 * picture is there: weights are read as they go to the device.
 * @param source a file's bytes, or a Source such as `openFile` gives in Node
 * @throws DataError where the file is damaged or no generator
 */
export async function loadGenerator(
  source: Source | ArrayBuffer | Uint8Array,
  { device, precise }: { device: Device; precise?: boolean },
): Promise<Generator> {
  const opened = openGenerator(sourceOf(source));
  const { manifest, net } = opened;
  const variables = variablesOf(opened);
  const arena = createArena(device);
  const programs = sizedPrograms(
    device,
    arena,
    (extent: Extent) => {
      const { inputs, condition } = encodeInput(manifest.encoding, extent);
      return { inputs, outputs: { picture: net.forward(condition, lookup(variables)) } };
    },
    { precise },
  );
  const { outputNc } = manifest.generator;
  const multiple = multipleOf(manifest.generator);
  const least = leastSide(manifest.generator);
  return {
    manifest,
    async generate(given) {
      const { size } = given;
      const inputs = inputsOf(given, manifest);
      const enough = { width: Math.max(size.width, least), height: Math.max(size.height, least) };
      const padded = paddedSize(enough, multiple);
      const feeds: Feeds = Object.fromEntries(
        Object.entries(inputs).map(([name, data]) => [name, fitPlanes<Int32Array | Float32Array>(data, size, padded)]),
      );
      const program = await programs.of([1, padded.height, padded.width]);
      const { picture } = await program.run(feeds);
      return { ...size, channels: outputNc, data: fitPlanes(picture as Float32Array, padded, size) };
    },
    close() {
      programs.destroy();
      arena.destroy();
      for (const variable of Object.values(variables)) destroy(device, variable);
    },
  };
}
