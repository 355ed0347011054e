// The golden nets in training, and how their losses and gradients are compared.

import * as assert from 'uvu/assert';
import type { Device } from '../../src/device/device.js';
import { type CompileOptions, compile, read } from '../../src/engine.js';
import { createVariables, type Net } from '../../src/nets/parameters.js';
import { vgg19 } from '../../src/nets/vgg.js';
import { ADAM, newMoments, type Trainee } from '../../src/train/adam.js';
import { trainingStep } from '../../src/train/step.js';
import { ENCODING, EXTENT, hashed, hashedVgg, tinyDiscriminator, tinyGenerator } from '../nets/golden.js';
import { openTestDevice } from '../support/device.js';

const TOLERANCE = 1e-5;

export function trainee<Output>(net: Net<Output>, seed: number): Trainee<Output> {
  return { net, variables: createVariables(net.parameters, hashed(seed)), moments: newMoments(net) };
}

export function tinyStep() {
  const [G, D] = [trainee(tinyGenerator(), 1), trainee(tinyDiscriminator(), 3)];
  return { G, D, spec: trainingStep({ extent: EXTENT, encoding: ENCODING, outputNc: 3, G, D }) };
}

export const near = (what: string, got: number, want: number) =>
  assert.ok(Math.abs(got - want) <= TOLERANCE * Math.abs(want), `${what}: got ${got}, wanted ${want}`);

const norm = (values: ArrayLike<number>): number => Math.sqrt(Array.from(values).reduce((sum, v) => sum + v * v, 0));

/** The first step leaves m = (1 − beta1)·gradient behind. */
export async function checkGradients(label: string, { moments }: Trainee<unknown>, want: Record<string, number>) {
  const device = await openTestDevice();
  for (const [name, wanted] of Object.entries(want)) {
    near(`${label} gradient of ${name}`, norm(await read(device, moments[name]!.m)) / (1 - ADAM.beta1), wanted);
  }
}

/** The gradients that are no rounding noise. */
export const trainedOf = ({ moments }: Trainee<unknown>, norms: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(norms).filter(([name]) => name in moments));

/** The step with VGG19 on hashed weights. */
export async function perceptualStep(device: Device, options: CompileOptions = {}) {
  const [G, D] = [trainee(tinyGenerator(), 1), trainee(tinyDiscriminator(), 3)];
  const net = vgg19();
  const V = { net, variables: createVariables(net.parameters, hashedVgg), imagenet: false };
  const spec = trainingStep({ extent: EXTENT, encoding: ENCODING, outputNc: 3, G, D, V });
  return { G, D, program: await compile(device, spec, { precise: true, ...options }) };
}
