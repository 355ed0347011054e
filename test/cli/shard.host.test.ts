// A folder that several commands paint, by hand and by the files for clusters.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { shardOf } from '../../src/cli/shard.js';
import { greyPng } from '../data/make-png.js';
import { bundled } from '../support/child.js';
import { cli, TINY, withSet } from './support.js';

const test = suite('shards');

const NAMES = ['a', 'b', 'c', 'd', 'e'];

/** Files of a folder by name. */
const contents = (folder: string) =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString('base64')]));

test('a shard is I/N with I below N', () => {
  assert.equal(shardOf('0/8'), { index: 0, count: 8 });
  assert.equal(shardOf('7/8'), { index: 7, count: 8 });
  for (const text of ['8/8', '1', '-1/2', '0/0', '1/2/3', '/2', '1e1/20'])
    assert.throws(() => shardOf(text), /--shard: got .*, wanted I\/N with I from 0 to N-1/, text);
});

test('shards of hand, Slurm and Kubernetes paint together what one command paints, each picture once', () =>
  withSet({}, async (root, out) => {
    const trained = await cli(['train', root, '--out', out, ...TINY, '--max-steps', '1', '--no-instance']);
    assert.is(trained.code, 0, trained.stderr);
    const labels = join(root, 'maps');
    mkdirSync(labels);
    for (const [i, name] of NAMES.entries())
      writeFileSync(
        join(labels, `${name}.png`),
        greyPng(
          8,
          8,
          Array.from({ length: 64 }, (_, k) => (k + i) % 3),
        ),
      );
    const paint = ['generate', '--checkpoint', out, '--labels', labels];
    const whole = join(root, 'whole');
    assert.is((await cli([...paint, '--out', whole])).code, 0);
    const want = contents(whole);
    assert.equal(
      Object.keys(want).sort(),
      NAMES.map((name) => `${name}.png`),
    );

    const pictures = join(root, 'pictures');
    const command = `${process.execPath} ${await bundled('src/cli/main.ts')}`;
    const bash = (args: string[], env: Record<string, string>) => {
      const { status, stderr } = spawnSync('bash', args, { env: { ...process.env, ...env }, encoding: 'utf8' });
      assert.is(status, 0, stderr);
    };
    // A pod that is started again: one of its three pictures is there, and stays the file it is.
    const kept = new Uint8Array([1, 2, 3]);
    mkdirSync(pictures);
    writeFileSync(join(pictures, 'c.png'), kept);
    const job = parse(readFileSync('examples/cluster/kubernetes-job.yaml', 'utf8'));
    assert.equal([job.kind, job.spec.completionMode], ['Job', 'Indexed']);
    const [container] = job.spec.template.spec.containers;
    const values = Object.fromEntries(container.env.map(({ name, value }: Record<string, string>) => [name, value]));
    assert.is(values.SHARDS, String(job.spec.completions));
    assert.equal(container.command, ['sh', '-c']);
    const places = { CHECKPOINT: out, LABELS: labels, OUT: pictures };
    const bin = join(root, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'pix2pixhd'), `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 });
    const pod = { ...values, ...places, SHARDS: '2', JOB_COMPLETION_INDEX: '0', PATH: `${bin}:${process.env.PATH}` };
    bash(['-c', container.args[0]], pod);
    assert.equal(readdirSync(pictures).sort(), ['a.png', 'c.png', 'e.png'], 'the first of two');
    assert.equal(new Uint8Array(readFileSync(join(pictures, 'c.png'))), kept);

    const script = resolve('examples/cluster/slurm-array.sh');
    bash(['-n', script], {});
    const slurm = { SLURM_ARRAY_TASK_MIN: '1', SLURM_ARRAY_TASK_COUNT: '2', PIX2PIXHD: command };
    bash([script, out, labels, pictures, '--json'], { ...slurm, SLURM_ARRAY_TASK_ID: '2' });
    assert.equal(
      readdirSync(pictures).sort(),
      NAMES.map((name) => `${name}.png`),
    );
    rmSync(join(pictures, 'c.png'));
    bash(['-c', container.args[0]], pod);
    assert.equal(contents(pictures), want);

    const none = await cli([...paint, '--out', pictures, '--skip-existing']);
    assert.is(none.code, 0);
    assert.match(none.stderr, /Nothing to paint: every picture is there/);
  }));

test.run();
