// The plans of whole trainings and pictures under the limits of usual devices: near the bound, and no larger than they were.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ProgramSpec } from '../../src/engine.js';
import type { Precision } from '../../src/graph/half.js';
import { plan, sourcesOf } from '../../src/graph/plan.js';
import { type Recompute, recomputed } from '../../src/graph/recompute.js';
import { bytesOf } from '../../src/graph/storage.js';
import { encodeInput } from '../../src/nets/encode-input.js';
import { createVariables, lookup } from '../../src/nets/parameters.js';
import { netsOf } from '../../src/train/nets.js';
import { partsOf } from '../../src/train/parts.js';
import { type Settings, trainSettings } from '../../src/train/settings.js';
import { trainingStep } from '../../src/train/step.js';

const MIB = 2 ** 20;
/** Bindings as WebGPU promises them, buffers as large as there are, and as it promises them. */
const LARGE = { maxStorageBufferBindingSize: 128 * MIB, maxBufferSize: 4096 * MIB };
const DEFAULT = { maxStorageBufferBindingSize: 128 * MIB, maxBufferSize: 256 * MIB };

const unread = () => () => new Float32Array(0);

function training(change: Partial<Settings>, height: number, width: number, vgg = false): ProgramSpec {
  const settings = trainSettings({ labelNc: 35, ...change });
  const nets = netsOf(settings);
  const parts = partsOf(nets, { settings, ...(vgg ? { vgg: unread } : {}) }, false);
  const scaled = settings.precision === 'f16';
  return trainingStep({ ...parts, extent: [1, height, width], encoding: nets.encoding, outputNc: 3, scaled });
}

function painting(change: Partial<Settings>, height: number, width: number): ProgramSpec {
  const nets = netsOf(trainSettings({ labelNc: 35, ...change }));
  const { inputs, condition } = encodeInput(nets.encoding, [1, height, width]);
  const params = lookup(createVariables(nets.G.parameters, unread));
  return { inputs, outputs: { picture: nets.G.forward(condition, params) } };
}

function planned(given: ProgramSpec, limits = LARGE, mode: Recompute = 'none', precision: Precision = 'f32') {
  const { outputs = {}, updates = [] } = recomputed(given, mode);
  const p = plan({
    outputs: Object.values(outputs),
    updates: updates.map(([variable, value]) => [variable, value]),
    limits,
    device: { kind: 'cpu', vendor: '', subgroupSize: 8 },
    candidate: () => undefined,
    precision,
  });
  const bytes = p.arena.reduce((sum, size) => sum + size, 0);
  const variables = sourcesOf(p, 'variable').reduce((sum, { outputs }) => sum + bytesOf(outputs[0]!), 0);
  return { bytes, bound: p.lowerBoundBytes, all: bytes + variables };
}

const test = suite('memory of whole nets');

const LOCAL = { netG: 'local', ngf: 32 } as const;

const CASES: Record<string, () => ProgramSpec> = {
  'training, global, 512×256': () => training({}, 256, 512),
  'training, local, 512×256': () => training(LOCAL, 256, 512),
  'painting, local, 2048×1024': () => painting(LOCAL, 1024, 2048),
};

for (const [name, make] of Object.entries(CASES)) {
  for (const [where, limits] of Object.entries({ 'large buffers': LARGE, 'default limits': DEFAULT })) {
    test(`${name}, ${where}: within a tenth of the bound`, () => {
      const { bytes, bound } = planned(make(), limits);
      assert.ok(bytes <= 1.1 * bound, `${bytes / MIB} MiB for ${bound / MIB}`);
    });
  }
}

test('gradients do not wait for one another, so a default step at 256×256 fits 300 MiB beside its variables', () => {
  const { bytes } = planned(training({}, 256, 256));
  assert.ok(bytes <= 300 * MIB, `${bytes / MIB} MiB`);
});

test('a step of the global net at 1024×512 with VGG19 fits 5 GiB, and recomputing all takes two fifths off', () => {
  const [kept, again] = (['none', 'all'] as const).map((mode) => planned(training({}, 512, 1024, true), LARGE, mode));
  assert.ok(kept!.all <= 5 * 1024 * MIB, `${kept!.all / MIB} MiB`);
  assert.ok(again!.bytes <= 0.6 * kept!.bytes, `${again!.bytes / MIB} of ${kept!.bytes / MIB} MiB`);
  assert.ok(again!.bound <= 0.6 * kept!.bound, `${again!.bound / MIB} of ${kept!.bound / MIB} MiB`);
});

test('half floats take three eighths off a default step at 512×256, though its updates wait for all faults', () => {
  const [exact, half] = (['f32', 'f16'] as const).map((precision) =>
    planned(training({ precision }, 256, 512, true), LARGE, 'none', precision),
  );
  assert.ok(half!.bytes <= 0.625 * exact!.bytes, `${half!.bytes / MIB} of ${exact!.bytes / MIB} MiB`);
  assert.ok(half!.all < exact!.all - 240 * MIB, `${half!.all / MIB} of ${exact!.all / MIB} MiB`);
});

test('a picture of 2048×1024 by the full local net of the Earth set fits 1.6 GiB under default limits', () => {
  const { all } = planned(painting({ ...LOCAL, labelNc: 10 }, 1024, 2048), DEFAULT);
  const readBack = 2 * 3 * 2048 * 1024 * 4;
  assert.ok(all + readBack <= 1.6 * 1024 * MIB, `${(all + readBack) / MIB} MiB`);
});

test.run();
