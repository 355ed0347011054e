// This project's descriptions of nets in the reference's options.

import type { DiscriminatorOptions } from '../nets/discriminator.js';
import { labelChannels } from '../nets/encode-input.js';
import type { Manifest } from '../nets/manifest.js';

type Values = Record<string, string | number | boolean>;

function generatorOptions({ generator, encoding }: Manifest): Values {
  const { netG, outputNc, ngf, nDownsample, nBlocks, nLocalEnhancers, nBlocksLocal, norm } = generator;
  const local: Values = netG === 'local' ? { n_local_enhancers: nLocalEnhancers, n_blocks_local: nBlocksLocal } : {};
  return {
    label_nc: labelChannels(encoding), // "don't care" is a class like any other to the reference
    input_nc: encoding.inputNc,
    output_nc: outputNc,
    no_instance: encoding.noInstance,
    netG,
    ngf,
    n_downsample_global: nDownsample,
    n_blocks_global: nBlocks,
    ...local,
    norm,
  };
}

function styleOptions({ encoding: { features }, encoder }: Manifest): Values {
  return {
    instance_feat: features?.by === 'instance',
    label_feat: features?.by === 'label',
    ...(features ? { feat_num: features.count, load_features: encoder === undefined } : {}),
    ...(encoder ? { nef: encoder.nef, n_downsample_E: encoder.nDownsampleE } : {}),
  };
}

const discriminatorOptions = ({ ndf, numD, nLayers, ganFeat }: DiscriminatorOptions): Values => ({
  ndf,
  num_D: numD,
  n_layers_D: nLayers,
  no_ganFeat_loss: !ganFeat,
});

/** What the reference has to be called with to make the same nets; also the content of opt.txt. */
export const optionsOf = (manifest: Manifest, discriminator?: DiscriminatorOptions): Values => ({
  ...generatorOptions(manifest),
  ...styleOptions(manifest),
  ...(discriminator ? discriminatorOptions(discriminator) : {}),
});
