// pix2pixhd evaluate: measures of a generator on pictures it was not trained on.

import { openInception } from '../convert/inception.js';
import { openLpips } from '../convert/lpips.js';
import { type Dataset, datasetOf } from '../data/dataset.js';
import { openDataset } from '../data/open-dataset.js';
import type { SamplePaths } from '../data/pairing.js';
import type { Device } from '../device/device.js';
import { openDevice } from '../device/node.js';
import { scalingOfRun } from '../encode/regions.js';
import { DataError, UsageError } from '../errors.js';
import { openFile } from '../formats/files.js';
import { type Keep, keepingOpen } from '../formats/keep-open.js';
import { chosenCheckpoint, findGenerator, rawBeside } from '../generate/find.js';
import { loadGenerator } from '../generate/generator.js';
import { AS_THEY_ARE, type Scaling, toWidth, wholePictures } from '../generate/whole.js';
import { type Evaluation, evaluateGenerator, type Subjects } from '../metrics/evaluate.js';
import { createInception } from '../metrics/inception.js';
import { createLpips } from '../metrics/lpips.js';
import type { MetricValues } from '../metrics/measures.js';
import type { Manifest } from '../nets/manifest.js';
import type { OptionValues } from '../options/table.js';
import { splitSamples } from '../train/held-out.js';
import { readRunConfig, runOf } from '../train/run-folder.js';
import { commandOf, type Given } from './command.js';
import { type ProgressLine, progressLine } from './progress.js';

const OPTIONS = [
  ...(['phase', 'val-fraction', 'scale', 'which-epoch', 'raw', 'judge-steps', 'lpips', 'lpips-net', 'fid'] as const),
  ...(['seed', 'json', 'adapter', 'cache-mb'] as const),
] as const;
type Options = OptionValues<(typeof OPTIONS)[number]>;

const DETAILS = `Pictures of DATAROOT/test_label, test_inst and test_img (or another --phase),
or with --val-fraction those that a training with it never sees, are painted and compared with their photos: mean absolute error, PSNR, SSIM,
with --lpips LPIPS and with --fid FID.
Label consistency: a small segmentation net is trained on the pairs of train_*
and names the classes in photos, in what was painted, in flat class colours,
and once against the labels of other pictures, which is what chance gives.
It tells photos from such without detail, where it recognises nothing.`;

export const evaluate = commandOf({
  name: 'evaluate',
  args: '<RUN> <DATAROOT>',
  help: 'measure how good a generator is on pictures it was not trained on (RUN: as --checkpoint of generate)',
  details: DETAILS,
  options: OPTIONS,
  defaults: { phase: 'test' },
  async run(options, run, root) {
    const path = await findGenerator(await chosenCheckpoint(run!, options.whichEpoch), complain);
    const device = await openDevice(options);
    try {
      const evaluation = await keepingOpen((keep) => measured(device, path, root!, options, keep));
      console.log(options.json ? JSON.stringify(evaluation) : reportText(evaluation));
    } finally {
      device.close();
    }
  },
});

const complain = (message: string): void => console.error(`pix2pixhd: ${message}`);

/** The generator, and beside averaged weights those of the last step where they are asked for. */
async function subjectsOf(device: Device, path: string, { raw }: Options, keep: Keep): Promise<Subjects> {
  const open = async (file: string) => keep(await loadGenerator(keep(openFile(file)), { device }));
  const ours = await open(path);
  checkMeasurable(ours.manifest, path);
  const beside = raw ? await rawBeside(path) : undefined;
  if (raw && !beside) complain(`--raw changes nothing: ${path} holds no averaged weights`);
  return beside ? { ours, raw: await open(beside) } : { ours };
}

async function measured(
  device: Device,
  path: string,
  root: string,
  options: Options & Given,
  keep: Keep,
): Promise<Evaluation> {
  const { phase, valFraction, scale, judgeSteps: steps, seed, json, cacheMb, lpips, lpipsNet, fid } = options;
  const scaling = scale === undefined ? ((await scalingOfRun(path)) ?? AS_THEY_ARE) : toWidth(scale);
  const subjects = await subjectsOf(device, path, options, keep);
  const setOf = (each: string) => wholeSet(root, each, subjects.ours.manifest, scaling, cacheMb * 1e6);
  if (valFraction !== undefined) await checkHeldOut(path, options);
  const sets =
    valFraction === undefined
      ? { training: await setOf('train'), held: await setOf(phase) }
      : splitSet(await setOf('train'), valFraction, root);
  const given = {
    lpips: lpips === undefined ? undefined : keep(createLpips(device, openLpips(lpips, lpipsNet, keep))),
    inception: fid === undefined ? undefined : keep(await createInception(device, openInception(fid, keep))),
  };
  const line = json || steps === 0 ? undefined : progressLine(steps);
  const judging = { steps, seed, onStep: (done: number, loss: number) => tell(line, done, steps, loss) };
  return evaluateGenerator(device, subjects, sets, judging, given).finally(() => line?.end());
}

