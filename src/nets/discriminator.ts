import { avgPool2d, type Tensor } from '../engine.js';
import { refuse } from '../graph/tensor.js';
import { applyLayer, type Layer, type Norm, unitParameters } from './layer.js';
import type { Lookup, Net } from './parameters.js';

export interface DiscriminatorOptions {
  /** Conditioning and picture together. */
  inputNc: number;
  /** Filters of the first layer; they double from layer to layer up to 512. */
  ndf: number;
  nLayers: number;
  numD: number;
  norm: Norm;
  /** Decides the names alone: the reference calls the same tensors differently where it does not need the inner maps. */
  ganFeat: boolean;
}

/** Maps of one picture: by scale, finest first, then by layer; the last of a scale is its verdict, raw and one channel. */
export type Maps = readonly (readonly Tensor[])[];

const MOST_FILTERS = 512;

/** A list of layers of its own per scale with feature matching, one flat sequence of every part without. */
function layerName(scale: number, j: number, ganFeat: boolean): string {
  if (ganFeat) return `scale${scale}_layer${j}.0`;
  return `layer${scale}.${j === 0 ? 0 : 3 * j - 1}`;
}

/**
 * A PatchGAN (70×70 with 3 layers): kernel 4 and zero padding of 2 everywhere, so a map of stride 1 grows by a pixel and one of stride 2
 * has ⌊n/2⌋ + 1. No norm in the first layer, nothing but the convolution in the last.
 */
function patchLayers(scale: number, { inputNc, ndf, nLayers, norm, ganFeat }: DiscriminatorOptions): Layer[] {
  const filters = (j: number) => (j === 0 ? ndf : Math.min(ndf * 2 ** j, MOST_FILTERS));
  return Array.from({ length: nLayers + 2 }, (_, j): Layer => {
    const last = j > nLayers;
    return {
      name: layerName(scale, j, ganFeat),
      inputs: j === 0 ? inputNc : filters(j - 1),
      outputs: last ? 1 : filters(j),
      kernel: 4,
      stride: j < nLayers ? 2 : 1,
      padding: 2,
      norm: j === 0 || last ? undefined : norm,
      activation: last ? undefined : 'leakyRelu',
    };
  });
}

function mapsOf(x: Tensor, layers: readonly Layer[], params: Lookup): Tensor[] {
  const maps: Tensor[] = [];
  layers.reduce((y, layer) => {
    maps.push(applyLayer(y, layer, params));
    return maps.at(-1)!;
  }, x);
  return maps;
}

/** Sides ⌈n/2⌉; the border is divided by the pixels that exist. */
export const HALVING = { kernel: 3, stride: 2, padding: 1, countIncludePad: false } as const;

/** A level of the pyramid from the one before. Also the generators' input pyramid. */
export const halve = (x: Tensor): Tensor => avgPool2d(x, HALVING);

/**
 * pix2pixHD's multi-scale discriminator: numD unshared PatchGANs over a pyramid of x [N, inputNc, H, W]. The finest picture goes to the
 * highest-numbered net: scale0 is always the coarsest, so that one more scale can be added in front of trained ones.
 * @throws GraphError for a wrong number of channels
 */
export function multiscaleDiscriminator(options: DiscriminatorOptions): Net<Maps> {
  const scales = Array.from({ length: options.numD }, (_, scale) => patchLayers(scale, options));
  return {
    parameters: scales.flatMap(unitParameters),
    forward(x, params) {
      if (x.shape[1] !== options.inputNc) refuse('discriminator', 'x', x.shape, `[N, ${options.inputNc}, H, W]`);
      let level = x;
      return scales.toReversed().map((layers, i) => {
        if (i > 0) level = halve(level);
        return mapsOf(level, layers, params);
      });
    },
  };
}
