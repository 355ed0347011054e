// Memory on the command line: planned without a run, refused before one, and what is planned is what is allocated.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cli, TINY, withSet } from './support.js';

const test = suite('memory');

const FIELDS = [
  'peakBytes',
  'leastBytes',
  'lowerBoundBytes',
  'weightBytes',
  'optimizerBytes',
  'activationBytes',
  'scratchBytes',
  'fits',
  'limits',
  'suggestions',
];

const planOf = async (...args: string[]) => {
  const { code, stdout, stderr } = await cli([...args, '--dry-run', '--json']);
  assert.is(code, 0, stderr);
  return JSON.parse(stdout);
};

test('a dry run of a default training needs no data; what it suggests fits, the cheapest first', async () => {
  const asked = ['train', '--size', '512x256', '--no-vgg-loss', '--batch-size', '4', '--memory-gb', '3.2'];
  const report = await planOf(...asked);
  for (const name of FIELDS) assert.ok(name in report, name);
  // 182.5 and 5.5 million parameters, and two moments of each.
  assert.is(Math.round(report.weightBytes / 4e5), 1881);
  assert.is(report.optimizerBytes, 2 * report.weightBytes);
  assert.ok(report.peakBytes - report.weightBytes - report.optimizerBytes <= 1.1 * report.lowerBoundBytes);
  assert.is(report.fits, false);
  assert.match(report.suggestions[0].options, /^--recompute (norms|blocks|all)$/);
  const [{ options, peakBytes }] = report.suggestions;
  const tried = await planOf(...asked, ...options.split(' '));
  assert.is(tried.fits, true);
  assert.is(tried.leastBytes, peakBytes);
});

test('half floats need less, and auto takes them where f32 does not fit', async () => {
  const asked = ['train', '--size', '256x256', '--ngf', '16', '--no-vgg-loss', '--precision'];
  const [exact, half] = [await planOf(...asked, 'f32'), await planOf(...asked, 'f16')];
  assert.ok(half.activationBytes < 0.6 * exact.activationBytes, `${half.activationBytes} bytes`);
  const gb = (bytes: number) => String(bytes / 2 ** 30);
  const between = gb((half.leastBytes + exact.leastBytes) / 2);
  const auto = [
    await planOf(...asked, 'auto', '--memory-gb', between),
    await planOf(...asked, 'auto', '--memory-gb', '8'),
  ];
  assert.equal(
    auto.map(({ leastBytes, fits }) => [leastBytes, fits]),
    [half, exact].map(({ leastBytes }) => [leastBytes, true]),
  );
});

const mib = (text: string, pattern: RegExp): number => {
  const [, value, unit] = pattern.exec(text) ?? [];
  assert.ok(value, text);
  return Number(value) * (unit === 'GiB' ? 1024 : 1);
};

test('a training allocates what it planned', async () => {
  await withSet({}, async (root, out) => {
    const { code, stderr } = await cli(['train', root, '--out', out, ...TINY, '--ngf', '64', '--max-steps', '1']);
    assert.is(code, 0, stderr);
    const planned = mib(stderr, /Memory: ([\d.]+) (MiB|GiB) planned/);
    const allocated = mib(stderr, /Memory: ([\d.]+) (MiB|GiB) allocated/);
    assert.ok(Math.abs(planned - allocated) <= 0.05 * allocated, `${planned} MiB planned, ${allocated} MiB allocated`);
  });
});

test('the net that judges pictures is planned beside the training', () =>
  withSet({}, async (root) => {
    const held = ['train', root, ...TINY, '--val-fraction', '0.3'];
    const [plain, judged] = [await planOf(...held), await planOf(...held, '--val-metrics', 'consistency')];
    const judge = judged.weightBytes - plain.weightBytes;
    assert.ok(judge > 4 * 2 * (32 * 32 * 9), `${judge} bytes of weights`);
    assert.is(judged.optimizerBytes - plain.optimizerBytes, 2 * judge);
    assert.ok(judged.peakBytes > plain.peakBytes + 3 * judge);
  }));

test('what cannot fit ends before a step, with the table and what would fit', async () => {
  await withSet({}, async (root, out) => {
    const { code, stderr } = await cli(['train', root, '--out', out, ...TINY, '--ngf', '64', '--memory-gb', '0.001']);
    assert.is(code, 2, stderr);
    assert.match(stderr, /not enough memory\nMemory for training[^]*weights[^]*peak[^]*does not fit 1\.0 MiB/);
    assert.match(stderr, /would fit: --ngf \d+/);
    assert.is(existsSync(join(out, 'checkpoints')), false);
  });
});

test.run();