/** @throws UsageError where the run has trained on some of what `--val-fraction` names */
async function checkHeldOut(path: string, { valFraction, given }: Options & Given): Promise<void> {
  if (given.includes('phase')) throw new UsageError('--phase and --val-fraction cannot go together');
  const run = runOf(path);
  const before = run === undefined ? valFraction : (await readRunConfig(run)).valFraction;
  if (before === valFraction) return;
  const problem = `--val-fraction ${valFraction}: this run was trained ${before === undefined ? 'without' : `with ${before}`}`;
  const fix = before === undefined ? 'Measure other pictures, with --phase' : `Give --val-fraction ${before}`;
  throw new UsageError(`${problem}, so it has seen some of these pictures`, { file: run, fix });
}

/** What a training with that fraction is trained on, and what it never sees. */
function splitSet(whole: Dataset, fraction: number, root: string) {
  const { trained, held } = splitSamples(whole.samples, fraction);
  const part = (samples: SamplePaths[]) => datasetOf(samples, whole.options, whole.read, root);
  return { training: part(trained), held: part(held) };
}

const tell = (line: ProgressLine | undefined, done: number, steps: number, loss: number): void =>
  line?.update(done, `training the segmentation net, loss ${loss.toPrecision(3)}`, done % 100 === 0 || done === steps);

/** @throws DataError for a net whose input has no classes or whose pictures are not RGB */
function checkMeasurable({ encoding, generator }: Manifest, file: string): void {
  if (encoding.labelNc === 0)
    throw new DataError('paints from pictures: there are no labels to compare with', { file });
  if (generator.outputNc === 3) return;
  throw new DataError(`paints ${generator.outputNc} channels, measures are of RGB pictures`, { file });
}

function wholeSet(
  root: string,
  phase: string,
  manifest: Manifest,
  scaling: Scaling,
  cacheBytes: number,
): Promise<Dataset> {
  return openDataset(root, {
    ...wholePictures(manifest, scaling),
    noInstance: manifest.encoding.noInstance,
    phase,
    images: true,
    loadFeatures: false,
    batchSize: 1,
    serialBatches: true,
    maxDatasetSize: Number.POSITIVE_INFINITY,
    cacheBytes,
  });
}

/** Columns of numbers behind a name. */
interface Column {
  title: string;
  /** The value's name. */
  of: string;
  text(value: number): string;
}

const percent = (value: number): string => (100 * value).toFixed(2);

const LIKENESS: Column[] = [
  { title: 'L1', of: 'l1', text: (v) => v.toFixed(2) },
  { title: 'PSNR dB', of: 'psnr', text: (v) => v.toFixed(2) },
  { title: 'SSIM', of: 'ssim', text: (v) => v.toFixed(4) },
  { title: 'LPIPS', of: 'lpips', text: (v) => v.toFixed(4) },
  { title: 'FID', of: 'fid', text: (v) => v.toFixed(2) },
];

const CONSISTENCY: Column[] = [
  { title: 'pixels %', of: 'accuracy', text: percent },
  { title: 'mIoU %', of: 'meanIoU', text: percent },
];

const NAMES: Record<string, string> = {
  photos: 'photos',
  ours: 'generated',
  raw: "generated, last step's weights",
  means: 'class means',
  shuffled: 'generated, other labels',
};

/** Rows in the order of the names above; columns without a value are left out. */
function table(title: string, columns: readonly Column[], rows: Record<string, MetricValues>): string[] {
  const there = columns.filter(({ of }) => Object.values(rows).some((values) => of in values));
  const line = (name: string, cells: readonly string[]) =>
    name.padEnd(34) + cells.map((cell) => cell.padStart(10)).join('');
  const body = Object.keys(NAMES).flatMap((key) => {
    const values = rows[key];
    return values
      ? [
          line(
            `  ${NAMES[key]}`,
            there.map(({ of, text }) => text(values[of]!)),
          ),
        ]
      : [];
  });
  return [
    line(
      title,
      there.map((column) => column.title),
    ),
    ...body,
  ];
}

const reportText = ({ pictures, likeness, consistency }: Evaluation): string =>
  [
    ...table(`${pictures} pictures, against their photos:`, LIKENESS, likeness),
    ...(consistency ? table('Label consistency:', CONSISTENCY, consistency) : []),
  ].join('\n');
