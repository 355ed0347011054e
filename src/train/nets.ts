import type { Tensor } from '../engine.js';
import { type GeneratorArchitecture, generatorNet } from '../nets/architecture.js';
import { type DiscriminatorOptions, type Maps, multiscaleDiscriminator } from '../nets/discriminator.js';
import { conditionChannels, type Encoding, generatorChannels } from '../nets/encode-input.js';
import { type EncoderOptions, encoderNet } from '../nets/encoder.js';
import type { Net } from '../nets/parameters.js';
import type { Settings } from './settings.js';

export interface Nets extends Architectures {
  G: Net<Tensor>;
  D: Net<Maps>;
  /** Only where styles are learned: with `load_features` they are data. */
  E?: Net<Tensor>;
}

function encodingOf({ labelNc, dontCare, inputNc, noInstance, ...settings }: Settings): Encoding {
  const { instanceFeat, labelFeat, featNum } = settings;
  const by = labelFeat ? 'label' : 'instance';
  const styles = instanceFeat || labelFeat ? { features: { count: featNum, by } as const } : {};
  return { labelNc, dontCare, inputNc, noInstance, ...styles };
}

/** A generator in its options' words; those of the other kind are 0. */
function architectureOf(settings: Settings, inputNc: number): GeneratorArchitecture {
  const { netG, nLocalEnhancers, nBlocksLocal, outputNc, ngf, nDownsampleGlobal, nBlocksGlobal } = settings;
  const { norm, upsample, padding } = settings;
  const local = netG === 'local' ? { nLocalEnhancers, nBlocksLocal } : { nLocalEnhancers: 0, nBlocksLocal: 0 };
  const common = { inputNc, outputNc, ngf, nDownsample: nDownsampleGlobal, nBlocks: nBlocksGlobal };
  return { netG, ...common, ...local, norm, upsample, padding };
}

/** What a training's options say of its nets. */
export interface Architectures {
  encoding: Encoding;
  generator: GeneratorArchitecture;
  discriminator: DiscriminatorOptions;
  encoder?: EncoderOptions;
}

export function architecturesOf(settings: Settings): Architectures {
  const { outputNc, ndf, numD, nLayersD, noGanFeatLoss, norm, loadFeatures, nef, nDownsampleE } = settings;
  const encoding = encodingOf(settings);
  const discriminator: DiscriminatorOptions = {
    inputNc: conditionChannels(encoding) + outputNc,
    ndf,
    nLayers: nLayersD,
    numD,
    norm,
    ganFeat: !noGanFeatLoss,
  };
  const encoder: EncoderOptions | undefined =
    encoding.features && !loadFeatures
      ? { outputNc, featNum: encoding.features.count, nef, nDownsampleE, norm }
      : undefined;
  const generator = architectureOf(settings, generatorChannels(encoding));
  return { encoding, generator, discriminator, ...(encoder ? { encoder } : {}) };
}

/** The nets that a training's options describe. */
export function netsOf(settings: Settings): Nets {
  const all = architecturesOf(settings);
  return {
    ...all,
    G: generatorNet(all.generator),
    D: multiscaleDiscriminator(all.discriminator),
    ...(all.encoder ? { E: encoderNet(all.encoder) } : {}),
  };
}
