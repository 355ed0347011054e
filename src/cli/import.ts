// pix2pixhd import: the reference's checkpoints as files that `generate` takes.

import { importCheckpoint } from '../convert/import.js';
import { commandOf, self } from './command.js';

const DETAILS = `PATH is a folder of the reference with EPOCH_net_G.pth and, where they are there,
EPOCH_net_D.pth, EPOCH_net_E.pth, opt.txt, features_clustered_*.npy and
EPOCH_optim_{G,D}.pth; or a generator's .pth or safetensors file.

--out FILE.safetensors gets the generator, which then says all about itself;
beside it come FILE.D.safetensors, FILE.E.safetensors, FILE.optimizer.safetensors.
--out DIR becomes a checkpoint: DIR/G.safetensors and so on.

What the channels of the generator's input mean is not in the tensors: it comes
from these options, else from opt.txt, else it is the reference's default where
that adds up. What was taken is told, and what was not.`;

export const importCommand = commandOf({
  name: 'import',
  args: '<PATH>',
  help: "make files of this project of the reference's checkpoint",
  details: DETAILS,
  options: ['which-epoch', 'label-nc', 'dont-care', 'no-instance', 'instance-feat', 'label-feat', 'out-path'],
  required: ['out-path'],
  async run({ whichEpoch, outPath: out, ...meaning }, from) {
    const written = await importCheckpoint({ from: from!, whichEpoch, out, meaning }, (text) => console.error(text));
    for (const path of written) console.log(path);
    console.error(`Next: ${self()} generate --checkpoint ${written[0]} --labels PATH --out DIR`);
  },
});
