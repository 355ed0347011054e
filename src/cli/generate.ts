// pix2pixhd generate: paints label maps with a trained generator.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Size } from '../data/resample.js';
import type { Device } from '../device/device.js';
import { openDevice } from '../device/node.js';
import { UsageError } from '../errors.js';
import { type FileSource, openFile } from '../formats/files.js';
import { chosenCheckpoint, findGenerator } from '../generate/find.js';
import { type Done, type FolderJob, generateFolder, largestPicture } from '../generate/folder.js';
import { loadGenerator } from '../generate/generator.js';
import { type GeneratorFile, openGenerator } from '../generate/open.js';
import type { Precision } from '../graph/half.js';
import { IGNORED_OPTIONS } from '../options/reference.js';
import { type OptionValues, TRAIN_OPTIONS } from '../options/table.js';
import { commandOf } from './command.js';
import { dryRun, type Planned, plannedPainting, settledPrecision, withinMemory } from './dry-run.js';
import { duration } from './duration.js';
import { KERNEL_OPTIONS, type KernelOptions, kernelSetting, planningOf } from './kernels.js';
import { allocatedText, keptBytes } from './memory.js';
import { profilerOf, tracePath } from './profile.js';
import { type ProgressLine, progressLine } from './progress.js';
import { shardOf } from './shard.js';
import { sizeOf } from './size.js';
import { STYLE_OPTIONS, type StyleOptions, styleJob } from './style-options.js';

const OPTIONS = [
  ...(['checkpoint', 'labels', 'instances', 'out', 'format', 'scale', 'preview', 'how-many'] as const),
  ...(['shard', 'skip-existing'] as const),
  ...STYLE_OPTIONS,
  ...(['adapter', 'json', 'precision', 'dry-run', 'memory-gb', 'size'] as const),
  ...KERNEL_OPTIONS,
  'profile',
  ...(['dataroot', 'name', 'checkpoints-dir', 'results-dir', 'phase', 'which-epoch'] as const),
  ...(['resize-or-crop', 'load-size'] as const),
  ...IGNORED_OPTIONS,
] as const;
type Options = OptionValues<(typeof OPTIONS)[number]>;

/** What the checkpoint itself knows, and what only training needs. */
const KNOWN = [...TRAIN_OPTIONS.filter((name) => !(OPTIONS as readonly string[]).includes(name)), 'n-threads' as const];

const DETAILS = `A command line of the reference's test program is understood: with --name the
checkpoint is CHECKPOINTS_DIR/NAME, the maps are those of DATAROOT/PHASE_label
and PHASE_inst, scaled as --resize_or_crop and --loadSize say, and the pictures
go to RESULTS_DIR/NAME/PHASE_EPOCH/images.

examples/cluster has files that share a folder among the machines of Kubernetes
or Slurm by --shard and --skip-existing.`;

/** Where things lie by the reference's habits. */
function placesOf(options: Options, name: string) {
  const { checkpointsDir, resultsDir, dataroot, phase, whichEpoch, resizeOrCrop, loadSize } = options;
  if (!dataroot)
    throw new UsageError('--dataroot is missing', { fix: 'Give the folder that holds test_label and so on' });
  const instances = join(dataroot, `${phase}_inst`);
  return {
    checkpoint: join(checkpointsDir, name),
    labels: [`${phase}_label`, `${phase}_A`].map((folder) => join(dataroot, folder)).find(existsSync),
    ...(existsSync(instances) ? { instances } : {}),
    out: join(resultsDir, name, `${phase}_${whichEpoch}`, 'images'),
    scale: resizeOrCrop.startsWith('scale_width') ? loadSize : undefined,
  };
}

/** Options as given, what is missing from the reference's places. @throws UsageError naming what is missing still */
function jobOf(options: Options) {
  const places: Partial<ReturnType<typeof placesOf>> = options.name ? placesOf(options, options.name) : {};
  const { checkpoint = places.checkpoint, labels = places.labels, out = places.out } = options;
  const needed = options.dryRun ? { checkpoint, ...(options.size ? {} : { labels }) } : { checkpoint, labels, out };
  const missing = Object.entries(needed).flatMap(([name, value]) => (value ? [] : [`--${name}`]));
  if (missing.length > 0) throw new UsageError(`missing: ${missing.join(', ')}`, { fix: '--help tells what they are' });
  const { instances = places.instances, scale = places.scale } = options;
  return { ...options, checkpoint: checkpoint!, labels: labels!, out: out!, instances, scale };
}

