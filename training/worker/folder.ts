// Files by path in a folder of the browser's own (OPFS), which lives as long as the site's data.

import { IOError } from '../../src/errors.js';

export interface Folder {
  /** Bytes of a file; undefined where there is none. */
  read(path: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Writes a file anew, with the folders on its way. @throws IOError where the browser gives no room */
  write(path: string, content: Uint8Array | string): Promise<void>;
  append(path: string, text: string): Promise<void>;
  /** Names in a folder; none where it is not there. */
  list(path: string): Promise<string[]>;
  /** A file, or a folder with all that is in it. */
  remove(path: string): Promise<void>;
}

type Handle = FileSystemDirectoryHandle;

/** Of workers alone, which TypeScript's library for pages leaves out. */
interface SyncAccess {
  getSize(): number;
  truncate(size: number): void;
  write(bytes: Uint8Array, options: { at: number }): number;
  flush(): void;
  close(): void;
}
type SyncFile = FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncAccess> };

/** All items of what gives them one by one. */
export async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** What `find` finds, or undefined where it is not there. */
const found = <T>(find: Promise<T>): Promise<T | undefined> =>
  find.catch((error) => {
    if (['NotFoundError', 'TypeMismatchError'].includes(error.name)) return undefined;
    throw error;
  });

async function folderAt(root: Handle, names: readonly string[], create: boolean): Promise<Handle | undefined> {
  let at: Handle | undefined = root;
  for (const name of names) at = at && (await found(at.getDirectoryHandle(name, { create })));
  return at;
}

function split(path: string): { folders: string[]; name: string } {
  const folders = path.split('/');
  return { folders, name: folders.pop()! };
}

async function put(root: Handle, path: string, content: Uint8Array | string, append: boolean): Promise<void> {
  const { folders, name } = split(path);
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  try {
    const folder = await folderAt(root, folders, true);
    const file = (await folder!.getFileHandle(name, { create: true })) as SyncFile;
    const access = await file.createSyncAccessHandle();
    try {
      if (!append) access.truncate(0);
      access.write(bytes, { at: access.getSize() });
      access.flush();
    } finally {
      access.close();
    }
  } catch (cause) {
    const fix = 'Free some space, or remove runs that are not needed';
    throw new IOError(`the browser does not write it: ${(cause as Error).message}`, { file: path, fix, cause });
  }
}

/** @param name of a folder under the site's own @throws where the browser has no files of its own, as in some private windows */
export async function openFolder(name: string): Promise<Folder> {
  const root = await (await navigator.storage.getDirectory()).getDirectoryHandle(name, { create: true });
  return {
    async read(path) {
      const { folders, name } = split(path);
      const folder = await folderAt(root, folders, false);
      const handle = folder && (await found(folder.getFileHandle(name)));
      return handle && new Uint8Array(await (await handle.getFile()).arrayBuffer());
    },
    write: (path, content) => put(root, path, content, false),
    append: (path, text) => put(root, path, text, true),
    async list(path) {
      const folder = await folderAt(root, path === '' ? [] : path.split('/'), false);
      return folder ? collected(folder.keys()) : [];
    },
    async remove(path) {
      const { folders, name } = split(path);
      const folder = await folderAt(root, folders, false);
      if (folder) await found(folder.removeEntry(name, { recursive: true }));
    },
  };
}

/** A folder in a folder. */
export const within = ({ read, write, append, list, remove }: Folder, name: string): Folder => ({
  read: (path) => read(`${name}/${path}`),
  write: (path, content) => write(`${name}/${path}`, content),
  append: (path, text) => append(`${name}/${path}`, text),
  list: (path) => list(path === '' ? name : `${name}/${path}`),
  remove: (path) => remove(`${name}/${path}`),
});

/** Paths of all files of a folder. */
export async function allFiles(folder: Folder, path = ''): Promise<string[]> {
  const names = await folder.list(path);
  const paths = names.map((name) => (path === '' ? name : `${path}/${name}`));
  const inside = await Promise.all(
    paths.map(async (each) => {
      const below = await allFiles(folder, each);
      return below.length > 0 ? below : [each];
    }),
  );
  return inside.flat().sort();
}
