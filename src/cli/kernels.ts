// Options that say which kernels compute, and what people see while these are tuned and compiled.

import type { CompileOptions, TuneEvent } from '../engine.js';
import { UsageError } from '../errors.js';
import { FAMILIES } from '../graph/lower/families.js';
import type { OptionValues } from '../options/table.js';
import { type ProgressLine, progressLine } from './progress.js';

export const KERNEL_OPTIONS = ['precise', 'tune', 'no-tune', 'tune-seconds', 'force-kernel'] as const;
export type KernelOptions = OptionValues<(typeof KERNEL_OPTIONS)[number]>;

/** Names of the form OP=NAME, or NAME for every op that has it. @throws UsageError for one that nobody has */
export function forcedKernels(text: string): Record<string, string> {
  const pairs = text.split(',').flatMap((part) => {
    const [op, name] = part.includes('=') ? part.split('=', 2) : [undefined, part];
    const families = FAMILIES.filter(
      (family) => (op ?? family.op) === family.op && family.rows.some(({ pattern }) => pattern.test(name!)),
    );
    if (families.length > 0) return families.map((family) => [family.op, name!]);
    const all = FAMILIES.map((family) => `${family.op}: ${family.rows.map(({ form }) => form).join('; ')}`);
    throw new UsageError(`--force-kernel: there is no ${part}`, { fix: `There are, of ${all.join(', and of ')}` });
  });
  return Object.fromEntries(pairs);
}

const milliseconds = (ms: Record<string, number>): string =>
  Object.entries(ms)
    .sort(([, a], [, b]) => a - b)
    .slice(0, 3)
    .map(([name, value]) => `${name} ${value.toPrecision(3)} ms`)
    .join(', ');

const tunedText = ({ spec, name, ms, note }: TuneEvent): string =>
  `${spec}: ${note ?? (Object.keys(ms).length > 1 ? milliseconds(ms) : name)}`;

/** One line at a time: tuning, then compiling; a program that is compiled later, while pictures pass, shows nothing. */
function startUpLine(say: (text: string) => void) {
  let line: ProgressLine | undefined;
  let total = 0;
  let shown = true;
  const end = () => {
    line?.end();
    line = undefined;
  };
  return {
    update(done: number, of: number, text: string, plain: boolean) {
      if (!shown || of === 0) return;
      if (total !== of) end();
      total = of;
      line ??= progressLine(of);
      line.update(done, text, plain);
      if (done === of) end();
    },
    say: (text: string) => (line?.say ?? say)(text),
    stop() {
      shown = false;
      end();
    },
  };
}

/** As far as a plan depends on it: nothing is measured. @throws UsageError for a kernel that is not there */
export const planningOf = ({ precise, forceKernel }: KernelOptions): Omit<CompileOptions, 'arena'> => ({
  precise,
  force: forceKernel ? forcedKernels(forceKernel) : undefined,
});

/**
 * What `compile` is told by the options, with a progress line for tuning and compiling until `stop`.
 * @throws UsageError for a kernel that is not there
 */
export function kernelSetting(options: KernelOptions, say: (text: string) => void) {
  const { precise, tune = 'off', noTune, tuneSeconds, forceKernel } = options;
  const line = startUpLine(say);
  const compile: Omit<CompileOptions, 'arena'> = {
    precise,
    tune: noTune ? 'off' : tune,
    tuneSeconds,
    ...(forceKernel ? { force: forcedKernels(forceKernel) } : {}),
    onProgress: (done, total) => line.update(done, total, 'compiling kernels', false),
    onTune(event) {
      for (const [name, why] of Object.entries(event.banned)) line.say(`Not used on this device: ${name}: ${why}`);
      line.update(event.done, event.total, `tuning ${tunedText(event)}`, true);
    },
  };
  return { compile, stop: line.stop };
}
