// pix2pixhd export: a trained generator for other programs.

import type { Size } from '../data/resample.js';
import { UsageError } from '../errors.js';
import { withFile } from '../formats/files.js';
import type { Source } from '../formats/source.js';
import { exportOnnx } from '../generate/export-onnx.js';
import { findCheckpointFile } from '../generate/find.js';
import { commandOf } from './command.js';

type Export = (source: Source, out: string, options: { size?: Size }) => Promise<{ bytes: number }>;

const FORMATS: Record<'onnx', Export> = { onnx: exportOnnx };

function sizeOf(text: string): Size {
  const [, width, height] = /^(\d+)x(\d+)$/.exec(text)?.map(Number) ?? [];
  if (!width || !height) throw new UsageError(`--size: got ${text}, wanted WIDTHxHEIGHT, such as 1024x512`);
  return { width, height };
}

export const exportCommand = commandOf({
  name: 'export',
  args: '<CHECKPOINT>',
  help: "write a generator (of a run's folder, a checkpoint, or a safetensors file) for other programs",
  options: ['export-format', 'out-path', 'size'],
  required: ['export-format', 'out-path'],
  async run({ exportFormat, outPath, size }, checkpoint) {
    const path = await findCheckpointFile(checkpoint!, 'G.safetensors', (message) =>
      console.error(`pix2pixhd: ${message}`),
    );
    const options = size === undefined ? {} : { size: sizeOf(size) };
    const { bytes } = await withFile(path, (file) => FORMATS[exportFormat](file, outPath, options));
    console.error(`Wrote ${outPath}, ${(bytes / 2 ** 20).toFixed(1)} MiB`);
  },
});
