// pix2pixhd generate: paints label maps with a trained generator.

import { openDevice } from '../device/node.js';
import { type FileSource, openFile } from '../formats/files.js';
import { findCheckpointFile } from '../generate/find.js';
import { type FolderJob, generateFolder } from '../generate/folder.js';
import { type Generator, loadGenerator } from '../generate/generator.js';
import { commandOf } from './command.js';
import { type ProgressLine, progressLine } from './progress.js';
import { STYLE_OPTIONS, type StyleOptions, styleJob } from './style-options.js';

export const generate = commandOf({
  name: 'generate',
  help: 'paint a label map, or every one of a folder, with a trained generator',
  options: ['checkpoint', 'labels', 'instances', 'out', 'format', 'scale', ...STYLE_OPTIONS, 'adapter', 'json'],
  required: ['checkpoint', 'labels', 'out'],
  async run({ checkpoint, ...options }) {
    const path = await findCheckpointFile(checkpoint, 'G.safetensors', (message) =>
      console.error(`pix2pixhd: ${message}`),
    );
    const file = openFile(path);
    try {
      await paint(file, options);
    } finally {
      file.close();
    }
  },
});

type Job = Omit<FolderJob, 'styles' | 'encoded'> & StyleOptions & { json: boolean; adapter?: string };

async function paint(file: FileSource, options: Job): Promise<void> {
  const device = await openDevice(options);
  try {
    const generator = await loadGenerator(file, { device });
    const { manifest } = generator;
    if (!options.instances && !manifest.encoding.noInstance) {
      console.error('No --instances: every class counts as one instance, so edges lie between classes only');
    }
    const styles = await styleJob(options, { device, file: file.name, manifest });
    await paintFolder(generator, { ...options, styles: undefined, ...styles }, options.json);
    styles.encoded?.encoder.close();
    generator.close();
  } finally {
    device.close();
  }
}

async function paintFolder(generator: Generator, job: FolderJob, json: boolean): Promise<void> {
  let line: ProgressLine | undefined;
  for await (const { number, total, ...done } of generateFolder(generator, job)) {
    if (json) console.log(JSON.stringify(done));
    else (line ??= progressLine(total)).update(number, `${done.path}  ${done.width}×${done.height}`, true);
  }
  line?.end();
}
