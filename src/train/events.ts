// A run that also writes for TensorBoard.

import { type FileHandle, open } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileError } from '../errors.js';
import type { Message } from '../formats/protobuf.js';
import { encodeRecord, optionsEvent, pngEvent, restartEvent, scalarsEvent, versionEvent } from '../formats/tfevents.js';
import type { RunFolder } from './run-folder.js';

const now = (): number => Date.now() / 1000;

const isSimple = (value: unknown): value is number | string | boolean =>
  ['number', 'string', 'boolean'].includes(typeof value);

/** What TensorBoard knows by itself. */
const KNOWN = ['step', 'time'];

function numbersOf(record: object): Record<string, number> {
  const entries = Object.entries(record).filter(([name, value]) => typeof value === 'number' && !KNOWN.includes(name));
  return Object.fromEntries(entries);
}

/**
 * The same folder; all numbers of its log, its sheets and its options go into an event file too, which begins with the first line: a run
 * that does not come to a step leaves nothing. Where a run goes on, TensorBoard forgets what earlier files have from there on.
 */
export function withEvents(run: RunFolder, config: object): RunFolder {
  let file: { path: string; handle: FileHandle } | undefined;
  let newest = 0;

  async function append(...events: Message[]): Promise<void> {
    const { path, handle } = file!;
    for (const event of events) {
      await handle.appendFile(encodeRecord(event)).catch((error) => {
        throw fileError(error, path);
      });
    }
  }

  async function begin(step: number): Promise<void> {
    const path = join(run.root, `events.out.tfevents.${Math.floor(now())}.${hostname()}.${process.pid}`);
    const handle = await open(path, 'a').catch((error) => {
      throw fileError(error, path);
    });
    file = { path, handle };
    const options = Object.fromEntries(Object.entries(config).filter(([, value]) => isSimple(value)));
    await append(versionEvent(now()), restartEvent(now(), step), optionsEvent(now(), options));
  }

  return {
    ...run,
    async log(record) {
      await run.log(record);
      const { step } = record as { step: number };
      if (!file) await begin(step);
      else if (step < newest) await append(restartEvent(now(), step));
      newest = step;
      await append(scalarsEvent(now(), step, numbersOf(record)));
    },
    async saveSample(step, png) {
      const path = await run.saveSample(step, png);
      if (file) await append(pngEvent(now(), step, 'samples', png));
      return path;
    },
    async close() {
      await file?.handle.close();
      await run.close();
    },
  };
}
