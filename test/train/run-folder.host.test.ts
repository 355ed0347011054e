import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openFile } from '../../src/formats/files.js';
import { openSafetensors, readTensor } from '../../src/formats/safetensors.js';
import { findCheckpointFile } from '../../src/generate/find.js';
import { checkpointSteps } from '../../src/train/checkpoint-folder.js';
import { createRun, type RunFolder } from '../../src/train/run-folder.js';
import { refuses, withFolder } from '../formats/support.js';
import { checkpoint } from './make-checkpoint.js';

const test = suite('run folder');

const withRun = (use: (run: RunFolder, root: string) => Promise<void>) =>
  withFolder(async (folder) => {
    const root = join(folder, 'deep', 'run');
    const run = await createRun(root, { lr: 1 });
    await run.log({ step: 1 });
    await use(run, root);
    await run.close();
  });

test('a run has its config, log, samples and checkpoints', () =>
  withRun(async (run, root) => {
    await run.log({ step: 2, loss: 0.25 });
    await run.saveSample(2, Uint8Array.of(1, 2));
    const path = await run.saveCheckpoint(checkpoint(2), false);
    assert.is(path, join(root, 'checkpoints', 'step-2'));
    assert.is(readFileSync(join(root, 'config.json'), 'utf8'), '{\n  "lr": 1\n}\n');
    assert.is(readFileSync(join(root, 'log.jsonl'), 'utf8'), '{"step":1}\n{"step":2,"loss":0.25}\n');
    assert.equal(readdirSync(join(root, 'samples')), ['step-2.png']);
    assert.equal(readdirSync(path).sort(), ['G.safetensors', 'manifest.json']);
    const manifest = JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8'));
    assert.equal(manifest.state, checkpoint(2).state);
    const file = openFile(await findCheckpointFile(root, 'G.safetensors'));
    assert.equal([...(readTensor(openSafetensors(file), 'w').data as Float32Array)], [2, 2]);
    file.close();
  }));

test('the newest two stay, and those that are to be kept', () =>
  withRun(async (run, root) => {
    for (const step of [5, 9, 10, 11, 100]) await run.saveCheckpoint(checkpoint(step), step === 9);
    assert.equal(await checkpointSteps(join(root, 'checkpoints')), [100, 11, 9]);
  }));

test('a checkpoint that cannot be written leaves nothing, and the one before stays', () =>
  withRun(async (run, root) => {
    await run.saveCheckpoint(checkpoint(1), false);
    const full = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', errno: -28 });
    const broken = checkpoint(2);
    broken.files.push({
      name: 'D.safetensors',
      tensors: [{ name: 'w', dtype: 'F32', shape: [1], data: () => Promise.reject(full) }],
      metadata: {},
    });
    await refuses(() => run.saveCheckpoint(broken, false), 74, /no space left/);
    assert.equal(readdirSync(join(root, 'checkpoints')), ['step-1']);
  }));

test('a folder that holds something, or is a file, is refused and stays as it is', () =>
  withFolder(async (folder) => {
    writeFileSync(join(folder, 'mine.txt'), 'x');
    await refuses(() => createRun(folder, {}), 2, /holds something already\. Give --out a new folder/);
    await refuses(() => createRun(join(folder, 'mine.txt'), {}), 2, /is a file, not a folder/);
    await refuses(() => createRun(join(folder, 'mine.txt', 'run'), {}), 74, /a part of the path is a file/);
    assert.equal(readdirSync(folder), ['mine.txt']);
  }));

test('a run that never came to a step is removed with what was made for it; an empty folder that was there stays', () =>
  withFolder(async (folder) => {
    await (await createRun(join(folder, 'new'), {})).close();
    await (await createRun(join(folder, 'runs', 'today', 'new'), {})).close();
    mkdirSync(join(folder, 'old'));
    await (await createRun(join(folder, 'old'), {})).close();
    assert.equal(readdirSync(folder), ['old']);
    assert.equal(readdirSync(join(folder, 'old')), []);
  }));

test('a damaged checkpoint is passed over by name, and refused where it is asked for', () =>
  withRun(async (run, root) => {
    for (const step of [1, 2]) await run.saveCheckpoint(checkpoint(step), false);
    const damaged = join(root, 'checkpoints', 'step-2', 'G.safetensors');
    const bytes = readFileSync(damaged);
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(damaged, bytes);
    const told: string[] = [];
    const found = await findCheckpointFile(root, 'G.safetensors', (message) => told.push(message));
    assert.is(found, join(root, 'checkpoints', 'step-1', 'G.safetensors'));
    assert.match(told.join(), /step-2.G\.safetensors: is not what was saved/);
    await refuses(
      () => findCheckpointFile(join(root, 'checkpoints', 'step-2'), 'G.safetensors'),
      65,
      /SHA-256 differs/,
    );
    assert.is(await findCheckpointFile(damaged, 'G.safetensors'), damaged, 'a file itself is taken as it is');
  }));

test('what is no run is told', () =>
  withFolder(async (folder) => {
    await refuses(() => findCheckpointFile(folder, 'G.safetensors'), 66, /holds no checkpoint/);
    await refuses(() => findCheckpointFile(join(folder, 'no'), 'G.safetensors'), 66, /no such file/);
    assert.not.ok(existsSync(join(folder, 'no')));
  }));

test.run();
