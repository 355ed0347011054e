// Cached pipelines never collide: two kernels of one key are one text, whatever else they were made from. Which of them came first
// then cannot matter. Kernels come from plans of random operators on recorded adapters, whole and cut, with random candidates.

import { profileOf } from '../../src/device/profile.js';
import * as engine from '../../src/engine.js';
import { plan } from '../../src/graph/plan.js';
import type { Launch, Tensor } from '../../src/graph/tensor.js';
import { interfaceOf, pipelineKey, shaderText } from '../../src/kernels/kernel.js';
import { adapterOf, GPU, RECORDED } from '../device/adapters.js';
import { POLYPHASE, SUMS, WINOGRAD } from '../kernels/candidate-names.js';
import { cases } from '../support/cases/index.js';
import type { Ops } from '../support/ops.js';
import { type Random, randomFrom } from '../support/random.js';

const ops: Ops<Tensor> = engine;
const PLANNED = [undefined, { conv: 'plain', convWeight: 'plain' }, ...SUMS, ...WINOGRAD, ...POLYPHASE];

/** Launches of one random case of an op and its gradients. */
function launchesOf(make: (typeof cases)[string], r: Random): Launch[] {
  const c = make(r);
  const operands = c.operands.map(({ value, dtype }) => engine.input(value.shape, dtype));
  const y = c.call<Tensor, Tensor>(ops, operands);
  const live = operands.filter((_, i) => c.operands[i]!.differentiable);
  const gradients = c.gradientBounds ? engine.grad(engine.sum(y), live) : [];
  const force = r.pick(PLANNED) as Record<string, string> | undefined;
  const { steps } = plan({
    outputs: [y, ...gradients],
    updates: [],
    // The planes of the largest case must fit.
    limits: { maxStorageBufferBindingSize: r.pick([2 ** 27, 2 ** 18]), maxBufferSize: 2 ** 28 },
    device: profileOf(adapterOf(r.pick(Object.values(RECORDED))), GPU),
    candidate: (op) => force?.[op],
  });
  return steps.flatMap(({ launches }) => launches);
}

/** The key that the program would look a launch up by, where no two of its operands share memory. */
function identityOf({ kernel, operands }: Launch): { key: string; text: string } {
  const bound = interfaceOf(kernel.source).bindings.filter(({ name }) => operands[name]);
  return { key: pipelineKey(kernel, bound), text: shaderText(kernel, bound) };
}

export interface Collisions {
  collisions: string[];
  /** Kernels seen, and the distinct pipelines among them. */
  launches: number;
  pipelines: number;
  /** Names of kernels with more than one pipeline. */
  varied: string[];
}

/** `count` cases of every op. */
export function collisionsOf(seed: number, count: number): Collisions {
  const r = randomFrom(seed);
  const texts = new Map<string, string>();
  const byName = new Map<string, Set<string>>();
  const collisions: string[] = [];
  let launches = 0;
  for (const make of Object.values(cases)) {
    for (const launch of Array.from({ length: count }, () => launchesOf(make, r)).flat()) {
      const { name } = launch.kernel;
      const { key, text } = identityOf(launch);
      launches++;
      byName.set(name, (byName.get(name) ?? new Set()).add(key));
      if (texts.has(key) && texts.get(key) !== text) collisions.push(name);
      texts.set(key, text);
    }
  }
  const varied = [...byName].filter(([, keys]) => keys.size > 1).map(([name]) => name);
  return { collisions, launches, pipelines: texts.size, varied };
}
