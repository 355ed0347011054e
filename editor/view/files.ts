// Files in and out of a page.

/** What the user chooses; nothing where they change their mind. */
export function pickFiles(accept: string, several = false): Promise<File[]> {
  const input = Object.assign(document.createElement('input'), { type: 'file', accept, multiple: several });
  return new Promise((done) => {
    input.onchange = () => done([...(input.files ?? [])]);
    input.oncancel = () => done([]);
    input.click();
  });
}

export function saveFile(content: Blob | Uint8Array<ArrayBuffer>, name: string): void {
  const blob = content instanceof Blob ? content : new Blob([content]);
  const url = URL.createObjectURL(blob);
  Object.assign(document.createElement('a'), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
