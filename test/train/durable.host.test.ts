// What a run's folder survives: kills, flipped bits, full disks, read-only folders, two trainings at once.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IOError } from '../../src/errors.js';
import { checkpointSteps, newestWhole, verifyCheckpoint } from '../../src/train/checkpoint-folder.js';
import { patientWrites } from '../../src/train/disk.js';
import { continueRun, createRun, type RunFolder, readBest } from '../../src/train/run-folder.js';
import { refuses, withFolder } from '../formats/support.js';
import { randomFrom } from '../support/random.js';
import { killLoop } from './kill-loop.js';
import { checkpoint } from './make-checkpoint.js';

const test = suite('durable run folder');

const withRun = (use: (run: RunFolder, root: string) => Promise<void>) =>
  withFolder(async (folder) => {
    const run = await createRun(join(folder, 'run'), { lr: 1 });
    await run.log({ step: 1 });
    await use(run, run.root);
    await run.close();
  });

const stepsIn = (root: string) => checkpointSteps(join(root, 'checkpoints'));

test('killed at random moments in a save loop, the newest checkpoint is whole and no stray stays', () => killLoop(6));

test('of 1,000 flipped bits all are refused by name, and the checkpoint before is used', () =>
  withRun(async (run, root) => {
    for (const step of [1, 2]) await run.saveCheckpoint(checkpoint(step, 40), false);
    const folder = join(root, 'checkpoints', 'step-2');
    const files = readdirSync(folder).map((name) => ({
      path: join(folder, name),
      bytes: readFileSync(join(folder, name)),
    }));
    const random = randomFrom(5);
    for (let flip = 0; flip < 1000; flip++) {
      const { path, bytes } = files[flip % files.length]!;
      const damaged = Uint8Array.from(bytes);
      damaged[random.int(0, bytes.length - 1)]! ^= 1 << random.int(0, 7);
      writeFileSync(path, damaged);
      const told: string[] = [];
      const used = await newestWhole(
        root,
        (at) => verifyCheckpoint(at).then(() => at),
        (text) => told.push(text),
      );
      assert.is(used, join(root, 'checkpoints', 'step-1'), `flip ${flip} in ${path}`);
      assert.ok(told.length === 1 && told[0]!.includes('step-2'), told.join());
      writeFileSync(path, bytes);
    }
    assert.is(await newestWhole(root, (at) => verifyCheckpoint(at).then(() => at), assert.unreachable), folder);
  }));

test('a checkpoint that was passed over as damaged is replaced when its step comes again', () =>
  withRun(async (run, root) => {
    for (const step of [1, 2]) await run.saveCheckpoint(checkpoint(step), false);
    writeFileSync(join(root, 'checkpoints', 'step-2', 'G.safetensors'), 'x');
    await run.rewind(1);
    await run.saveCheckpoint(checkpoint(2), false);
    await verifyCheckpoint(join(root, 'checkpoints', 'step-2'));
    assert.equal(readdirSync(join(root, 'checkpoints')).sort(), ['step-1', 'step-2']);
  }));

test('the best stays until there is a better one', () =>
  withRun(async (run, root) => {
    await run.saveCheckpoint(checkpoint(1), false, { metric: 'PSNR', value: 20 });
    for (const step of [2, 3]) await run.saveCheckpoint(checkpoint(step), false);
    assert.equal(await stepsIn(root), [3, 2, 1]);
    assert.equal(await readBest(root), { step: 1, metric: 'PSNR', value: 20 });
    await run.saveCheckpoint(checkpoint(4), false, { metric: 'PSNR', value: 21 });
    assert.equal(await stepsIn(root), [4, 3]);
    for (const step of [5, 6]) await run.saveCheckpoint(checkpoint(step), false);
    assert.equal(await stepsIn(root), [6, 5, 4]);
    writeFileSync(join(root, 'checkpoints', 'step-4', 'manifest.json'), '{');
    assert.is(await readBest(root), undefined, 'a damaged one is passed over');
  }));

test('going back to a step drops the later lines of the log, and it goes on from there', () =>
  withRun(async (run, root) => {
    for (const step of [2, 3]) await run.log({ step });
    await run.rewind(2);
    await run.log({ step: 3, again: true });
    assert.is(readFileSync(join(root, 'log.jsonl'), 'utf8'), '{"step":1}\n{"step":2}\n{"step":3,"again":true}\n');
  }));

test('a second training is refused while the first lives, and told who that is', () =>
  withRun(async (_, root) => {
    const here = new RegExp(`another training writes here: process ${process.pid} on this machine`);
    // Our own number in a lock is of a process before us, so another process has to ask.
    const asking = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
    const lock = JSON.parse(readFileSync(join(root, 'lock.json'), 'utf8'));
    assert.match(`another training writes here: process ${lock.pid} on this machine`, here);
    const write = (holder: object) => writeFileSync(join(root, 'lock.json'), JSON.stringify({ ...lock, ...holder }));
    write({ pid: asking.pid, token: 'other' });
    const refused = new RegExp(
      `another training writes here: process ${asking.pid} on this machine, since ${lock.since}`,
    );
    await refuses(() => continueRun(root, {}, 1), 2, refused);
    await refuses(() => createRun(root, {}), 2, refused);
    asking.kill('SIGKILL');
    await once(asking, 'close');
    const after = await continueRun(root, {}, 1);
    assert.match(after.lock.stale!, new RegExp(`process ${asking.pid} on this machine`));
    await after.close();
    assert.not.ok(existsSync(join(root, 'lock.json')));
  }));

