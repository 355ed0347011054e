// The nets of a training with their tensors, as they are at its start.

import { createRng, uniform } from '../data/rng.js';
import type { Device } from '../device/device.js';
import { destroy, type Tensor, variable } from '../engine.js';
import { initialValues } from '../nets/init.js';
import {
  createVariables,
  type Net,
  type Parameter,
  shapesOf,
  type Values,
  type Variables,
} from '../nets/parameters.js';
import { normedNames } from '../nets/spectral-norm.js';
import { newMoments, type Trainee } from './adam.js';
import { momentNames, type NetName, type Start, vectorName } from './checkpoint.js';

/** Which numbers a net draws its first values with. */
const STREAMS: Record<NetName, number> = { G: 1, D: 2, E: 3 };

/** Moments of what `chosen` picks, from the start where it has some. */
const momentsOf = (name: NetName, net: Net<unknown>, { optimizer }: Start, chosen?: (name: string) => boolean) =>
  newMoments(net, chosen, (parameter) => {
    const names = momentNames(name, parameter);
    return { m: optimizer?.(names.m), v: optimizer?.(names.v) };
  });

/** Values of the start, else drawn by seed, net and place of the tensor alone, so that it does not matter which is asked for first. */
function firstValues(name: NetName, net: Net<unknown>, seed: number, { nets }: Start): Values {
  const drawn = (index: number) => () => {
    const rng = createRng(seed, STREAMS[name], index);
    return initialValues(net.parameters[index]!, () => uniform(rng));
  };
  return (parameter, index) => nets?.[name]?.(parameter.name) ?? drawn(index);
}

export function trainee<Output>(
  name: NetName,
  net: Net<Output>,
  seed: number,
  start: Start,
  chosen?: (name: string) => boolean,
): Trainee<Output> {
  const variables = createVariables(net.parameters, firstValues(name, net, seed, start));
  return { net, variables, moments: momentsOf(name, net, start, chosen) };
}

/** Averages of everything that is trained in G: those of the start, else they begin as the weights do. */
export function averagesOf(net: Net<unknown>, seed: number, start: Start): Variables {
  const first = firstValues('G', net, seed, start);
  const trained = net.parameters.map((parameter, index) => ({ parameter, index })).filter((p) => p.parameter.trained);
  const average = (parameter: Parameter, index: number) =>
    variable(parameter.shape, start.averages?.(parameter.name) ?? first(parameter, index));
  return Object.fromEntries(trained.map(({ parameter, index }) => [parameter.name, average(parameter, index)]));
}

/** Left vectors of a net's spectral norm, [1, O, 1, 1] of length 1. */
export function vectorsOf(net: Net<unknown>, seed: number, { optimizer }: Start): Variables {
  const shapes = shapesOf(net.parameters);
  const drawn = (index: number, length: number) => () => {
    const rng = createRng(seed, STREAMS.D, net.parameters.length + index);
    const values = Float32Array.from({ length }, () => uniform(rng) - 0.5);
    const norm = Math.hypot(...values);
    return values.map((value) => value / norm);
  };
  const vector = (name: string, index: number) => {
    const outputs = shapes.get(name)![0]!;
    return variable([1, outputs, 1, 1], optimizer?.(vectorName(name)) ?? drawn(index, outputs));
  };
  return Object.fromEntries(normedNames(net).map((name, index) => [name, vector(name, index)]));
}

const momentTensors = (moments: Trainee<unknown>['moments']): Tensor[] =>
  Object.values(moments).flatMap(({ m, v }) => [m, v]);

export function destroyMoments(device: Device, { moments }: Trainee<unknown>): void {
  for (const tensor of momentTensors(moments)) destroy(device, tensor);
}

export function destroyTrainee(device: Device, trainee: Trainee<unknown>): void {
  destroyMoments(device, trainee);
  for (const tensor of Object.values({ ...trainee.variables })) destroy(device, tensor);
  for (const tensor of Object.values({ ...trainee.averages })) destroy(device, tensor);
}
