import { type FileHandle, open } from 'node:fs/promises';

/** Bytes read at once. */
const CHUNK = 1 << 20;
const NEWLINE = 10;

/** A file of lines to which another process adds. */
export interface Follower {
  /**
   * Gives the whole lines that came since the last look to `onLine`. Where the file was replaced or became shorter, as a log does whose
   * run goes on from an earlier checkpoint, `onReset` is called first and all lines come again. A file that is not there has no lines.
   */
  look(onReset: () => void, onLine: (line: string) => void): Promise<void>;
}

export function followFile(path: string): Follower {
  let inode: bigint | undefined;
  let offset = 0;
  let rest: Uint8Array = new Uint8Array();

  async function readOn(file: FileHandle, size: number, onLine: (line: string) => void): Promise<void> {
    while (offset < size) {
      const chunk = Buffer.alloc(Math.min(CHUNK, size - offset));
      const { bytesRead } = await file.read(chunk, 0, chunk.length, offset);
      if (bytesRead === 0) return;
      offset += bytesRead;
      const bytes = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
      const end = bytes.lastIndexOf(NEWLINE) + 1;
      rest = bytes.subarray(end);
      for (const line of bytes.toString('utf8', 0, end).split('\n')) if (line) onLine(line);
    }
  }

  return {
    async look(onReset, onLine) {
      const file = await open(path, 'r').catch(() => undefined);
      if (!file) return;
      try {
        const { ino, size } = await file.stat({ bigint: true });
        if (inode !== undefined && (ino !== inode || Number(size) < offset)) {
          onReset();
          offset = 0;
          rest = new Uint8Array();
        }
        inode = ino;
        await readOn(file, Number(size), onLine);
      } finally {
        await file.close();
      }
    },
  };
}
