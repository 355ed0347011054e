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

/** A new file of events in a folder. @throws IOError */
async function openEvents(root: string) {
  const path = join(root, `events.out.tfevents.${Math.floor(now())}.${hostname()}.${process.pid}`);
  const named = <T>(action: Promise<T>): Promise<T> =>
    action.catch((error) => {
      throw fileError(error, path);
    });
  const handle: FileHandle = await named(open(path, 'a'));
  return {
    async append(...events: Message[]): Promise<void> {
      for (const event of events) await named(handle.appendFile(encodeRecord(event)));
    },
    close: () => handle.close(),
  };
}

/**
 * The same folder; all numbers of its log, its sheets and its options go into an event file too, which begins with the first line: a run
 * that does not come to a step leaves nothing. Where a run goes on, TensorBoard forgets what earlier files have from there on.
 */
export function withEvents(run: RunFolder, config: object): RunFolder {
  let file: Awaited<ReturnType<typeof openEvents>> | undefined;
  let newest = 0;

  async function begin(step: number): Promise<void> {
    file = await openEvents(run.root);
    const options = Object.fromEntries(Object.entries(config).filter(([, value]) => isSimple(value)));
    await file.append(versionEvent(now()), restartEvent(now(), step), optionsEvent(now(), options));
  }

  return {
    ...run,
    async log(record) {
      await run.log(record);
      const { step } = record as { step: number };
      if (!file) await begin(step);
      else if (step < newest) await file.append(restartEvent(now(), step));
      newest = step;
      await file!.append(scalarsEvent(now(), step, numbersOf(record)));
    },
    async saveSample(step, png) {
      const path = await run.saveSample(step, png);
      await file?.append(pngEvent(now(), step, 'samples', png));
      return path;
    },
    async close() {
      await file?.close();
      await run.close();
    },
  };
}
