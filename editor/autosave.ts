// The drawing in the browser's own files, so that a closed tab loses nothing.

const FILE = 'drawing.zip';
const REST_MS = 800;

export interface Autosave {
  read(): Promise<Uint8Array | undefined>;
  /** Saves soon; what is saved is asked for then. */
  later(bytes: () => Promise<Uint8Array<ArrayBuffer>>): void;
}

async function folder(): Promise<FileSystemDirectoryHandle | undefined> {
  try {
    const root = await navigator.storage.getDirectory();
    return await root.getDirectoryHandle('pix2pixhd', { create: true });
  } catch {
    return undefined; // a page of file://, a private window
  }
}

/** @param name tells drawings for one checkpoint from another's @returns undefined where the browser has no files of its own */
export async function openAutosave(name: string): Promise<Autosave | undefined> {
  const own = await folder();
  if (!own) return undefined;
  const file = `${name.replace(/[^\w.-]/g, '_')}.${FILE}`;
  let timer: ReturnType<typeof setTimeout> | undefined;
  async function save(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const handle = await own!.getFileHandle(file, { create: true });
    const writer = await handle.createWritable();
    await writer.write(bytes);
    await writer.close();
  }
  return {
    async read() {
      try {
        const found = await (await own.getFileHandle(file)).getFile();
        return new Uint8Array(await found.arrayBuffer());
      } catch {
        return undefined;
      }
    },
    later(bytes) {
      clearTimeout(timer);
      timer = setTimeout(
        () =>
          bytes()
            .then(save)
            .catch(() => {}),
        REST_MS,
      );
    },
  };
}