export const generate = commandOf({
  name: 'generate',
  help: 'paint a label map, or every one of a folder, with a trained generator',
  details: DETAILS,
  options: OPTIONS,
  defaults: { phase: 'test' },
  ignored: { options: KNOWN, why: 'the checkpoint says it, or only training needs it' },
  async run(options) {
    const { checkpoint, shard, ...whole } = jobOf(options);
    const job = { ...whole, shard: shard === undefined ? undefined : shardOf(shard) };
    if (job.profile !== undefined) tracePath(job.profile, job.out);
    const chosen = await chosenCheckpoint(checkpoint, job.whichEpoch);
    const path = await findGenerator(chosen, (message) => console.error(`pix2pixhd: ${message}`));
    const file = openFile(path);
    try {
      await (options.dryRun ? dryPaint(file, job) : paint(file, job));
    } finally {
      file.close();
    }
  },
});

type Job = Omit<FolderJob, 'styles' | 'encoded'> &
  StyleOptions &
  KernelOptions & {
    precision: Precision | 'auto';
    json: boolean;
    adapter?: string;
    memoryGb?: number;
    profile?: string;
    size?: string;
  };

/** Plans for pictures of a size, in either precision. */
const planning =
  (file: GeneratorFile, size: Size, options: KernelOptions & { memoryGb?: number }) =>
  (precision: Precision): Planned =>
    plannedPainting(file, size, { ...planningOf(options), precision }, options.memoryGb);

/** Plans for the largest of the maps, or for a size. */
async function dryPaint(file: FileSource, { styles, ...options }: Job): Promise<void> {
  const opened = openGenerator(file);
  const size = options.size ? sizeOf(options.size) : await largestPicture(opened.manifest, options);
  await dryRun(planning(opened, size, options), options);
}

/** Says before a picture that is larger than those before it what it takes, and refuses what does not fit. */
function checkingMemory(
  device: Device,
  opened: GeneratorFile,
  precision: Precision,
  options: Job,
): FolderJob['within'] {
  let largest = 0;
  return (size, paint) => {
    if (size.width * size.height <= largest) return paint();
    largest = size.width * size.height;
    return withinMemory(
      device,
      planning(opened, size, options)(precision),
      options.memoryGb,
      (text) => console.error(text),
      paint,
    );
  };
}

/** For weights, which are loaded once: of `auto` what the largest picture needs. */
async function precisionFor(device: Device, file: GeneratorFile, { styles, ...options }: Job): Promise<Precision> {
  const { precision, memoryGb } = options;
  if (precision !== 'auto') return precision;
  return settledPrecision(
    device,
    precision,
    planning(file, await largestPicture(file.manifest, options), options),
    memoryGb,
  );
}

async function paint(file: FileSource, options: Job): Promise<void> {
  const kernels = kernelSetting(options, (text) => console.error(text));
  const device = await openDevice(options);
  try {
    const told = tellingProgress(options.json);
    const opened = openGenerator(file);
    const { manifest } = opened;
    const precision = await precisionFor(device, opened, options);
    const generator = await loadGenerator(file, {
      device,
      ...kernels.compile,
      keep: keptBytes(device, options.memoryGb),
      precision,
      onProgress: told.compiling,
    });
    if (!options.instances && !manifest.encoding.noInstance) {
      console.error('No --instances: every class counts as one instance, so edges lie between classes only');
    }
    const profile = await profilerOf(device, 'picture', options, (text) => console.error(text));
    const styles = await styleJob(options, { device, file: file.name, manifest });
    const within = checkingMemory(device, opened, precision, options);
    for await (const done of generateFolder(generator, {
      ...options,
      styles: undefined,
      ...styles,
      within,
      onProgress: told.painting,
      onPreview: told.preview,
    })) {
      if (done.number === 1) kernels.stop();
      profile?.done();
      told.painted(done);
    }
    told.end();
    profile?.end();
    console.error(allocatedText(device));
    styles.encoded?.encoder.close();
    generator.close();
  } finally {
    device.close();
  }
}

/** What is being done, as a line on a terminal, and what is done; as JSON, the pictures alone. */
function tellingProgress(json: boolean) {
  const began = performance.now();
  const passed = () => duration((performance.now() - began) / 1000);
  let line: ProgressLine | undefined;
  let at = 0;
  const say = (text: string) => (line?.say ?? console.error)(text);
  return {
    compiling: (done: number, total: number) => line?.update(at, `preparing, ${done} of ${total} kernels`, false),
    painting(number: number, total: number, share: number) {
      if (json) return;
      line ??= progressLine(total);
      at = number - 1;
      line.update(at, `painting, ${Math.round(100 * share)} %`, false);
    },
    preview: (path: string) => say(`Preview after ${passed()}: ${path}`),
    painted({ number, total, ...done }: Done) {
      if (number === 1) say(`First picture after ${passed()}`);
      if (json) console.log(JSON.stringify(done));
      else line!.update(number, `${done.path}  ${done.width}×${done.height}`, true);
    },
    end() {
      line?.end();
      if (!line && !json) console.error('Nothing to paint: every picture is there');
    },
  };
}
