// pix2pixhd studio: the page that trains, in the browser of this machine.

import { servePage } from '../server/page.js';
import { commandOf } from './command.js';

const DETAILS = `The page trains a small model on the Earth that comes along, or on pictures that
are dropped on it, with the browser's WebGPU. It is served on 127.0.0.1 alone and
sends nothing anywhere; runs are kept by the browser until they are removed there.
What it downloads is a run's folder: \`train DATAROOT --resume --out RUN\` goes on
with it. In the folder dist/training of the package lies the same page for any web
server (https, or localhost).`;

export const studio = commandOf({
  name: 'studio',
  help: 'train a small model in the browser',
  details: DETAILS,
  options: ['port', 'json'],
  async run({ port, json }) {
    const { url } = await servePage('training', 'training.js', port);
    console.log(json ? JSON.stringify({ url }) : `${url}\nOpen it in a browser with WebGPU. Ctrl-C ends it.`);
  },
});
