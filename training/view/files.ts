// Folders that are chosen or dropped, as files with their paths.

export type NamedFile = readonly [path: string, file: File];

const named = (file: File): NamedFile => [file.webkitRelativePath || file.name, file];

/** A folder that the user chooses; nothing where they change their mind. */
export function pickFolder(): Promise<NamedFile[]> {
  const input = Object.assign(document.createElement('input'), { type: 'file', webkitdirectory: true });
  return new Promise((done) => {
    input.onchange = () => done([...(input.files ?? [])].map(named));
    input.oncancel = () => done([]);
    input.click();
  });
}

/** A folder gives its entries in portions, an empty one at the end. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((done, fail) => reader.readEntries(done, fail));
    if (some.length === 0) return all;
    all.push(...some);
  }
}

async function filesOf(entry: FileSystemEntry): Promise<NamedFile[]> {
  if (entry.isDirectory) {
    const inside = await entriesOf(entry as FileSystemDirectoryEntry);
    return (await Promise.all(inside.map(filesOf))).flat();
  }
  const file = await new Promise<File>((done, fail) => (entry as FileSystemFileEntry).file(done, fail));
  return [[entry.fullPath.slice(1), file]];
}

export async function droppedFiles({ items }: DataTransfer): Promise<NamedFile[]> {
  const entries = [...items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  return (await Promise.all(entries.map(filesOf))).flat();
}
