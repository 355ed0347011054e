// What `train` says while it trains.

import type { Device } from '../device/device.js';
import { mib } from '../graph/profile.js';
import type { Hooks, StepReport } from '../train/train.js';
import type { Trainer } from '../train/trainer.js';
import { validationRecord } from '../train/validation.js';
import { duration } from './duration.js';
import { type ProgressLine, progressLine } from './progress.js';
import { validationText } from './validation.js';

export type Say = (text: string) => void;

/** Text for people goes to stderr, so that stdout holds nothing but what --json asks for. */
export const teller = ({ json }: { json: boolean }) => (json ? () => {} : (text: string) => console.error(text));

const lossText = (losses: Record<string, number>): string =>
  Object.entries(losses)
    .map(([name, value]) => `${name} ${value.toPrecision(3)}`)
    .join(' ');

function stepText({ epoch, losses, imagesPerSecond, secondsLeft }: StepReport): string {
  const rate = imagesPerSecond === undefined ? 'first step' : `${imagesPerSecond.toPrecision(3)} images/s`;
  return [`epoch ${epoch}`, rate, `${duration(secondsLeft)} left`, lossText(losses)].join(' · ');
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

const idleText = ({ idle, waited }: StepReport): string =>
  `The device was idle for ${percent(idle)} of the steps' time; it waited ${percent(waited)} of it for pictures`;

const jsonLine = ({ after, epoch, lr, losses }: StepReport): string =>
  JSON.stringify({ step: after.step, epoch, lr, ...losses });

function startText({ stats }: Trainer, device: Device, seconds: number): string {
  const { dispatches, pipelines, compileMs, peakBytes, variableBytes, flops } = stats!;
  return [
    `Device: ${device.profile.name}`,
    `Step: ${dispatches} dispatches, ${pipelines} pipelines compiled in ${duration(compileMs / 1000)}, ` +
      `${(flops / 1e9).toPrecision(3)} GFLOP; memory ${mib(peakBytes)} beside ${mib(variableBytes)} of weights and moments; ` +
      `first step after ${duration(seconds)}`,
  ].join('\n');
}

/** Prints how a training goes; `line` is there once it runs. */
export function reporter(
  device: Device,
  { json }: { json: boolean },
  signal: AbortSignal,
  ready: () => void,
  onStep: (step: number) => void,
) {
  const say = teller({ json });
  const began = performance.now();
  let line: ProgressLine | undefined;
  let last: StepReport | undefined;
  const hooks: Hooks = {
    signal,
    onStart(trainer, total) {
      ready();
      if (json) return;
      line?.end();
      say(startText(trainer, device, (performance.now() - began) / 1000));
      line = progressLine(total);
    },
    onStep(report) {
      onStep(report.after.step);
      last = report;
      if (json) console.log(jsonLine(report));
      line?.update(report.after.step, stepText(report), report.print);
    },
    onSaved(what, path) {
      if (what === 'checkpoint') line?.say(`Saved ${path}`);
    },
    onValidated(step, values, best) {
      if (json) console.log(JSON.stringify(validationRecord(step, values)));
      line?.say(validationText(step, values, best));
    },
    onNote: (text) => (line?.say ?? ((plain: string) => console.error(plain)))(text),
  };
  return {
    hooks,
    end: () => {
      line?.end();
      if (last) say(idleText(last));
    },
  };
}
