import { regionMean, type Tensor } from '../engine.js';
import { type Depth, globalGenerator, multipleOf } from './generator.js';
import type { Norm } from './layer.js';
import type { Lookup, Net } from './parameters.js';

export interface EncoderOptions {
  /** Channels of the photo. */
  outputNc: number;
  /** Channels of a style. */
  featNum: number;
  nef: number;
  nDownsampleE: number;
  norm: Norm;
}

/** What sides must be multiples of for generator and encoder to keep them. */
export const keptMultiple = (generator: Depth, encoder?: Pick<EncoderOptions, 'nDownsampleE'>): number =>
  Math.max(multipleOf(generator), 2 ** (encoder?.nDownsampleE ?? 0));

/** The encoder's convolutions: a global generator without blocks, photo [N, outputNc, H, W] → features [N, featNum, H, W] in [−1, 1]. */
export const encoderNet = ({ outputNc, featNum, nef, nDownsampleE, norm }: EncoderOptions): Net<Tensor> =>
  globalGenerator({ inputNc: outputNc, outputNc: featNum, ngf: nef, nDownsample: nDownsampleE, nBlocks: 0, norm });

/**
 * One feature vector a region (paper, section 3.4): the encoder's result, averaged over the pixels of every instance of each
 * picture. `regions` i32 [N, 1, H, W], an input of ids 0…count−1.
 */
export const encodeStyles = (E: Net<Tensor>, photo: Tensor, regions: Tensor, count: number, params: Lookup): Tensor =>
  regionMean(E.forward(photo, params), regions, count);
