import { ProjectError } from '../errors.js';
import type { DatasetOptions } from './dataset.js';
import { dataFolders, findSamples } from './folders.js';
import type { Image } from './image.js';
import { readImage } from './load.js';
import type { SamplePaths } from './pairing.js';
import { checkSide, resizedSize } from './transform.js';
import { checkSameSize, instanceIds, labelIds } from './values.js';

/** `error`: training would stop here. `note`: it works, but perhaps not as meant. */
export type Finding = { level: 'error' | 'note'; file: string; message: string };

export type DataReport = {
  samples: number;
  /** Samples per size, 'width×height'. */
  sizes: Map<string, number>;
  /** Pixels and pictures per label id. */
  labels: Map<number, { pixels: number; pictures: number }>;
  /** Instances of the pictures that have an instance map, in the order of the samples. */
  instances: number[];
  findings: Finding[];
};

/**
 * Reads a whole data set as training would and reports everything wrong with it, file by file, instead of stopping at the
 * first fault. `onSample` is told how many samples are done; `least` is the side that the nets need.
 */
export async function checkData(
  root: string,
  options: DatasetOptions,
  onSample: (done: number, total: number) => void = () => {},
  least = 1,
): Promise<DataReport> {
  const report: DataReport = { samples: 0, sizes: new Map(), labels: new Map(), instances: [], findings: [] };
  const onFault = ({ file, message }: ProjectError) =>
    void report.findings.push({ level: 'error', file: file ?? root, message });
  const samples = await collect(report, root, () => findSamples(dataFolders(root, options.phase, options), onFault));
  if (!samples) return report;
  noteEqualNames(report, samples);
  for (const paths of samples) {
    await checkSample(report, paths, options, least);
    onSample(++report.samples, samples.length);
  }
  return report;
}

/** The result of `action`, or undefined with the fault in the report. Faults of the program still go through. */
async function collect<T>(report: DataReport, file: string, action: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    report.findings.push({ level: 'error', file: error.file ?? file, message: error.message });
    return undefined;
  }
}

/** On Windows and macOS two names that differ only in case are one file. */
function noteEqualNames(report: DataReport, samples: SamplePaths[]): void {
  const seen = new Map<string, SamplePaths>();
  for (const paths of samples) {
    const other = seen.get(paths.name.toLowerCase());
    if (other) note(report, paths.label, `differs from ${other.label} only in upper and lower case`);
    seen.set(paths.name.toLowerCase(), paths);
  }
}

const note = (report: DataReport, file: string, message: string): void =>
  void report.findings.push({ level: 'note', file, message: `${file}: ${message}` });

async function checkSample(
  report: DataReport,
  paths: SamplePaths,
  options: DatasetOptions,
  least: number,
): Promise<void> {
  const read = async (path: string | undefined) =>
    path === undefined ? undefined : collect(report, path, () => readImage(path, options));
  const label = await read(paths.label);
  const instance = await read(paths.instance);
  const photos = [await read(paths.image), await read(paths.feature), ...(options.labelNc ? [] : [label])];
  for (const image of [label, instance, ...photos]) {
    for (const text of image?.notes ?? []) note(report, image?.path ?? '', text);
    if (label && image) await collect(report, image.path, () => checkSameSize(label, image));
  }
  for (const photo of photos) if (photo) notePhoto(report, photo);
  if (label) noteSize(report, label, options);
  if (label)
    await collect(report, label.path, () =>
      checkSide(resizedSize(label, options, label.path), least, options, label.path),
    );
  if (label && options.labelNc) await countLabels(report, label, options);
  if (instance) await countInstances(report, instance);
}

function notePhoto(report: DataReport, { path, channels, depth, palette }: Image): void {
  if (channels % 2 === 0) note(report, path, 'has an alpha channel, which is dropped');
  if (depth === 16) note(report, path, 'has 16 bits, of which the upper 8 are used');
  if (palette) note(report, path, 'is a palette picture; its colours are used');
}

function noteSize(report: DataReport, { path, width, height }: Image, options: DatasetOptions): void {
  const { multiple, resizeOrCrop } = options;
  const size = `${width}×${height}`;
  report.sizes.set(size, (report.sizes.get(size) ?? 0) + 1);
  if (resizeOrCrop === 'none' && (width % multiple || height % multiple)) {
    note(report, path, `${size} is rounded to multiples of ${multiple}, which resizes it`);
  }
  if (resizeOrCrop !== 'scale_width') return;
  const scaled = resizedSize({ width, height }, options, path);
  if (scaled.width % multiple === 0 && scaled.height % multiple === 0) return;
  const text = `${scaled.width}×${scaled.height}`;
  note(report, path, `becomes ${text}, no multiple of ${multiple}: its last row and column are repeated up to one`);
}

async function countLabels(report: DataReport, label: Image, options: DatasetOptions): Promise<void> {
  if (label.palette) note(report, label.path, 'is a palette picture; its indices are taken as label ids');
  const ids = await collect(report, label.path, () => labelIds(label, options));
  for (const [id, pixels] of histogram(ids ?? new Int32Array())) {
    const sum = report.labels.get(id) ?? { pixels: 0, pictures: 0 };
    report.labels.set(id, { pixels: sum.pixels + pixels, pictures: sum.pictures + 1 });
  }
}

async function countInstances(report: DataReport, instance: Image): Promise<void> {
  const ids = await collect(report, instance.path, () => instanceIds(instance));
  if (!ids) return;
  const count = histogram(ids).size;
  report.instances.push(count);
  if (instance.depth <= 8)
    note(report, instance.path, 'has 8 bits, so at most 256 instances; its ids are used as they are');
  if (count === 1) note(report, instance.path, 'holds a single instance, so there are no edges');
}

function histogram(ids: Int32Array): Map<number, number> {
  const counts = new Map<number, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}
