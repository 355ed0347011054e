// The bench's pure parts: what it says is measured, how times become figures, and figures tables.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CASES, flopsOf, type Layer, outputShape, resultShape } from '../../bench/cases.js';
import { goalsOf } from '../../bench/goals.js';
import { keptOf } from '../../bench/growth.js';
import { markdownOf } from '../../bench/markdown.js';
import { EFFORTS, geometricMean, interleaved, isDue, median } from '../../bench/measure.js';
import { difference, operandsOf, permuted } from '../../bench/operands.js';
import { columns, digits, meanRatios, type Report, tableOf, verdictsOf } from '../../bench/report.js';
import type { Row } from '../../bench/rows.js';
import { conv2d, convTranspose2d, input } from '../../src/engine.js';

const test = suite('bench');

const row = (change: Partial<Row> = {}): Row => ({
  case: '3×3 64→64 64×64',
  role: 'forward',
  ours_ms: 5,
  gflops: 60.4,
  roofline_pct: 71,
  peers: { tfjs: { ms: 80, ratio: 16, difference: 1e-6 } },
  failed: {},
  candidate: 'conv2d.plain',
  goals: { tfjs: 15, 'ort-webgpu': 8 },
  ...change,
});

test('the output shapes of the table are those of the engine', () => {
  const forward = {
    conv: (x, w, { stride, padding }) => conv2d(x, w, null, { stride, padding }),
    transposed: (x, w, { stride, padding, outputPadding }) =>
      convTranspose2d(x, w, null, { stride, padding, outputPadding }),
  } satisfies Record<string, (x: ReturnType<typeof input>, w: ReturnType<typeof input>, layer: Layer) => unknown>;
  const convolutions = CASES.filter(({ kind }) => kind in forward);
  assert.is(convolutions.length, 21);
  for (const layer of convolutions) {
    const y = forward[layer.kind as keyof typeof forward](input(layer.x), input(layer.w!), layer);
    assert.equal(outputShape(layer), y.shape, layer.name);
  }
});

test('a case has a name of its own, operands for its role, and as many operations in every role', () => {
  assert.is(new Set(CASES.map(({ name, role }) => `${name} ${role}`)).size, CASES.length);
  const [forward, data, weight] = CASES.filter(({ name }) => name.startsWith('4×4'));
  assert.is(flopsOf(forward!), 2 * 39 * 16 * 64 * 33 * 65);
  assert.is(flopsOf(weight!), flopsOf(forward!));
  assert.equal(resultShape(data!), forward!.x);
  const { x, dy, v } = operandsOf(data!);
  assert.equal([x.shape, dy.shape, v.data.length], [forward!.x, [1, 64, 33, 65], 0]);
});

test('every layer has goals on both software adapters, and none elsewhere', () => {
  const layers = CASES.filter(({ kind }) => kind !== 'block');
  for (const layer of layers) {
    assert.ok(goalsOf(layer, 'lavapipe').tfjs! >= 6, layer.name);
    assert.ok(goalsOf(layer, 'swiftshader').tfjs! >= 6, layer.name);
    assert.equal(goalsOf(layer, 'gpu'), {});
  }
});

test('medians, means, and who takes part in a round', async () => {
  assert.is(median([9, 1, 5]), 5);
  assert.is(median([4, 1, 3, 2]), 2.5);
  assert.ok(Math.abs(geometricMean([2, 8]) - 4) < 1e-12);
  const effort = { rounds: 5, budgetMs: 10, least: 2 };
  assert.equal(
    [[], [50], [50, 1], [1, 1, 1]].map((taken) => isDue(taken, effort)),
    [true, true, false, true],
  );
  const order: number[] = [];
  const engine = (i: number) => ({ run: async () => void order.push(i) });
  await interleaved([engine(0), engine(1)], { ...EFFORTS.quick, rounds: 3 });
  assert.equal(order, [0, 1, 0, 1, 0, 1]);
});

test('results are compared by the rms, and what is no number never passes', () => {
  assert.is(difference(Float32Array.of(1, 2), Float32Array.of(1, 1)), 1);
  assert.is(difference(Float32Array.of(Number.NaN, 1), Float32Array.of(1, 1)), Number.POSITIVE_INFINITY);
  assert.is(difference(Float32Array.of(1), Float32Array.of(1, 1)), Number.POSITIVE_INFINITY);
});

