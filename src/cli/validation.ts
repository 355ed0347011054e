// What a training measures of pictures that it does not see, by the options that say so.

import { openLpips } from '../convert/lpips.js';
import { UsageError } from '../errors.js';
import type { Keep } from '../formats/keep-open.js';
import type { MetricValues } from '../metrics/measures.js';
import { METRIC_NAMES, type MetricName } from '../metrics/names.js';
import type { OptionValues } from '../options/table.js';
import type { Training } from '../train/prepare.js';
import type { Measuring } from '../train/validation.js';

export const VALIDATION_OPTIONS = [
  'val',
  'val-phase',
  'val-freq',
  'val-max',
  'val-metrics',
  'best-metric',
  'judge-steps',
  'lpips',
  'lpips-net',
] as const;
type ValidationOptions = OptionValues<(typeof VALIDATION_OPTIONS)[number]>;

/** All that the options name, in the table's order. @throws UsageError for a name that is no metric's */
function metricsOf({ valMetrics, bestMetric, lpips }: ValidationOptions): MetricName[] {
  const given = valMetrics.split(',').map((name) => name.trim());
  const wrong = given.find((name) => !(METRIC_NAMES as readonly string[]).includes(name));
  if (wrong !== undefined)
    throw new UsageError(`--val-metrics: got "${wrong}", wanted some of ${METRIC_NAMES.join(',')}`);
  const wanted = new Set([...given, bestMetric, lpips && 'lpips']);
  return METRIC_NAMES.filter((name) => wanted.has(name));
}

type Case = { metrics: readonly MetricName[]; options: ValidationOptions; settings: Training['settings'] };

/** What cannot be measured, and what to do about it. */
const FAULTS: readonly [is: (given: Case) => boolean, problem: string, fix: string][] = [
  [
    ({ settings }) => settings.outputNc !== 3,
    'a validation of pictures that are not RGB',
    'Measures are of RGB pictures: leave --val and --val-fraction out, or train with --output-nc 3',
  ],
  [
    ({ metrics, settings }) => metrics.includes('consistency') && settings.labelNc === 0,
    'consistency with --label-nc 0',
    'It compares labels, of which there are none: choose other --val-metrics',
  ],
  [
    ({ metrics, options }) => metrics.includes('consistency') && options.judgeSteps === 0,
    'consistency with --judge-steps 0',
    'It needs a segmentation net that was trained: leave --judge-steps out',
  ],
  [
    ({ metrics, options }) => metrics.includes('lpips') && options.lpips === undefined,
    'lpips without its weights',
    'Give --lpips FILE, and --lpips-net FILE for its backbone',
  ],
];

/**
 * What is measured, where there is anything to measure; LPIPS' files stay open until `keep` closes them.
 * @throws UsageError for what cannot be, MissingFileError and DataError for files of weights
 */
export function measuringOf(
  options: ValidationOptions,
  { held, settings }: Training,
  keep: Keep,
): Measuring | undefined {
  const { bestMetric: best, judgeSteps, lpips, lpipsNet, valFreq } = options;
  if (!held) {
    const alone = Object.entries({ '--best-metric': best, '--val-freq': valFreq }).find(
      ([, value]) => value !== undefined,
    );
    if (!alone) return undefined;
    throw new UsageError(`${alone[0]} without pictures to measure`, { fix: 'Give --val DATAROOT or --val-fraction F' });
  }
  const metrics = metricsOf(options);
  const fault = FAULTS.find(([is]) => is({ metrics, options, settings }));
  if (fault) throw new UsageError(`${fault[1]} is not possible`, { fix: fault[2] });
  return { metrics, best, judgeSteps, lpips: lpips === undefined ? undefined : openLpips(lpips, lpipsNet, keep) };
}

/** What will be measured, in words. */
export function measuringText({ held }: Training, { metrics, judgeSteps }: Measuring): string {
  const judge = metrics.includes('consistency')
    ? `; the segmentation net that tells consistency is trained for ${judgeSteps} steps first`
    : '';
  return `Validation: ${held!.samples.length} pictures that are not trained on, by ${metrics.join(', ')}${judge}`;
}

const percent = (value: number): string => `${(100 * value).toFixed(2)} %`;

const WORDS: Record<string, (value: number) => string> = {
  l1: (v) => `L1 ${v.toFixed(2)}`,
  psnr: (v) => `PSNR ${v.toFixed(2)} dB`,
  ssim: (v) => `SSIM ${v.toFixed(4)}`,
  lpips: (v) => `LPIPS ${v.toFixed(4)}`,
  accuracy: (v) => `labels found again in ${percent(v)} of pixels`,
  meanIoU: (v) => `mean IoU ${percent(v)}`,
};

/** What was measured, in words. */
export function validationText(step: number, values: MetricValues, best: boolean): string {
  const parts = Object.entries(values).map(([name, value]) => WORDS[name]!(value));
  return `Step ${step}, pictures not trained on: ${parts.join(', ')}${best ? '; the best so far' : ''}`;
}
