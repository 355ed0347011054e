// What a training will need of a device's memory, and which settings need less.

import { regionCapacity } from '../data/regions.js';
import type { Size as Extent } from '../data/resample.js';
import type { Device } from '../device/device.js';
import type { CompileOptions, ProgramSpec, Tensor } from '../engine.js';
import { estimateMemory, type MemoryEstimate, together } from '../graph/estimate.js';
import { RECOMPUTE } from '../graph/recompute.js';
import { type LpipsWeights, lpipsPrograms } from '../metrics/lpips.js';
import { segmenterPrograms } from '../metrics/segmenter.js';
import { zerosLike } from './adam.js';
import type { Size } from './feeds.js';
import { netsOf } from './nets.js';
import { paintingOf } from './painting.js';
import { paramsOf, partsOf, stepOf, storingOf } from './parts.js';
import type { Settings } from './settings.js';
import { accumulatingStep, applyingStep, trainingStep } from './step.js';

/** A training as far as its memory depends on it. */
export interface TrainingPlan {
  settings: Settings;
  /** Of the batches, after scaling and cropping. */
  size: Extent;
  /** Of the pictures to measure, as they are painted, where there are any. */
  held?: Extent;
  /** Nets that judge those, which stay beside the training. */
  judges?: JudgesPlan;
  /** It has the perceptual loss. */
  vgg: boolean;
  compile: Omit<CompileOptions, 'arena'>;
}

export interface JudgesPlan {
  /** Names `classes` and what is no photo; learns from pictures as large as `learned`. */
  segmenter?: { classes: number; learned: Extent };
  lpips?: LpipsWeights;
}

/** A change of settings in words of the command line. */
export interface Saving {
  options: string;
  plan: TrainingPlan;
}

/** Regions of a picture where none is there to count them. */
const REGIONS = 256;

const momentsOf = (parts: ReturnType<typeof partsOf>): Tensor[] =>
  [parts.G, parts.D, ...(parts.E ? [parts.E] : [])].flatMap(({ moments, averages = {} }) => [
    ...Object.values(moments).flatMap(({ m, v }) => [m, v]),
    ...Object.values(averages),
  ]);

/** Programs that take turns in one arena, and the variables that belong to an optimiser. */
interface Programs {
  specs: ProgramSpec[];
  /** That keep no transformed weights, since steps change them in between. */
  paintings?: ProgramSpec[];
  optimizer?: ReadonlySet<Tensor>;
}

/** The programs of a training, all its tensors trained, and the variables that belong to the optimiser. */
function programsOf({ settings, size: { width, height }, held, vgg }: TrainingPlan): Programs {
  const { poolSize, batchSize, accumulate } = settings;
  const nets = netsOf(settings);
  const values = () => () => new Float32Array(0); // nothing asks for them
  const parts = partsOf(nets, { settings, vgg: vgg ? values : undefined }, false);
  const regions = parts.E ? regionCapacity(REGIONS) : 0;
  const size: Size = [batchSize, height, width, regions];
  const step = { ...stepOf(settings, nets, parts), extent: [batchSize, height, width] as const, regions };
  const painted: Size[] = [poolSize > 0 ? size : [1, height, width, regions]];
  if (held) painted.push([1, held.height, held.width, regions]);
  const paintings = painted.map((each) => paintingOf(nets, parts, each, paramsOf(parts.G)));
  const optimizer = new Set(momentsOf(parts));
  if (accumulate === 1) return { specs: [trainingStep(step)], paintings, optimizer };
  const sums = { G: [...zerosLike(parts.G), ...(parts.E ? zerosLike(parts.E) : [])], D: zerosLike(parts.D) };
  for (const sum of [...sums.G, ...sums.D]) optimizer.add(sum);
  return { specs: [accumulatingStep(step, sums, accumulate), applyingStep(step, sums)], paintings, optimizer };
}

/** Each judge has an arena of its own. */
function judgesOf({ judges: { segmenter, lpips } = {}, held }: TrainingPlan): Programs[] {
  if (!held) return [];
  const all: Programs[] = [];
  if (segmenter) all.push(segmenterPrograms(segmenter.classes + 1, segmenter.learned, held));
  if (lpips) all.push({ specs: lpipsPrograms(lpips, held) });
  return all.filter(({ specs }) => specs.length > 0);
}

