// kill -9 at random moments in a save loop: what is there afterwards.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { isTemp } from '../../src/formats/atomic.js';
import { newestWhole, readCheckpointManifest, verifyCheckpoint } from '../../src/train/checkpoint-folder.js';
import { continueRun } from '../../src/train/run-folder.js';
import { withFolder } from '../formats/support.js';
import { bundled } from '../support/child.js';

/** Starts the loop, kills it within `withinMs` of its first checkpoint. Returns the last step it told of. */
async function killedLoop(bundle: string, root: string, withinMs: number): Promise<number> {
  const child = spawn(process.execPath, [bundle, root], { stdio: ['ignore', 'pipe', 'inherit'] });
  let told = '';
  child.stdout.on('data', (data) => (told += data));
  await once(child.stdout, 'data');
  await wait(Math.random() * withinMs);
  child.kill('SIGKILL');
  await once(child, 'close');
  return Number(told.slice(0, told.lastIndexOf('\n')).split('\n').at(-1));
}

/** After each kill: the newest checkpoint is whole and no older than the last that was told, the log goes as far, no stray stays. */
export const killLoop = (kills: number) =>
  withFolder(async (folder) => {
    const root = join(folder, 'run');
    mkdirSync(root);
    const bundle = await bundled('test/train/save-loop.ts');
    for (let kill = 0; kill < kills; kill++) {
      const told = await killedLoop(bundle, root, 60);
      const damaged: string[] = [];
      const whole = await newestWhole(
        root,
        (path) => verifyCheckpoint(path).then(() => path),
        (text) => damaged.push(text),
      );
      const { step } = (await readCheckpointManifest(whole)).state;
      assert.ok(step >= told, `step ${step} after ${told} was saved`);
      assert.equal(damaged, []);
      await (await continueRun(root, { lr: 1 }, step)).close();
      const names = readdirSync(root, { recursive: true }).map(String);
      assert.equal(
        names.filter((name) => isTemp(name.split('/').at(-1)!) || name === 'lock.json'),
        [],
      );
      const steps = readFileSync(join(root, 'log.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).step);
      assert.equal(
        steps,
        Array.from({ length: step }, (_, i) => i + 1),
      );
    }
  });
