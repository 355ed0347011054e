// log.jsonl of a run: whole lines only, whatever the disk does.

import { constants } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { fileError } from '../errors.js';
import { writeFileAtomic } from '../formats/atomic.js';
import { linesTo } from './log-lines.js';

export interface LogFile {
  /** Appends one line. Where the disk refuses it is kept, and goes out before the next one. @throws IOError */
  append(record: object): Promise<void>;
  /** Puts on the disk what was appended. @throws IOError */
  sync(): Promise<void>;
  /** Drops the lines of later steps: they are done again. @throws IOError */
  cut(step: number): Promise<void>;
  close(): Promise<void>;
}

const { O_RDWR, O_CREAT } = constants;

async function cutFile(path: string, step: number): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const kept = linesTo(text, step);
  if (kept !== text) await writeFileAtomic(path, kept);
}

/** Opens the log with the lines of steps up to `step`. @throws IOError */
export async function openLog(path: string, step: number): Promise<LogFile> {
  let file: FileHandle;
  /** Bytes of whole lines; what lies behind is half a line that the disk had no room for. */
  let end = 0;
  let pending = '';
  const reopen = async (upTo: number) => {
    await cutFile(path, upTo);
    file = await open(path, O_RDWR | O_CREAT);
    end = (await file.stat()).size;
  };
  const flush = async () => {
    const bytes = Buffer.from(pending);
    for (let at = 0; at < bytes.length; ) {
      at += (await file.write(bytes, at, bytes.length - at, end + at)).bytesWritten;
    }
    end += bytes.length;
    pending = '';
  };
  const named = <T>(action: Promise<T>): Promise<T> =>
    action.catch((error) => {
      throw fileError(error, path);
    });
  await named(reopen(step));
  return {
    append(record) {
      pending += `${JSON.stringify(record)}\n`;
      return named(
        flush().catch(async (error) => {
          await file.truncate(end).catch(() => {});
          throw error;
        }),
      );
    },
    sync: () => named(flush().then(() => file.datasync())),
    async cut(upTo) {
      await file.close();
      pending = '';
      await named(reopen(upTo));
    },
    close: () => file.close(),
  };
}
