// Cached pipelines never collide: two kernels of one key are one text, whatever else they were made from. Which of them came first
// then cannot matter. Kernels come from plans of random operators on recorded adapters, whole and cut, of floats and of halves, with
// random candidates, and are bound as programs bind them.

import type { Device } from '../../src/device/device.js';
import * as engine from '../../src/engine.js';
import type { Arena } from '../../src/graph/arena.js';
import { bind, binder } from '../../src/graph/dispatch.js';
import { type Plan, plan, sourcesOf } from '../../src/graph/plan.js';
import { stateOf } from '../../src/graph/storage.js';
import type { Tensor } from '../../src/graph/tensor.js';
import { pipelineKey, shaderText } from '../../src/kernels/kernel.js';
import { profiled, RECORDED } from '../device/adapters.js';
import { PHASES, POLYPHASE, SUMS, WINOGRAD, WINOGRAD2 } from '../kernels/candidate-names.js';
import { cases } from '../support/cases/index.js';
import type { Ops } from '../support/ops.js';
import { type Random, randomFrom } from '../support/random.js';

const ops: Ops<Tensor> = engine;
const PLANNED = [
  undefined,
  { conv: 'plain', convWeight: 'plain' },
  ...SUMS,
  ...PHASES,
  ...WINOGRAD,
  ...WINOGRAD2,
  ...POLYPHASE,
];

/** Of one random case of an op and its gradients. */
function planOf(make: (typeof cases)[string], r: Random): Plan {
  const c = make(r);
  // Variables lie in buffers of their own, which are only read.
  const operands = c.operands.map(({ value: { shape }, dtype }) =>
    dtype === 'f32' && r.chance(0.5) ? engine.variable(shape) : engine.input(shape, dtype),
  );
  const y = c.call<Tensor, Tensor>(ops, operands);
  const live = operands.filter((_, i) => c.operands[i]!.differentiable);
  const gradients = c.gradientBounds ? engine.grad(engine.sum(y), live) : [];
  const force = r.pick(PLANNED) as Record<string, string> | undefined;
  return plan({
    outputs: [y, ...gradients],
    updates: [],
    // The planes of the largest case must fit.
    limits: { maxStorageBufferBindingSize: r.pick([2 ** 27, 2 ** 18]), maxBufferSize: 2 ** 28 },
    device: profiled(r.pick(Object.values(RECORDED))),
    precision: r.pick(['f32', 'f16']),
    candidate: (op) => force?.[op],
  });
}

interface Identity {
  name: string;
  key: string;
  text: string;
}

/** What the program would look each launch up by, and what it would compile. */
function identitiesOf(p: Plan): Identity[] {
  const arena = { buffers: p.arena.map(() => ({})) } as unknown as Arena;
  const device = {} as Device;
  for (const { outputs } of sourcesOf(p, 'variable')) stateOf(device).variables.set(outputs[0]!, {} as GPUBuffer);
  const { window } = binder(device, p, arena);
  return p.steps.flatMap(({ launches }) =>
    launches.map((launch) => {
      const { kernel } = launch;
      const { bound } = bind(launch, window);
      return { name: kernel.name, key: pipelineKey(kernel, bound), text: shaderText(kernel, bound) };
    }),
  );
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
    const plans = Array.from({ length: count }, () => planOf(make, r));
    for (const { name, key, text } of plans.flatMap(identitiesOf)) {
      launches++;
      byName.set(name, (byName.get(name) ?? new Set()).add(key));
      if (texts.has(key) && texts.get(key) !== text) collisions.push(name);
      texts.set(key, text);
    }
  }
  const varied = [...byName].filter(([, keys]) => keys.size > 1).map(([name]) => name);
  return { collisions, launches, pipelines: texts.size, varied };
}
