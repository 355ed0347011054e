import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cleanTemps, writeAtomically, writeFileAtomic } from '../../src/formats/atomic.js';
import { withFile } from '../../src/formats/files.js';
import { openSafetensors, readTensor } from '../../src/formats/safetensors.js';
import { refuses, withFolder } from './support.js';

const test = suite('atomic writes');

test('a file is made and replaced, and nothing else is left', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'config.json');
    await writeFileAtomic(path, 'one');
    await writeFileAtomic(path, Uint8Array.of(116, 119, 111));
    assert.is(readFileSync(path, 'utf8'), 'two');
    assert.equal(readdirSync(folder), ['config.json']);
  }));

test('when writing fails the old file stays, whole, and the temporary goes', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'net.bin');
    await writeFileAtomic(path, 'old');
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', errno: -28 });
    const failing = async (file: { writeFile(text: string): Promise<void> }) => {
      await file.writeFile('half');
      throw full;
    };
    await refuses(() => writeAtomically(path, failing), 74, /net\.bin: no space left on the disk\. Free some space/);
    assert.is(readFileSync(path, 'utf8'), 'old');
    assert.equal(readdirSync(folder), ['net.bin']);
  }));

test('a folder that is missing or a file is named', () =>
  withFolder(async (folder) => {
    await refuses(() => writeFileAtomic(join(folder, 'no', 'x'), ''), 66, /no\/x: no such file or folder/);
    writeFileSync(join(folder, 'file'), '');
    await refuses(() => writeFileAtomic(join(folder, 'file', 'x'), ''), 74, /file\/x: a part of the path is a file/);
    mkdirSync(join(folder, 'taken'));
    await refuses(() => writeFileAtomic(join(folder, 'taken'), ''), 74, /taken: is a folder/);
    assert.equal(readdirSync(folder).sort(), ['file', 'taken']);
  }));

test('an error of the caller passes through unchanged', () =>
  withFolder(async (folder) => {
    const mine = new RangeError('mine');
    const thrown = await writeAtomically(join(folder, 'x'), () => Promise.reject(mine)).catch((error) => error);
    assert.is(thrown, mine);
    assert.equal(readdirSync(folder), []);
  }));

test('cleanTemps removes strays alone', () =>
  withFolder(async (folder) => {
    for (const name of ['.G.safetensors.123-0.tmp', 'G.safetensors', '.hidden', 'a.tmp'])
      writeFileSync(join(folder, name), '');
    assert.equal(await cleanTemps(folder), ['.G.safetensors.123-0.tmp']);
    assert.equal(readdirSync(folder).sort(), ['.hidden', 'G.safetensors', 'a.tmp']);
  }));

/** A process that saves without end; every file holds one number throughout, so that a mixture shows. */
const SAVE_LOOP = `
  import { writeSafetensors } from './files.mjs';
  for (let step = 1; ; step++) {
    const data = new Float32Array(50000).fill(step);
    await writeSafetensors(process.argv[2], [{ name: 'w', dtype: 'F32', shape: [50000], data }], { step: String(step) });
    process.stdout.write('.');
  }`;

test('killed at random moments in a save loop, a whole file is always there', () =>
  withFolder(async (folder) => {
    const bundle = ['src/formats/files.ts', '--bundle', '--platform=node', '--format=esm', '--log-level=error'];
    execFileSync('node_modules/.bin/esbuild', [...bundle, `--outfile=${join(folder, 'files.mjs')}`]);
    writeFileSync(join(folder, 'loop.mjs'), SAVE_LOOP);
    mkdirSync(join(folder, 'run'));
    const path = join(folder, 'run', 'G.safetensors');
    for (let kill = 0; kill < 8; kill++) {
      const child = spawn(process.execPath, [join(folder, 'loop.mjs'), path], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(child.stdout, 'data');
      await new Promise((resolve) => setTimeout(resolve, 3 * kill)); // anywhere in the second or a later save
      child.kill('SIGKILL');
      await once(child, 'close');
      await withFile(path, (source) => {
        const file = openSafetensors(source);
        const step = Number(file.metadata.get('step'));
        assert.ok(step >= 1 && readTensor(file, 'w').data.every((value) => Number(value) === step));
      });
      await cleanTemps(join(folder, 'run'));
      assert.equal(readdirSync(join(folder, 'run')), ['G.safetensors']);
    }
  }));

test.run();
