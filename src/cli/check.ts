// pix2pixhd check: the data doctor. Reads a data set as a training would and tells everything that is wrong with it.

import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { checkData, type DataReport } from '../data/check.js';
import type { Classes } from '../data/colours.js';
import { contactSheet } from '../data/contact.js';
import type { DatasetOptions } from '../data/dataset.js';
import { dataFolders, findSamples } from '../data/folders.js';
import { type Repaired, repairData } from '../data/repair.js';
import { fileError, UsageError } from '../errors.js';
import { writeFileAtomic } from '../formats/atomic.js';
import { leastSide } from '../nets/generator.js';
import { TRAIN_OPTIONS } from '../options/table.js';
import { architecturesOf } from '../train/nets.js';
import { dataFacts } from '../train/open-training.js';
import { planTraining } from '../train/prepare.js';
import { commandOf, self } from './command.js';
import { type ProgressLine, progressLine } from './progress.js';

const DETAILS = `It takes the options of train, since they decide what is a fault: which ids are
classes, how pictures are scaled, what sizes the nets can take.
--fix DIR writes a repaired copy and never touches the originals: ids outside
the classes become a class "don't care", palettes and the classes' colours
become ids, sizes of one shape are brought together, alpha and odd formats go;
samples in doubt are left out and named.
Exit code: 65 where training would stop, else 0.`;

export const check = commandOf({
  name: 'check',
  args: '<DATAROOT>',
  help: 'read a data set as a training would, and tell every fault with its file, pixels and remedy',
  details: DETAILS,
  options: [...TRAIN_OPTIONS, 'fix', 'sheet', 'json'],
  async run({ fix, sheet, json, ...options }, root) {
    if (fix !== undefined && existsSync(fix)) {
      throw new UsageError('is there already', { file: fix, fix: 'Give --fix a new folder' });
    }
    const { settings, data, classes } = planTraining(await dataFacts(root!, options), options, 0);
    const least = leastSide(architecturesOf(settings).generator);
    const report = await readAll(root!, data, least, json);
    if (sheet !== undefined) await writeSheet(sheet, root!, data, classes);
    const repaired = fix === undefined ? undefined : await repairedCopy(root!, fix, data, classes);
    if (json) console.log(JSON.stringify(asJson(report, classes, least, repaired)));
    else
      console.log(
        [...reportLines(report, classes, least), ...(repaired ? repairLines(repaired, fix!) : [])].join('\n'),
      );
    if (report.findings.some(({ level }) => level === 'error')) process.exitCode = 65;
  },
});

async function readAll(root: string, data: DatasetOptions, least: number, quiet: boolean): Promise<DataReport> {
  let line: ProgressLine | undefined;
  const onSample = (done: number, total: number) => {
    line ??= progressLine(total);
    line.update(done, 'reading', false);
  };
  return checkData(root, data, quiet ? undefined : onSample, least).finally(() => line?.end());
}

async function writeSheet(file: string, root: string, data: DatasetOptions, classes: Classes): Promise<void> {
  const samples = await findSamples(dataFolders(root, data.phase, data), () => {});
  await writeFileAtomic(file, await contactSheet(samples, data, classes));
}

async function repairedCopy(root: string, out: string, data: DatasetOptions, classes: Classes): Promise<Repaired> {
  await mkdir(out, { recursive: true }).catch((error) => {
    throw fileError(error, out);
  });
  return repairData(root, out, data, classes);
}

/** Of a list of numbers that is not empty. */
function spread(values: readonly number[]): { min: number; median: number; max: number } {
  const sorted = [...values].sort((a, b) => a - b);
  return { min: sorted[0]!, median: sorted[Math.floor(sorted.length / 2)]!, max: sorted.at(-1)! };
}

/** Classes by id, with their share of all pixels; ids that are none of the set's classes are in the findings. */
function histogram({ labels }: DataReport, { names, palette }: Classes) {
  const all = [...labels.values()].reduce((sum, { pixels }) => sum + pixels, 0);
  return names.map((name, id) => {
    const { pixels, pictures } = labels.get(id) ?? { pixels: 0, pictures: 0 };
    return { id, name, colour: palette[id]!, pixels, share: all > 0 ? pixels / all : 0, pictures };
  });
}

/** The size with the shortest side, as 'width×height'. */
function smallest({ sizes }: DataReport): string | undefined {
  const side = (size: string) => Math.min(...size.split('×').map(Number));
  return [...sizes.keys()].sort((a, b) => side(a) - side(b))[0];
}

const asJson = (report: DataReport, classes: Classes, least: number, repaired?: Repaired) => ({
  samples: report.samples,
  sizes: Object.fromEntries(report.sizes),
  smallest: smallest(report),
  leastSide: least,
  labels: histogram(report, classes),
  instances: report.instances.length > 0 ? spread(report.instances) : undefined,
  findings: report.findings,
  repaired,
});

const hex = (colour: readonly number[]): string => `#${colour.map((c) => c.toString(16).padStart(2, '0')).join('')}`;

function histogramLines(report: DataReport, classes: Classes): string[] {
  if (report.labels.size === 0) return [];
  const wide = Math.max(...classes.names.map((name) => name.length));
  const rows = histogram(report, classes).map(({ id, name, colour, share, pictures }) => {
    const percent = `${(100 * share).toFixed(2)} %`.padStart(9);
    return `  ${String(id).padStart(4)}  ${hex(colour)}  ${name.padEnd(wide)} ${percent}  in ${pictures} pictures`;
  });
  return ['Classes by share of pixels:', ...rows];
}

function reportLines(report: DataReport, classes: Classes, least: number): string[] {
  const { samples, sizes, instances, findings } = report;
  const errors = findings.filter(({ level }) => level === 'error');
  const notes = findings.filter(({ level }) => level === 'note');
  const several = [...sizes].map(([size, count]) => `${size} (${count})`);
  const { min, median, max } = spread(instances.length > 0 ? instances : [0]);
  return [
    `${samples} samples; sizes ${several.join(', ')}; the smallest is ${smallest(report)}, the nets need sides of ${least} after scaling`,
    ...(instances.length > 0 ? [`Instances a picture: ${min} to ${max}, half of the pictures at most ${median}`] : []),
    ...histogramLines(report, classes),
    '',
    ...errors.map(({ message }) => `FAULT ${message}`),
    ...notes.map(({ message }) => `note  ${message}`),
    `${errors.length} faults, at which a training would stop, and ${notes.length} notes`,
  ];
}

function repairLines({ samples, classes, changed, leftOut }: Repaired, out: string): string[] {
  return [
    '',
    ...changed.map(({ file, what }) => `changed   ${file}: ${what}`),
    ...leftOut.map(({ what }) => `left out  ${what}`),
    `${samples} samples are in ${out}; the originals are as they were. ${classes > 0 ? `It has ${classes} classes.` : ''}`,
    `Next: ${self()} train ${out} --out RUN${classes > 0 ? ` --label-nc ${classes}` : ''}`,
  ];
}