test('axes are put in order and back', () => {
  const nchw = { shape: [1, 2, 2, 3], data: Float32Array.from({ length: 12 }, (_, i) => i) };
  const nhwc = permuted(nchw, [0, 2, 3, 1]);
  assert.equal([...nhwc.data], [0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11]);
  assert.equal(permuted(nhwc, [0, 3, 1, 2]), nchw);
});

test('three digits, and columns by their widest cell', () => {
  assert.equal([0.1234, 1.234, 12.34, 1234.5, 0].map(digits), ['0.12', '1.23', '12.3', '1235', '0.00']);
  assert.is(columns([['a', 'b'], ['long', '1']]), 'a     b\nlong  1'); // biome-ignore format: rows
});

test('a peer that failed or has no such operator is told apart from one that was timed', () => {
  const rows = [row(), row({ role: 'data', peers: {}, failed: { tfjs: 'out of memory' }, goals: { tfjs: 11 } })];
  const lines = tableOf(rows).split('\n');
  assert.match(lines[1]!, /forward +5\.00 +60\.4 +71 % +80\.0 \(16\.0×\) +conv2d\.plain$/);
  assert.match(lines[2]!, /data gradient .* failed /);
  assert.equal(meanRatios(rows), [['tfjs', geometricMean([16]), 1]]);
});

test('goals that are missed are said to be, and so are those not measured', () => {
  const rows = [
    row(),
    row({ role: 'data', peers: { tfjs: { ms: 50, ratio: 10, difference: 0 } }, goals: { tfjs: 11 } }),
  ];
  assert.equal(
    verdictsOf(rows).map(({ against, got }) => [against, got]),
    [
      ['tfjs', 16],
      ['ort-webgpu', undefined],
      ['tfjs', 10],
    ],
  );
  const adapter = { description: 'llvmpipe', name: 'lavapipe' };
  const report: Report = { adapter, versions: {}, date: '2026-01-01', roofline: { gflops: 85, gbps: 5 }, rows };
  const text = markdownOf([report]);
  assert.match(text, /1 of 2 goals measured are missed: 3×3 64→64 64×64, data gradient, against tfjs\./);
  const again: Report = { ...report, rows: [row({ goals: { tfjs: 20 } })] };
  assert.match(markdownOf([report, again]), /2 of 2 goals measured are missed/);
  assert.match(text, /\| 3×3 64→64 64×64, forward \| ort-webgpu \| – \| ≥ 8× \| not measured \|/);
});

test('what was measured in a browser has a section of its own, with the goals of its adapter', () => {
  const adapter = { description: 'google swiftshader', name: 'swiftshader' };
  const node: Report = { adapter, versions: {}, date: '2026-01-01', roofline: { gflops: 35, gbps: 1 }, rows: [row()] };
  const page: Report = {
    ...node,
    where: 'Chromium',
    rows: [row({ peers: { 'ort-wasm': { ms: 9, ratio: 2, difference: 0 } } })],
  };
  const text = markdownOf([node, page, page]);
  assert.equal(text.match(/^## .*$/gm), ['## swiftshader', '## swiftshader in Chromium']);
  assert.match(text, /\| case \| ms \| GF\/s \| roofline \| ort-wasm \| kernel \|/);
});

test('tiles of GPUs and the cost by size have tables of their own, where they were measured', () => {
  const adapter = { description: 'llvmpipe', name: 'lavapipe' };
  const report: Report = {
    adapter,
    versions: {},
    date: '2026-01-01',
    roofline: { gflops: 85, gbps: 5 },
    rows: [row()],
  };
  const tiles = [
    { case: '3×3 64→64 64×64', role: 'data' as const, tiles: { 'tiles-32x32': { ms: 90, gflops: 3.36 } } },
  ];
  const growth = [
    { size: '32×64', ms: 4, gflops: 40 },
    { size: '64×128', ms: 12, gflops: 50 },
  ];
  assert.is(keptOf(growth), 0.8);
  assert.not.match(markdownOf([report]), 'Tiles for GPUs');
  // Of several runs, each may have measured another part.
  const text = markdownOf([report, { ...report, tiles }, { ...report, growth }]);
  assert.match(text, /\| case \| tiles-32x32 \|\n.*\n\| 3×3 64→64 64×64, data gradient \| 90\.0 \(3\.36\) \|/);
  assert.match(text, 'Every size, its runs queued one behind the other, keeps 80 % of the best rate');
});

test.run();
