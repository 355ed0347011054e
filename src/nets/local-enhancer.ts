import type { Tensor } from '../engine.js';
import { refuse } from '../graph/tensor.js';
import { checkInput, type GeneratorOptions, generatorUnits, multipleOf } from './generator.js';
import { down, residualBlock, type Unit, unitParameters, up, wide } from './layer.js';
import type { Net } from './parameters.js';
import { type Enhancer, engineBackend, type Pyramid, pyramidUnits, walkPyramid } from './walk.js';

export interface LocalEnhancerOptions extends GeneratorOptions {
  nLocalEnhancers: number;
  nBlocksLocal: number;
}

/** Enhancer n of N, n = 1 the coarsest: its filters halve from one to the next, down to ngf. */
function enhancer(n: number, options: LocalEnhancerOptions): Enhancer {
  const { inputNc, outputNc, ngf, nLocalEnhancers, nBlocksLocal: blocks, norm } = options;
  const filters = ngf * 2 ** (nLocalEnhancers - n);
  const at = (half: 1 | 2, index: number, inputs: number, outputs: number) => ({
    name: `model${n}_${half}.${index}`,
    inputs,
    outputs,
  });
  const relu = { norm, activation: 'relu' } as const;
  return {
    before: [
      { ...wide(at(1, 1, inputNc, filters)), ...relu },
      { ...down(at(1, 4, filters, 2 * filters), options), ...relu },
    ],
    after: [
      ...Array.from({ length: blocks }, (_, i) => residualBlock(`model${n}_2.${i}`, 2 * filters, norm)),
      { ...up(at(2, blocks, 2 * filters, filters), options), ...relu },
      ...(n === nLocalEnhancers
        ? [{ ...wide(at(2, blocks + 4, filters, outputNc)), activation: 'tanh' } as const]
        : []),
    ],
  };
}

/** The global generator of ngf·2^N filters without its last layer. */
const trunkUnits = (options: LocalEnhancerOptions): Unit[] =>
  generatorUnits({ ...options, ngf: options.ngf * 2 ** options.nLocalEnhancers }).slice(0, -1);

/** What the local enhancer consists of, as data. */
export const enhancerPyramid = (options: LocalEnhancerOptions): Pyramid => ({
  trunk: trunkUnits(options),
  enhancers: Array.from({ length: options.nLocalEnhancers }, (_, i) => enhancer(i + 1, options)),
});

/**
 * pix2pixHD's local enhancer ("G2"): a global generator on the picture halved N times, and around it N enhancers, each at
 * twice the size of the one before (paper, section 3.1). The pyramid halves the encoded input, so coarse levels see soft labels
 * and edges. x [N, inputNc, H, W] → [N, outputNc, H, W] in [−1, 1].
 * @throws GraphError for a wrong number of channels, sides too small for the mirrored borders or no multiples of
 *   2^(nDownsample + N)
 */
export function localEnhancer(options: LocalEnhancerOptions): Net<Tensor> {
  const pyramid = enhancerPyramid(options);
  return {
    parameters: unitParameters(pyramidUnits(pyramid)),
    forward(x, params) {
      checkInput(x, options);
      const multiple = multipleOf(options);
      if (x.shape.slice(2).some((side) => side % multiple > 0))
        refuse('generator', 'x', x.shape, `multiples of ${multiple}`);
      return walkPyramid(x, pyramid, engineBackend(params));
    },
  };
}
