// The demo as people call it, cut to two steps of thin nets: what it leaves behind, and whether its next command works.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodePng } from '../../src/data/png.js';
import { withFolder } from '../formats/support.js';
import { bundled, runNode } from '../support/child.js';

const test = suite('demo');

const cli = async (...args: string[]) =>
  runNode({ timeoutMs: 120_000, args: [await bundled('src/cli/main.ts'), ...args] });

test('trains, paints the Americas beside their photo, and names a command that works', () =>
  withFolder(async (folder) => {
    const out = join(folder, 'demo');
    const thin = ['--ngf', '4', '--ndf', '4', '--n-blocks-global', '1'];
    const { code, stdout, stderr } = await cli('demo', '--out', out, ...thin, '--max-steps', '2');
    assert.is(code, 0, stderr);
    for (const name of ['config.json', 'log.jsonl', 'samples', 'checkpoints', 'americas.png'])
      assert.ok(existsSync(join(out, name)), name);

    const { width, height, channels, data } = decodePng(readFileSync(join(out, 'americas.png')));
    assert.equal([width, height, channels], [3 * 384 + 16, 384 + 8, 3]);
    const tile = (n: number) => [...data.subarray((4 * width + 4 + n * 388) * 3).subarray(0, 384 * 3)];
    assert.equal(tile(0).slice(0, 3), [40, 110, 190], 'shelf sea at the top left of the labels');
    assert.not.equal(tile(1), tile(2));

    const [, ours, flat, ratio] = /mean error ([\d.]+) of 255 levels;[^]*: ([\d.]+) \(ratio ([\d.]+)\)/.exec(stdout)!;
    assert.ok(Number(flat) > 5 && Number(flat) < 25, flat);
    assert.ok(Math.abs(Number(ours) / Number(flat) / Number(ratio) - 1) < 0.02, `${ours} / ${flat} is not ${ratio}`);

    const next = /generate (--checkpoint[^]*)$/.exec(stdout)![1]!.replaceAll('\\\n', '').trim().split(/\s+/);
    const painted = await cli('generate', ...next);
    assert.is(painted.code, 0, painted.stderr);
    assert.is(readdirSync(next.at(-1)!).filter((name) => name.endsWith('.png')).length, 12);
  }));

test.run();
