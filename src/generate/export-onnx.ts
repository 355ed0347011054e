// A generator's file as an ONNX model: the generator alone, fed with what encode-input.ts makes of labels and instances.

import type { Size } from '../data/resample.js';
import { input } from '../engine.js';
import { UsageError } from '../errors.js';
import { toFloat32 } from '../formats/dtype.js';
import { writeOnnx } from '../formats/files.js';
import type { OnnxModel, OnnxValue } from '../formats/onnx.js';
import { readTensor } from '../formats/safetensors.js';
import type { Source } from '../formats/source.js';
import { GraphError } from '../graph/tensor.js';
import { type Encoding, labelChannels } from '../nets/encode-input.js';
import { leastSide, multipleOf } from '../nets/generator.js';
import { type Manifest, manifestMetadata } from '../nets/manifest.js';
import { INPUT, OUTPUT, onnxGraph } from '../nets/onnx-graph.js';
import { createVariables, lookup } from '../nets/parameters.js';
import { type GeneratorFile, openGenerator } from './open.js';

export interface OnnxOptions {
  /** The one size that the model takes; none: any that the net can take. */
  size?: Size;
}

/** Groups of channels in their order, and what they mean. */
const channelGroups = (encoding: Encoding): (readonly [count: number, meaning: string])[] => {
  const { labelNc, dontCare, inputNc, noInstance, features } = encoding;
  const classes = 'one for each class of the metadata, 1 where a pixel is of it and 0 elsewhere';
  const none = dontCare === undefined ? '' : '; the last one is "no class"';
  const style = `the style of the pixel's ${features?.by}`;
  return [
    labelNc > 0 ? [labelChannels(encoding), classes + none] : [inputNc, 'a picture in [-1, 1]'],
    [noInstance ? 0 : 1, '1 where the instance id differs from that of a pixel left, right, above or below, else 0'],
    [features?.count ?? 0, style],
  ];
};

/** `0…34: one for each class …; 35: 1 where …` */
function channelsText(encoding: Encoding): string {
  let next = 0;
  const lines = channelGroups(encoding).map(([count, meaning]) => {
    const first = next;
    next += count;
    const range = count > 1 ? `${first}…${next - 1}` : `${first}`;
    return count > 0 ? `${range}: ${meaning}` : '';
  });
  return `channels ${lines.filter(Boolean).join('; ')}`;
}

function sidesText({ generator }: Manifest): string {
  const least = `sides of at least ${leastSide(generator)} pixels`;
  const multiple = multipleOf(generator);
  if (generator.netG === 'local') return `${least}, multiples of ${multiple}`;
  return `${least}; the output's are rounded up to multiples of ${multiple}`;
}

/** Shape of the output by the engine's own rules. @throws UsageError for a size that the net cannot take */
function outputShape({ net }: GeneratorFile, shape: readonly number[]): readonly number[] {
  const unread = createVariables(net.parameters, () => () => new Float32Array());
  try {
    return net.forward(input(shape), lookup(unread)).shape;
  } catch (error) {
    if (error instanceof GraphError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

function valuesOf(opened: GeneratorFile, size: Size | undefined): { inputs: OnnxValue[]; outputs: OnnxValue[] } {
  const { encoding, generator } = opened.manifest;
  const { inputNc, outputNc } = generator;
  const [height, width] = size
    ? outputShape(opened, [1, inputNc, size.height, size.width]).slice(2)
    : ['output_height', 'output_width'];
  const sides = size ? [size.height, size.width] : ['height', 'width'];
  return {
    inputs: [{ name: INPUT, shape: ['batch', inputNc, ...sides], doc: channelsText(encoding) }],
    outputs: [{ name: OUTPUT, shape: ['batch', outputNc, height!, width!], doc: 'the picture in [-1, 1]' }],
  };
}

/** The model of a generator's file, which must stay open while it is written. @throws UsageError for an impossible size */
export function onnxModel(opened: GeneratorFile, { size }: OnnxOptions = {}): OnnxModel {
  const { file, manifest } = opened;
  const doc = `Generator of pix2pixHD. ${INPUT} [N, C, H, W]: ${channelsText(manifest.encoding)}; ${sidesText(manifest)}`;
  return {
    name: 'generator',
    doc,
    metadata: manifestMetadata(manifest),
    ...onnxGraph(manifest.generator, (name) => toFloat32(readTensor(file, name), name)),
    ...valuesOf(opened, size),
  };
}

/**
 * Writes a generator's safetensors file as an ONNX model (opset 17), a tensor at a time: `input` f32 [N, C, H, W], encoded as in
 * training, to `output` f32 [N, 3, H, W] in [−1, 1]. Its metadata holds the manifest.
 * @throws DataError where the source is no generator or too large for the format, UsageError for an impossible size, IOError
 */
export const exportOnnx = (
  source: Source,
  out: string,
  options: OnnxOptions = {},
): Promise<{ bytes: number; sha256: string }> => writeOnnx(out, onnxModel(openGenerator(source), options));
