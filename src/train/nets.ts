import type { Tensor } from '../engine.js';
import type { GeneratorArchitecture } from '../nets/architecture.js';
import { type DiscriminatorOptions, type Maps, multiscaleDiscriminator } from '../nets/discriminator.js';
import { conditionChannels, type Encoding } from '../nets/encode-input.js';
import { globalGenerator } from '../nets/generator.js';
import type { Net } from '../nets/parameters.js';
import type { TrainOptions } from '../options/table.js';

/** Options with everything decided that depends on the data set. */
export type Settings = Omit<TrainOptions, 'labelNc'> & { labelNc: number };

/** Channels of photos, of RGB inputs and of what is painted. */
const RGB = 3;

export interface Nets {
  encoding: Encoding;
  generator: GeneratorArchitecture;
  discriminator: DiscriminatorOptions;
  G: Net<Tensor>;
  D: Net<Maps>;
}

/** The nets that a training's options describe. */
export function netsOf(settings: Settings): Nets {
  const { labelNc, dontCare, noInstance, ngf, nDownsampleGlobal, nBlocksGlobal } = settings;
  const { ndf, numD, nLayersD, noGanFeatLoss } = settings;
  const encoding: Encoding = { labelNc, dontCare, inputNc: RGB, noInstance };
  const channels = conditionChannels(encoding);
  const norm = 'instance';
  const generator: GeneratorArchitecture = {
    netG: 'global',
    inputNc: channels,
    outputNc: RGB,
    ngf,
    nDownsample: nDownsampleGlobal,
    nBlocks: nBlocksGlobal,
    nLocalEnhancers: 0,
    nBlocksLocal: 0,
    norm,
  };
  const discriminator: DiscriminatorOptions = {
    inputNc: channels + RGB,
    ndf,
    nLayers: nLayersD,
    numD,
    norm,
    ganFeat: !noGanFeatLoss,
  };
  return {
    encoding,
    generator,
    discriminator,
    G: globalGenerator(generator),
    D: multiscaleDiscriminator(discriminator),
  };
}

/** What sides must be multiples of for the generator to keep them. */
export const multipleOf = ({ nDownsampleGlobal }: Settings): number => 2 ** nDownsampleGlobal;
