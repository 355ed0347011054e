// pix2pixhd generate: paints label maps with a trained generator.

import { openDevice } from '../device/node.js';
import { openFile } from '../formats/files.js';
import { findCheckpointFile } from '../generate/find.js';
import { type FolderJob, generateFolder } from '../generate/folder.js';
import { loadGenerator } from '../generate/generator.js';
import { commandOf } from './command.js';
import { type ProgressLine, progressLine } from './progress.js';

export const generate = commandOf({
  name: 'generate',
  help: 'paint a label map, or every one of a folder, with a trained generator',
  options: ['checkpoint', 'labels', 'instances', 'out', 'format', 'scale', 'adapter', 'json'],
  required: ['checkpoint', 'labels', 'out'],
  async run({ checkpoint, json, adapter, ...job }) {
    const path = await findCheckpointFile(checkpoint, 'G.safetensors', (message) =>
      console.error(`pix2pixhd: ${message}`),
    );
    const file = openFile(path);
    try {
      await paint(file, job, json, adapter);
    } finally {
      file.close();
    }
  },
});

async function paint(file: ReturnType<typeof openFile>, job: FolderJob, json: boolean, adapter?: string) {
  const device = await openDevice({ adapter });
  try {
    const generator = await loadGenerator(file, { device });
    if (!job.instances && !generator.manifest.encoding.noInstance) {
      console.error('No --instances: every class counts as one instance, so edges lie between classes only');
    }
    let line: ProgressLine | undefined;
    for await (const { number, total, ...done } of generateFolder(generator, job)) {
      if (json) console.log(JSON.stringify(done));
      else (line ??= progressLine(total)).update(number, `${done.path}  ${done.width}×${done.height}`, true);
    }
    line?.end();
    generator.close();
  } finally {
    device.close();
  }
}
