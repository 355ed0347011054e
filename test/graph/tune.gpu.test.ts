// Selection by measurement: what is measured, kept, banned, and chosen.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Device, TextCache } from '../../src/device/device.js';
import { type CompileOptions, compile, conv2d, input, type ProgramSpec, type TuneEvent } from '../../src/engine.js';
import { stateOf } from '../../src/graph/storage.js';
import { openTestDevice } from '../support/device.js';

const test = suite('tune');

/** Two specs, one of them twice. Of one tap, so that kernels compile soon, and all on the same pipelines. */
function graph() {
  const x = input([1, 4, 12, 16]);
  const [w, v] = [input([4, 4, 1, 1]), input([6, 4, 1, 1])];
  return { inputs: { x, w, v }, outputs: { y: conv2d(conv2d(conv2d(x, w), w), v) } };
}
const SPECS = ['conv 1x1 4>4 2^7', 'conv 1x1 4>6 2^7'];

function memoryCache(): TextCache & { texts: Map<string, string> } {
  const texts = new Map<string, string>();
  return { texts, read: async (name) => texts.get(name), write: async (name, text) => void texts.set(name, text) };
}

/** The shared device as one of which nothing was measured: that hangs on the object. Its pipelines are the same ones. */
async function strange(change: Partial<Device> = {}): Promise<Device> {
  const device = await openTestDevice();
  const copy = { ...device, cache: undefined, ...change };
  const { pipelines, layouts } = stateOf(device);
  if (!change.gpu) Object.assign(stateOf(copy), { pipelines, layouts });
  return copy;
}

/** Shaders of one kernel with a mistake in them. */
function broken(gpu: GPUDevice, label: string): GPUDevice {
  const createShaderModule = (descriptor: GPUShaderModuleDescriptor) =>
    gpu.createShaderModule({
      ...descriptor,
      code: descriptor.label === label ? descriptor.code.replaceAll('out[', 'out[1u + ') : descriptor.code,
    });
  return new Proxy(gpu, {
    get(target, key) {
      if (key === 'createShaderModule') return createShaderModule;
      const value = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

async function tuned(device: Device, options: CompileOptions = {}, made: ProgramSpec = graph()) {
  const events: TuneEvent[] = [];
  const choices = {};
  const program = await compile(device, made, {
    tune: 'quick',
    tuneSeconds: 1e6,
    choices,
    onTune: (e) => events.push(e),
    ...options,
  });
  const candidates = program.stats.kernels.filter(({ op }) => op === 'conv2d').map(({ candidate }) => candidate);
  program.destroy();
  return { events, choices: choices as Record<string, string>, candidates };
}

test('every spec is measured once, the largest first, and what was measured serves the next start', async () => {
  const cache = memoryCache();
  const { events, choices, candidates } = await tuned(await strange({ cache }));
  assert.equal(
    events.map(({ done, total, spec }) => [done, total, spec]),
    [
      [1, 2, 'conv 1x1 4>4 2^7'],
      [2, 2, 'conv 1x1 4>6 2^7'],
    ],
  );
  for (const { name, ms, banned } of events) {
    assert.equal(banned, {});
    assert.ok(Object.keys(ms).length > 1, 'more than one candidate is timed');
    assert.ok(name in ms);
  }
  assert.equal(Object.keys(choices).sort(), SPECS);
  for (const name of Object.values(choices)) assert.ok(candidates.includes(name), `${name} computes`);

  const [file] = cache.texts.keys();
  assert.match(file!, /^tuning-[0-9a-f]{16}\.json$/);
  const again = await tuned(await strange({ cache }));
  assert.equal([again.events.length, again.choices], [0, choices]);
  const damaged = { ...cache, read: async () => '{"entries":' };
  assert.is((await tuned(await strange({ cache: damaged }), { tuneSeconds: 0 })).events.length, 0);
});

test('a candidate that computes something else is banned, told of, and never chosen', async () => {
  const device = await openTestDevice();
  const first = await tuned(await strange());
  const names = Object.keys(first.events[0]!.ms);
  const wrong = names.includes('direct-8x8') ? 'direct-8x8' : names[0]!;
  const { events, choices } = await tuned(await strange({ gpu: broken(device.gpu, `conv.${wrong}`) }));
  assert.match(events[0]!.banned[wrong] ?? '', /differs from the plain kernel's/);
  for (const { ms } of events) assert.not.ok(wrong in ms);
  assert.not.ok(Object.values(choices).includes(wrong));
});

test('a prior that was found wrong on one spec is not used for another that is not measured', async () => {
  const one = (height: number) => {
    const [x, w] = [input([1, 4, height, 16]), input([4, 4, 1, 1])];
    return { inputs: { x, w }, outputs: { y: conv2d(x, w) } };
  };
  const { choices } = await tuned(await strange(), { tune: 'off' }, one(2));
  const [prior] = Object.values(choices) as [string];
  const device = await strange({ gpu: broken((await openTestDevice()).gpu, `conv.${prior}`) });
  const first = await tuned(device, {}, one(12));
  assert.match(first.events[0]!.banned[prior] ?? '', /differs from the plain kernel's/);
  const second = await tuned(device, { tuneSeconds: 0 }, one(2));
  assert.is(second.events.length, 0);
  assert.not.ok(second.candidates.includes(prior), prior);
});

test('choices of before are taken as they are, and what is forced goes before them', async () => {
  const before = { 'conv 1x1 4>4 2^7': 'direct-2x4' };
  const { events, choices, candidates } = await tuned(await strange(), { choices: before, tune: 'off' });
  assert.equal([events.length, choices], [0, {}]);
  assert.equal(candidates.filter((name) => name === 'direct-2x4').length, 2);
  assert.equal(Object.keys(before).sort(), SPECS, 'the others are added');
  const forced = await tuned(await strange(), { choices: before, force: { conv: 'plain' } });
  assert.equal(forced.candidates, ['plain', 'plain', 'plain']);
});

test('where the budget is spent the prior decides, and precise programs choose no candidate that rounds more', async () => {
  const prior = await tuned(await strange(), { tune: 'off' });
  const late = await tuned(await strange(), { tuneSeconds: 0 });
  assert.equal([late.events.length, late.choices], [0, prior.choices]);
  const names = (precise: boolean) => {
    const x = input([1, 64, 8, 8]);
    const { node } = conv2d(x, input([64, 64, 3, 3]), null, { padding: 1 });
    return node.op.tunable!(node, { kind: 'cpu', vendor: 'mesa', subgroupSize: 8 }, precise)!.names('full');
  };
  assert.ok(names(false).some((name) => name.startsWith('winograd')));
  assert.not.ok(names(true).some((name) => name.startsWith('winograd-')));
  assert.ok(names(true).some((name) => name.startsWith('winograd2-')));
  const refused = compile(await strange(), graph(), { precise: true, force: { conv: 'winograd-1x16' } });
  await refused.then(
    () => assert.unreachable(),
    ({ message }) => assert.match(message, /winograd-1x16, wanted one that rounds no more than plain sums do/),
  );
});

test.run();