/** @param keep bytes for transformed weights @throws MemoryError where a tensor exceeds the device's limits */
export async function trainingMemory(device: Device, plan: TrainingPlan, keep = 0): Promise<MemoryEstimate> {
  const { specs, paintings = [], optimizer } = programsOf(plan);
  const compile = { ...plan.compile, ...storingOf(plan.settings) };
  const compiling = (spec: ProgramSpec) => ({ ...compile, keep: paintings.includes(spec) ? 0 : keep });
  const training = await estimateMemory(device, [...specs, ...paintings], compiling, optimizer);
  const judges: MemoryEstimate[] = [];
  for (const each of judgesOf(plan)) judges.push(await estimateMemory(device, each.specs, {}, each.optimizer));
  return together(training, judges);
}

const divisors = (n: number): number[] =>
  Array.from({ length: n }, (_, i) => n - i).filter((part) => part < n && n % part === 0);

const CROPS = [1024, 768, 512, 384, 256, 192, 128];

/** Less is kept for the way back: slower, to the same bits. */
const recomputing = (plan: TrainingPlan): Saving[] =>
  RECOMPUTE.slice(RECOMPUTE.indexOf(plan.compile.recompute ?? 'none') + 1).map((recompute) => ({
    options: `--recompute ${recompute}`,
    plan: { ...plan, compile: { ...plan.compile, recompute } },
  }));

/** Maps rounded to 11 bits. */
const halfFloats = (plan: TrainingPlan): Saving[] =>
  plan.settings.precision === 'f16'
    ? []
    : [{ options: '--precision f16', plan: { ...plan, settings: { ...plan.settings, precision: 'f16' } } }];

/** The same steps in smaller parts: slower, nothing else. */
const smallerBatches = (plan: TrainingPlan): Saving[] =>
  divisors(plan.settings.batchSize).map((batchSize) => {
    const accumulate = (plan.settings.accumulate * plan.settings.batchSize) / batchSize;
    const settings = { ...plan.settings, batchSize, accumulate };
    return { options: `--batch-size ${batchSize} --accumulate ${accumulate}`, plan: { ...plan, settings } };
  });

/** Without the tiles of Winograd's convolutions: slower. */
const plainSums = (plan: TrainingPlan): Saving[] =>
  plan.compile.precise
    ? []
    : [{ options: '--precise', plan: { ...plan, compile: { ...plan.compile, precise: true } } }];

/** Parts of the pictures: the generator sees less around a pixel while it learns. */
const smallerCrops = (plan: TrainingPlan): Saving[] =>
  CROPS.filter((side) => side * side < plan.size.width * plan.size.height).map((side) => {
    const { resizeOrCrop } = plan.settings;
    const mode = resizeOrCrop.includes('crop') ? resizeOrCrop : 'scale_width_and_crop';
    const settings = { ...plan.settings, resizeOrCrop: mode, fineSize: side };
    const size = { width: Math.min(side, plan.size.width), height: Math.min(side, plan.size.height) };
    return { options: `--resize-or-crop ${mode} --fine-size ${side}`, plan: { ...plan, settings, size } };
  });

/** Another, smaller generator. */
function fewerFilters(plan: TrainingPlan): Saving[] {
  const savings: Saving[] = [];
  for (let ngf = Math.floor(plan.settings.ngf / 2); ngf >= 4; ngf = Math.floor(ngf / 2))
    savings.push({ options: `--ngf ${ngf}`, plan: { ...plan, settings: { ...plan.settings, ngf } } });
  return savings;
}

/** All of it, from large to small. */
const smallerAll = (plan: TrainingPlan): Saving[] => {
  const slow = [recomputing, smallerBatches, halfFloats].reduce<Saving>(
    (saving, way) => {
      const least = way(saving.plan).at(-1);
      return least ? { ...least, options: `${saving.options} ${least.options}`.trim() } : saving;
    },
    { options: '', plan },
  );
  return smallerCrops(slow.plan).flatMap((crop) =>
    fewerFilters(crop.plan).map(({ options, plan }) => ({
      options: `${slow.options} ${crop.options} ${options}`.trim(),
      plan,
    })),
  );
};

/** Ways to need less memory, those that cost least first; each from little to much. */
export const trainingSavings = (plan: TrainingPlan): Saving[][] =>
  [recomputing, smallerBatches, plainSums, halfFloats, smallerCrops, fewerFilters, smallerAll].map((way) => way(plan));
