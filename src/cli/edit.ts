// pix2pixhd edit: the editor in the browser of this machine.

import { opensOf, packageFile } from '../edit/opens.js';
import { serveEditor } from '../edit/serve.js';
import { UsageError } from '../errors.js';
import { commandOf } from './command.js';

const DETAILS = `CHECKPOINT is a run's folder, one of its checkpoints, or a generator's safetensors
file; without one the Earth that comes along opens. The page is served on
127.0.0.1 alone and sends nothing anywhere; it paints with the browser's WebGPU.
In the folder dist/editor of the package lies the same page for any web server:
drop a checkpoint on it.`;

export const edit = commandOf({
  name: 'edit',
  args: '[CHECKPOINT]',
  help: 'paint label maps in the browser and watch the picture follow',
  details: DETAILS,
  options: ['labels', 'instances', 'port', 'json'],
  async run({ labels, instances, port, json }, checkpoint) {
    if (instances && !labels) throw new UsageError('--instances goes with --labels');
    const path = checkpoint ?? packageFile('examples', 'demo', 'earth.safetensors');
    if (!path) throw new UsageError('there is no demo checkpoint here: give the one to edit with');
    const { url } = await serveEditor(await opensOf(path, { labels, instances }), port);
    console.log(json ? JSON.stringify({ url }) : `${url}\nOpen it in a browser with WebGPU. Ctrl-C ends it.`);
  },
});
