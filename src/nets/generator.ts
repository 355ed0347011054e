import type { Tensor } from '../engine.js';
import { refuse } from '../graph/tensor.js';
import { down, type Norm, residualBlock, type Style, type Unit, unitParameters, up, wide } from './layer.js';
import type { Net } from './parameters.js';
import { engineBackend, walkUnits } from './walk.js';

export interface GeneratorOptions extends Style {
  inputNc: number;
  outputNc: number;
  /** Filters of the first layer; each downsampling doubles them. */
  ngf: number;
  nDownsample: number;
  /** Residual blocks; the encoder has none. */
  nBlocks: number;
  norm: Norm;
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/**
 * c7s1-ngf, d…, R…, u…, c7s1-output (CVPR 2018 paper, appendix), named by place in the reference's one sequence: padding, convolution,
 * norm and activation each take an index, a residual block takes one.
 */
export function generatorUnits(options: GeneratorOptions): Unit[] {
  const { inputNc, outputNc, ngf, nDownsample: n, nBlocks, norm } = options;
  const filters = (level: number) => ngf * 2 ** level;
  const [firstBlock, firstUp] = [4 + 3 * n, 4 + 3 * n + nBlocks];
  const at = (index: number, inputs: number, outputs: number) => ({ name: `model.${index}`, inputs, outputs });
  const relu = { norm, activation: 'relu' } as const;
  return [
    { ...wide(at(1, inputNc, ngf)), ...relu },
    ...range(n).map((i) => ({ ...down(at(4 + 3 * i, filters(i), filters(i + 1)), options), ...relu })),
    ...range(nBlocks).map((i) => residualBlock(`model.${firstBlock + i}`, filters(n), norm)),
    ...range(n).map((i) => ({ ...up(at(firstUp + 3 * i, filters(n - i), filters(n - i - 1)), options), ...relu })),
    { ...wide(at(firstUp + 3 * n + 1, ngf, outputNc)), activation: 'tanh' },
  ];
}

/** How often and around what a generator halves its picture. */
export type Depth = Pick<GeneratorOptions, 'nDownsample' | 'nBlocks'> & { nLocalEnhancers?: number };

/** What sides must be multiples of for a generator to keep them. */
export const multipleOf = ({ nDownsample, nLocalEnhancers = 0 }: Omit<Depth, 'nBlocks'>): number =>
  2 ** (nDownsample + nLocalEnhancers);

/** The mirrored borders need 4 pixels outside, in the coarsest picture too, and where there are blocks 2 at the bottleneck. */
export const leastSide = ({ nDownsample, nBlocks, nLocalEnhancers = 0 }: Depth): number =>
  Math.max(3 * 2 ** nLocalEnhancers + 1, nBlocks > 0 ? multipleOf({ nDownsample, nLocalEnhancers }) + 1 : 1);

/** @throws GraphError for what the net cannot take */
export function checkInput({ shape }: Tensor, options: Depth & { inputNc: number }): void {
  const { inputNc } = options;
  const least = leastSide(options);
  const [, channels, height, width] = shape;
  if (channels !== inputNc) refuse('generator', 'x', shape, `[N, ${inputNc}, H, W]`);
  if (Math.min(height!, width!) < least) refuse('generator', 'x', shape, `sides of at least ${least} pixels`);
}

/**
 * pix2pixHD's global generator ("G1"), and without blocks its encoder's convolutions: x [N, inputNc, H, W] → [N, outputNc, H', W'] in
 * [−1, 1], where H' and W' are rounded up to the next multiple of 2^nDownsample.
 * @throws GraphError for a wrong number of channels or sides too small for the mirrored borders
 */
export function globalGenerator(options: GeneratorOptions): Net<Tensor> {
  const units = generatorUnits(options);
  return {
    parameters: unitParameters(units),
    forward(x, params) {
      checkInput(x, options);
      return walkUnits(x, units, engineBackend(params));
    },
  };
}
