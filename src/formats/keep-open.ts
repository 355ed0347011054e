export interface Closable {
  close(): void;
}

/** Registers what is to be closed in the end, and returns it. */
export type Keep = <T extends Closable>(file: T) => T;

/** Runs `use` and then closes everything that it kept, whatever happens. */
export async function keepingOpen<R>(use: (keep: Keep) => Promise<R>): Promise<R> {
  const files: Closable[] = [];
  try {
    return await use((file) => {
      files.push(file);
      return file;
    });
  } finally {
    for (const file of files) file.close();
  }
}
