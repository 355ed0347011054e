// What a run will need of the device's memory: said before it starts, as a table by --dry-run, and where it cannot fit.

import { freemem } from 'node:os';
import type { Device } from '../device/device.js';
import { OutOfMemoryError } from '../device/errors.js';
import { MemoryError } from '../errors.js';
import { KEPT_BYTES } from '../generate/generator.js';
import type { MemoryEstimate } from '../graph/estimate.js';

/** Settings in words of the command line, and what they need. Without words: those that were asked for. */
export interface Attempt {
  options: string;
  estimate(device: Device): Promise<MemoryEstimate>;
}

export interface Suggestion {
  options: string;
  peakBytes: number;
}

export interface MemoryReport {
  estimate?: MemoryEstimate;
  fits: boolean;
  /** Why it cannot be planned at all within the device's limits. */
  problem?: string;
  limits: { maxStorageBufferBindingSize: number; maxBufferSize: number; memoryBytes: number | null };
  suggestions: Suggestion[];
}

const GB = 2 ** 30;
const MOST_SUGGESTIONS = 3;

/** Bytes that may be used: what was said, on a CPU adapter what is free, else unknown. */
export function memoryOf(device: Device, memoryGb?: number): number | undefined {
  if (memoryGb !== undefined) return memoryGb * GB;
  if (device.profile.kind === 'gpu') return undefined;
  const { availableMemory = freemem } = process as { availableMemory?: () => number };
  return availableMemory();
}

/** Of transformed weights: a quarter of what may be used at most. */
export const keptBytes = (device: Device, memoryGb?: number): number =>
  Math.min(KEPT_BYTES, (memoryOf(device, memoryGb) ?? Number.POSITIVE_INFINITY) / 4);

/** The estimate; where the device's limits forbid a plan, why, and the estimate without them. */
async function tried(device: Device, { estimate }: Attempt): Promise<{ estimate?: MemoryEstimate; problem?: string }> {
  try {
    return { estimate: await estimate(device) };
  } catch (error) {
    if (!(error instanceof MemoryError)) throw error;
    const endless = { maxStorageBufferBindingSize: 2 ** 40, maxBufferSize: 2 ** 40 };
    const unlimited = await estimate({ ...device, limits: { ...device.limits, ...endless } }).catch(() => undefined);
    return { estimate: unlimited, problem: error.message };
  }
}

/** The first of attempts, which go from much to little memory, that fits. */
async function firstFitting(device: Device, attempts: readonly Attempt[], budget: number): Promise<Suggestion[]> {
  let [low, high] = [0, attempts.length];
  let found: Suggestion | undefined;
  while (low < high) {
    const middle = (low + high) >> 1;
    const { estimate, problem } = await tried(device, attempts[middle]!);
    if (!problem && estimate && estimate.peakBytes <= budget) {
      found = { options: attempts[middle]!.options, peakBytes: estimate.peakBytes };
      high = middle;
    } else low = middle + 1;
  }
  return found ? [found] : [];
}

/**
 * Plans what was asked for, and where it does not fit what would: the cheapest ways first. Nothing is allocated.
 * @param ways each from much to little memory, planned only where they are needed
 * @param budget bytes that may be used; undefined: not known, so that only the device's limits count
 */
export async function memoryReport(
  device: Device,
  asked: Attempt,
  ways: () => readonly (readonly Attempt[])[],
  budget: number | undefined,
): Promise<MemoryReport> {
  const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
  const limits = { maxStorageBufferBindingSize, maxBufferSize, memoryBytes: budget ?? null };
  const most = budget ?? Number.POSITIVE_INFINITY;
  const { estimate, problem } = await tried(device, asked);
  const fits = !problem && estimate !== undefined && estimate.peakBytes <= most;
  const suggestions: Suggestion[] = [];
  for (const way of fits ? [] : ways()) {
    if (suggestions.length >= MOST_SUGGESTIONS) break;
    suggestions.push(...(await firstFitting(device, way, most)));
  }
  return { estimate, fits, problem, limits, suggestions };
}

