import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileError, IOError } from '../errors.js';

/** Temporary names: hidden, beside the target (a rename is atomic only within one file system), told apart by process. */
const TEMP = /^\..+\.\d+-\d+\.tmp$/;
export const isTemp = (name: string): boolean => TEMP.test(name);
let serial = 0;
const tempName = (path: string): string => join(dirname(path), `.${basename(path)}.${process.pid}-${serial++}.tmp`);

/**
 * Replaces `path` by what `write` puts into the file, or leaves it as it was: temporary name, fsync, rename, fsync of the
 * folder. After a crash at any moment the old or the new file is there, whole, and at most one temporary (cleanTemps).
 * Throws IOError naming `path` when the disk is full or the folder cannot be written; errors of `write` pass through.
 */
export async function writeAtomically<T>(path: string, write: (file: FileHandle) => Promise<T>): Promise<T> {
  const temp = tempName(path);
  let file: FileHandle | undefined;
  try {
    file = await open(temp, 'wx');
    const result = await write(file);
    await file.sync();
    await file.close();
    await rename(temp, path);
    await syncFolder(dirname(path));
    return result;
  } catch (error) {
    await file?.close().catch(() => {}); // already closed when rename is what failed
    await rm(temp, { force: true }).catch(() => {}); // the first error is the one worth telling
    throw isSystemError(error) ? fileError(error, path) : error;
  }
}

/** A whole small file at once. */
export const writeFileAtomic = (path: string, content: string | Uint8Array): Promise<void> =>
  writeAtomically(path, (file) => file.writeFile(content));

/**
 * Makes the folder `path` with all that `fill` writes into the one it is given, or not at all. Throws as writeAtomically;
 * a folder that is there already is a fault of the caller, unless it is to be replaced.
 */
export async function writeFolderAtomically<T>(
  path: string,
  fill: (folder: string) => Promise<T>,
  { replace = false } = {},
): Promise<T> {
  const temp = tempName(path);
  try {
    await mkdir(temp, { recursive: true });
    const result = await fill(temp);
    await syncFolder(temp);
    const before = replace ? await setAside(path) : undefined;
    await rename(temp, path);
    await syncFolder(dirname(path));
    if (before) await rm(before, { recursive: true, force: true });
    return result;
  } catch (error) {
    await rm(temp, { recursive: true, force: true }).catch(() => {}); // as above
    const cause = error instanceof IOError ? error.cause : error; // a file of `fill`, by its temporary name
    throw isSystemError(cause) ? fileError(cause, path) : error;
  }
}

/** A folder cannot be renamed over another: the one that is there gets a temporary name, which is returned. */
async function setAside(path: string): Promise<string | undefined> {
  const temp = tempName(path);
  try {
    await rename(path, temp);
    return temp;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Makes renames in a folder survive a power cut. Windows cannot open a folder and needs no such call. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes what killed writers left in a folder; call it when no other process writes there. Returns the names removed. */
export async function cleanTemps(folder: string): Promise<string[]> {
  try {
    const stray = (await readdir(folder)).filter(isTemp);
    await Promise.all(stray.map((name) => rm(join(folder, name), { recursive: true, force: true })));
    return stray;
  } catch (error) {
    throw fileError(error, folder);
  }
}

const isSystemError = (error: unknown): boolean => error instanceof Error && 'errno' in error && 'code' in error;
