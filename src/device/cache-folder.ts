// Where this project keeps what it can make again: on Node a folder of the user's.

import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { TextCache } from './device.js';

/** $XDG_CACHE_HOME/pix2pixhd-webgpu, else ~/.cache/pix2pixhd-webgpu. */
export const cacheFolder = (): string =>
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'pix2pixhd-webgpu');

/** Texts as files of that folder; written under a private name first, so that no other process reads half of one. */
export const fileCache: TextCache = {
  read: (name) => readFile(join(cacheFolder(), name), 'utf8').catch(() => undefined),
  async write(name, text) {
    const path = join(cacheFolder(), name);
    await mkdir(cacheFolder(), { recursive: true });
    await writeFile(`${path}.${process.pid}`, text);
    await rename(`${path}.${process.pid}`, path);
  },
};