/** Bytes as people say them. */
export const gib = (bytes: number): string =>
  bytes >= GB ? `${(bytes / GB).toFixed(2)} GiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;

const ROWS: readonly [name: string, bytes: (e: MemoryEstimate) => number, what: string][] = [
  ['weights', (e) => e.weightBytes, ''],
  ['optimiser', (e) => e.optimizerBytes, 'moments, averages, sums of gradients'],
  ['gradients', (e) => e.gradientBytes, 'of weights, at the fullest moment'],
  ['activations', (e) => e.activationBytes, 'inputs and intermediates, at that moment'],
  ['scratch', (e) => e.scratchBytes, 'of single operators, at that moment'],
  ['other', (e) => e.otherBytes, 'read-back, uniforms, kept weights, gaps'],
  ['peak', (e) => e.peakBytes, ''],
];

/** The line said before every run. */
export const shortText = ({ peakBytes, weightBytes, optimizerBytes, planBytes }: MemoryEstimate): string =>
  `Memory: ${gib(peakBytes)} planned: ${gib(weightBytes + optimizerBytes)} of weights${optimizerBytes ? ' and optimiser' : ''}, ` +
  `${gib(planBytes)} of intermediates`;

/** Said once all is allocated. */
export const allocatedText = (device: Device): string => `Memory: ${gib(device.memory().peakBytes)} allocated at most`;

function verdict({ fits, limits: { memoryBytes }, problem }: MemoryReport): string {
  if (problem) return `does not fit: ${problem}`;
  if (memoryBytes === null)
    return "fits the device's limits; WebGPU does not tell how much memory it has (--memory-gb)";
  return `${fits ? 'fits' : 'does not fit'} ${gib(memoryBytes)}`;
}

/** The table of --dry-run. */
export function reportText(what: string, report: MemoryReport): string {
  const { estimate, limits, suggestions, fits } = report;
  const bound = (e: MemoryEstimate) =>
    `intermediates: ${gib(e.planBytes)} planned, ${gib(e.lowerBoundBytes)} are the least possible`;
  return [
    `Memory for ${what}`,
    ...(estimate
      ? ROWS.map(([name, bytes, note]) => `  ${name.padEnd(12)}${gib(bytes(estimate)).padStart(11)}  ${note}`.trimEnd())
      : []),
    ...(estimate ? [bound(estimate)] : []),
    `limits: bindings of ${gib(limits.maxStorageBufferBindingSize)}, buffers of ${gib(limits.maxBufferSize)}`,
    verdict(report),
    ...suggestions.map(({ options, peakBytes }) => `would fit: ${options} (${gib(peakBytes)})`),
    ...(fits || suggestions.length > 0 ? [] : ['none of the settings tried would fit']),
  ].join('\n');
}

/** The object of --dry-run --json; bytes are null where not even an endless device could plan it. */
export function reportJson({ estimate, ...report }: MemoryReport): object {
  const names = ['peakBytes', 'lowerBoundBytes', 'planBytes', 'weightBytes', 'optimizerBytes'] as const;
  const parts = ['gradientBytes', 'activationBytes', 'scratchBytes', 'otherBytes'] as const;
  const bytes = Object.fromEntries([...names, ...parts].map((name) => [name, estimate?.[name] ?? null]));
  return { ...bytes, ...report };
}

/** @throws MemoryError with the table where it does not fit */
export function requireFits(what: string, report: MemoryReport): void {
  if (!report.fits) throw new MemoryError(`not enough memory\n${reportText(what, report)}`);
}

/**
 * Runs `use`; where the device runs out of memory in spite of the plan, ends with the table and what needs less than was there.
 * @throws OutOfMemoryError
 */
export async function explainingOutOfMemory<T>(
  what: string,
  reportFor: (budget: number) => Promise<MemoryReport>,
  device: Device,
  use: () => Promise<T>,
): Promise<T> {
  const before = device.memory().liveBytes;
  try {
    return await use();
  } catch (error) {
    if (!(error instanceof OutOfMemoryError)) throw error;
    // What was there when it failed is all that is known to fit.
    const report = await reportFor(Math.max(0, device.memory().peakBytes - before));
    throw new OutOfMemoryError(error.problem, error.requestedBytes, `It was planned\n${reportText(what, report)}`);
  }
}
