// pix2pixhd export: a trained generator for other programs.

import { exportCheckpoint } from '../convert/export.js';
import { exportHtml } from '../edit/html.js';
import { commandOf } from './command.js';
import { sizeOf } from './size.js';

const DETAILS = `PATH is a run's folder (its newest checkpoint), a checkpoint's folder, or a
generator's safetensors file.

--format safetensors writes the generator, and its encoder where there is one, to
the file --out.
--format onnx writes it for ONNX runtimes, to the file --out.
--format html writes one page, to the file --out, with the editor and the
generator in it, in f16; it works from a disk and asks no server for anything.
--format pth makes the folder --out as the reference has it: latest_net_G.pth and,
where they are there, latest_net_D.pth, latest_net_E.pth, the styles as
features_clustered_010.npy, and Adam's states as latest_optim_{G,D}.pth, to be
loaded by torch.optim.Adam; opt.txt says with which options.`;

export const exportCommand = commandOf({
  name: 'export',
  args: '<PATH>',
  help: 'write a checkpoint for other programs',
  details: DETAILS,
  options: ['export-format', 'dtype', 'size', 'out-path'],
  required: ['out-path'],
  async run({ exportFormat: format, dtype, size: given, outPath: out }, from) {
    const size = given === undefined ? undefined : sizeOf(given);
    const say = (text: string) => console.error(text);
    const job = { from: from!, dtype, size, out };
    const written = format === 'html' ? await exportHtml(from!, out) : await exportCheckpoint({ ...job, format }, say);
    for (const path of written) console.log(path);
  },
});
