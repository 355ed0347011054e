// pix2pixhd demo: trains on the Earth set that ships with the project and paints the Americas, which it never saw.

import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { colourLabels } from '../data/colours.js';
import { toBytes } from '../data/encode.js';
import { readImage } from '../data/load.js';
import { prepareSample } from '../data/sample.js';
import { encodeSheet } from '../data/sheet.js';
import { cutWindow } from '../data/transform.js';
import type { Device } from '../device/device.js';
import { MissingFileError } from '../errors.js';
import { writeFileAtomic } from '../formats/atomic.js';
import { openFile } from '../formats/files.js';
import { findGenerator } from '../generate/find.js';
import { loadGenerator } from '../generate/generator.js';
import { classMeans, meanL1, paintClassMeans } from '../train/baseline.js';
import type { Training } from '../train/prepare.js';
import { EARTH_RECIPE } from '../train/recipe.js';
import { commandOf, self } from './command.js';
import { TRAIN_COMMAND_OPTIONS, trainCommand } from './train.js';

/**
 * A training this short hangs on its rounding: with another order of sums forests may stay brown. These are the ones whose sheet
 * was looked at, on lavapipe.
 */
const PLAIN = { precise: true, tune: 'off' } as const;

/** The whole map at the scale of training, and in it the half that training never sees, between 76° N and 59° S. */
const WORLD_WIDTH = 1024;
const AMERICAS = { x: 0, y: 40, size: { width: 384, height: 384 }, flip: false };

export const demo = commandOf({
  name: 'demo',
  help: 'train on the Earth set for some minutes, then paint the Americas, which it never saw',
  options: TRAIN_COMMAND_OPTIONS,
  defaults: EARTH_RECIPE,
  async run(options) {
    const root = earth();
    const out = options.out ?? freeFolder(join('runs', 'demo'));
    process.exitCode = await trainCommand(
      root,
      { ...options, ...PLAIN, noVggLoss: !options.vgg, out },
      (device, training) => paintAmericas(device, training, root, out),
    );
  },
});

/** The data set stands beside dist/ in the package and beside src/ in a checkout. */
function earth(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    const root = join(folder, 'examples', 'earth');
    if (existsSync(join(root, 'classes.json'))) return root;
  }
  throw new MissingFileError('the Earth set (examples/earth) is not there', { fix: 'Install the package again' });
}

/** runs/demo, or runs/demo-2, … where there was a demo before. */
function freeFolder(path: string): string {
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? path : `${path}-${n}`;
    if (!existsSync(candidate)) return candidate;
  }
}

/** Labels, instances and photo of the held-out half, at the scale of training. */
async function americas(root: string, { dataset }: Training) {
  const file = (role: string, suffix: string) => join(root, `whole_${role}`, `earth.${suffix}`);
  const paths = {
    name: 'earth',
    label: file('label', 'png'),
    instance: file('inst', 'png'),
    image: file('img', 'jpg'),
  };
  const { size, pictures } = await prepareSample(paths, { ...dataset.options, loadSize: WORLD_WIDTH }, readImage);
  const window = { ...AMERICAS, from: size };
  return {
    size: AMERICAS.size,
    labels: cutWindow(pictures.labels!, window),
    instances: cutWindow(pictures.instances!, window),
    photo: cutWindow(pictures.image!, window, 3),
  };
}

async function paintAmericas(device: Device, training: Training, root: string, out: string): Promise<void> {
  const { size, labels, instances, photo } = await americas(root, training);
  const file = openFile(await findGenerator(out));
  const generator = await loadGenerator(file, { device, ...PLAIN });
  const painted = toBytes((await generator.generate({ size, labels, instances })).data);
  generator.close();
  file.close();
  const { palette, names } = training.classes;
  const flat = paintClassMeans(labels, await classMeans(training.dataset, names.length));
  const sheet = join(out, 'americas.png');
  const tiles = [colourLabels(labels, palette), painted, photo].map((rgb) => ({ ...size, rgb }));
  await writeFileAtomic(sheet, encodeSheet([tiles]));
  console.log(reportText(meanL1(painted, photo), meanL1(flat, photo), root, out, sheet));
}

function reportText(ours: number, flat: number, root: string, out: string, sheet: string): string {
  const data = (role: string) => join(relative('', root), `train_${role}`);
  return `
The Americas, which the net never saw: mean error ${ours.toFixed(1)} of 255 levels; painting every class in its mean
colour of the training photos: ${flat.toFixed(1)} (ratio ${(ours / flat).toFixed(2)}).

  ${sheet}   label · generated · real
  ${out}   the run: samples/ while it learned, checkpoints/ to paint with, log.jsonl

Next, paint Europe, Africa and the rest with it:
  ${self()} generate --checkpoint ${out} --labels ${data('label')} \\
    --instances ${data('inst')} --scale ${EARTH_RECIPE['load-size']} --out ${join(out, 'pictures')}`;
}
