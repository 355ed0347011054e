// The step of a training, with what it hands on to the next: Adam's counts, whether the trunk is fixed, the losses' scale.

import type { Device } from '../device/device.js';
import type { Feeds } from '../engine.js';
import { adamFeeds, adamScalars } from './adam.js';
import type { Progress, Start, TrainState } from './checkpoint.js';
import { isGradientName } from './faults.js';
import type { SizedFeeds } from './feeds.js';
import { canShrink, FIRST_SCALE, type LossScale, nextScale } from './loss-scale.js';
import type { Nets } from './nets.js';
import { isFixed, isScaled, type Parts, ratesOf, released, stepOf } from './parts.js';
import { type Compiling, type Health, type Losses, type StepPrograms, stepPrograms } from './programs.js';
import { learningRates } from './schedule.js';
import type { Settings } from './settings.js';
import { mayBeSkipped } from './step.js';

/** What all steps share. */
export interface Setup {
  device: Device;
  compiling: Compiling;
  nets: Nets;
  settings: Settings;
}

/** With what a step hands on to the next. */
export interface Standing extends Setup, Pick<TrainState, 'adam' | 'fixed' | 'lossScale'> {
  /** G and E change when the trunk is released. */
  parts: Parts;
  programs: StepPrograms;
  /** Of the last step; undefined before the first. */
  health?: Health;
}

/** What a step says about its scale: overflow is when gradients alone have faults, and it may be the scale's. */
const scaleHealth = (lossScale: LossScale, { weights, others }: Health): Pick<Health, 'lossScale' | 'overflowed'> => ({
  lossScale: lossScale.scale,
  overflowed:
    canShrink(lossScale) && weights.length === 0 && others.length > 0 && others.every((name) => isGradientName(name)),
});

/** Whether its faults made a step one that changed nothing. */
const wasSkipped = (settings: Settings, { weights, others }: Health): boolean =>
  mayBeSkipped({ ...settings, scaled: isScaled(settings) }) && weights.length + others.length > 0;

/** What Adam's `adam.G`th and `adam.D`th step takes, and the averages. */
function updateFeeds(settings: Settings, { step, cursor }: Progress, adam: TrainState['adam']): Feeds {
  const lr = learningRates(settings, cursor.epoch);
  const rates = ratesOf(settings);
  return {
    ...adamFeeds('G', adamScalars(adam.G, lr.G, rates)),
    ...adamFeeds('D', adamScalars(adam.D, lr.D, rates)),
    ...(settings.ema > 0 ? { 'G.follow': step < settings.emaStart ? 1 : 1 - settings.ema } : {}),
  };
}

const programsOf = ({ device, compiling, nets, settings }: Setup, parts: Parts): StepPrograms =>
  stepPrograms(device, compiling, stepOf(settings, nets, parts), settings.accumulate);

export const standingOf = (setup: Setup, parts: Parts, fixed: boolean, start: Start): Standing => ({
  ...setup,
  parts,
  programs: programsOf(setup, parts),
  adam: start.adam ?? { G: 0, D: 0 },
  fixed,
  lossScale: isScaled(setup.settings) ? (start.lossScale ?? FIRST_SCALE) : undefined,
});

function release(now: Standing): void {
  now.programs.destroy();
  now.parts = released(now.device, now.parts);
  now.programs = programsOf(now, now.parts);
  now.adam = { ...now.adam, G: 0 };
  now.fixed = false;
}

/** One step on the batches that make it; `before` is where the training stands. Changes `now`. */
export async function takeStep(now: Standing, batches: readonly SizedFeeds[], before: Progress): Promise<Losses> {
  const { settings, lossScale } = now;
  if (now.fixed && !isFixed(settings, before.cursor.epoch)) release(now);
  const adam = { G: now.adam.G + 1, D: now.adam.D + 1 };
  const scale: Feeds = lossScale ? { lossScale: lossScale.scale } : {};
  const { losses, health } = await now.programs.step(batches, updateFeeds(settings, before, adam), scale);
  now.health = health;
  if (!wasSkipped(settings, health)) now.adam = adam;
  if (lossScale) {
    Object.assign(health, scaleHealth(lossScale, health));
    now.lossScale = nextScale(lossScale, health.overflowed === true);
  }
  return losses;
}