test('a lock of another machine holds as long as its heart beats', () =>
  withRun(async (_, root) => {
    const path = join(root, 'lock.json');
    writeFileSync(path, JSON.stringify({ pid: 1, host: `${hostname()}-2`, since: 'noon', token: 'x' }));
    await refuses(() => continueRun(root, {}, 1), 2, /process 1 on .*-2, since noon\. Wait for it or stop it/);
    const old = new Date(Date.now() - 300_000);
    utimesSync(path, old, old);
    await (await continueRun(root, {}, 1)).close();
    writeFileSync(path, '{"pid":'); // half a lock, of a kill
    await (await continueRun(root, {}, 1)).close();
  }));

test('what a training leaves that was killed before its first step is no run, and no hindrance', () =>
  withFolder(async (folder) => {
    const killed = join(folder, 'killed');
    const run = await createRun(join(folder, 'run'), {});
    cpSync(run.root, killed, { recursive: true });
    await run.close();
    assert.ok(existsSync(join(killed, 'lock.json')));
    const next = await createRun(killed, {});
    await next.log({ step: 1 });
    await next.close();
    await refuses(() => createRun(killed, {}), 2, /holds something already\. --resume goes on with the run in it/);
  }));

test('what the disk refuses is told once and tried again; the last write must go through', async () => {
  const said: string[] = [];
  const write = patientWrites((text) => said.push(text));
  const full = new IOError('no space left on the disk', { file: 'run/log.jsonl' });
  const refusing = () => Promise.reject(full);
  assert.equal([await write(refusing), await write(refusing), await write(async () => 7)], [undefined, undefined, 7]);
  assert.equal(said, [
    'run/log.jsonl: no space left on the disk. The training goes on and tries again with the next write',
    'The disk takes writes again',
  ]);
  await refuses(() => write(refusing, true), 74, /no space left/);
  const mine = new RangeError('mine');
  assert.is(await write(() => Promise.reject(mine)).catch((error) => error), mine);
});

/** A file system of its own, as only root can have one. */
async function mounted(options: string, use: (folder: string) => Promise<void>): Promise<void> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return console.log('  skipped: needs root to mount a tmpfs');
  await withFolder(async (folder) => {
    const place = join(folder, 'disk');
    mkdirSync(place);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', place], { stdio: 'pipe' });
    } catch {
      return console.log('  skipped: this machine does not let root mount a tmpfs');
    }
    try {
      await use(place);
    } finally {
      execFileSync('umount', ['-l', place]);
    }
  });
}

test('a full disk: the one before gives its place, then the text is clear and the newest stays; the log catches up', () =>
  mounted('size=384k', async (disk) => {
    const root = join(disk, 'run');
    const run = await createRun(root, {});
    try {
      await run.log({ step: 1 });
      // 120 kB: three do not fit beside the rest; the third stays whatever comes
      const save = (step: number) =>
        run.saveCheckpoint(checkpoint(step, 30_000), false, step === 3 ? { metric: 'm', value: 1 } : undefined);
      for (const step of [1, 2, 3]) await save(step);
      assert.equal(await stepsIn(root), [3, 2]);
      writeFileSync(join(disk, 'filler'), new Uint8Array(90_000));
      await save(4);
      assert.equal(await stepsIn(root), [4, 3]);
      rmSync(join(disk, 'filler'));
      const rest = 384 * 1024;
      try {
        writeFileSync(join(disk, 'filler'), new Uint8Array(rest));
      } catch {} // as much as fits
      await refuses(() => save(5), 74, /step-5.*no space left on the disk\. Free some space or write to another disk/);
      assert.equal(readdirSync(join(root, 'checkpoints')).sort(), ['step-3', 'step-4']);
      await verifyCheckpoint(join(root, 'checkpoints', 'step-4'));
      const line = { step: 2, text: 'x'.repeat(5000) };
      await refuses(() => run.log(line), 74, /log\.jsonl: no space left/);
      assert.is(readFileSync(join(root, 'log.jsonl'), 'utf8'), '{"step":1}\n', 'no half line');
      rmSync(join(disk, 'filler'));
      await run.log({ step: 3 });
      assert.equal(
        readFileSync(join(root, 'log.jsonl'), 'utf8')
          .trim()
          .split('\n')
          .map((text) => JSON.parse(text).step),
        [1, 2, 3],
      );
      rmSync(join(root, 'checkpoints', 'step-4'), { recursive: true });
      await save(5);
      assert.equal(await stepsIn(root), [5, 3]);
    } finally {
      await run.close();
    }
  }));

test('a read-only folder is told, for a new run and for one that goes on', () =>
  mounted('size=1m', async (disk) => {
    const run = await createRun(join(disk, 'run'), {});
    await run.log({ step: 1 });
    await run.close();
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    await refuses(
      () => createRun(join(disk, 'new'), {}),
      74,
      /new: the file system is read-only\. Write to another folder/,
    );
    await refuses(() => continueRun(join(disk, 'run'), {}, 1), 74, /run.*: the file system is read-only/);
    assert.is(readFileSync(join(disk, 'run', 'log.jsonl'), 'utf8'), '{"step":1}\n');
  }));

test.run();
