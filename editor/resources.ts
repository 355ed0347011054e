// Where the page finds what it opens with: beside it, or where it is a single file, in it.

export interface Resources {
  /** Bytes or the address of the checkpoint to open with, its maps, and the text of the worker; missing ones are not there. */
  checkpoint?: ArrayBuffer | string;
  labels?: Uint8Array;
  instances?: Uint8Array;
  /** Its name, for people and for the autosave. */
  name: string;
  worker(): Worker;
}

/** Of a data block of this page, in base64. */
function embedded(id: string): Uint8Array<ArrayBuffer> | undefined {
  const text = document.getElementById(id)?.textContent;
  return text ? Uint8Array.from(atob(text.trim()), (character) => character.charCodeAt(0)) : undefined;
}

async function fetched(path: string): Promise<Uint8Array | undefined> {
  const response = await fetch(path);
  return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
}

function embeddedResources(worker: Uint8Array<ArrayBuffer>): Resources {
  const url = URL.createObjectURL(new Blob([worker], { type: 'text/javascript' }));
  const name = document.getElementById('checkpoint')?.dataset.name ?? 'checkpoint.safetensors';
  const [checkpoint, labels, instances] = ['checkpoint', 'labels', 'instances'].map(embedded);
  // A classic one: Chromium loads no module worker from a blob of a page whose origin is opaque, as one of file:// is.
  return { checkpoint: checkpoint?.buffer, labels, instances, name, worker: () => new Worker(url) };
}

/** `opens.json` beside the page names what there is. */
interface Beside {
  checkpoint?: string;
  labels?: string;
  instances?: string;
}

export async function findResources(): Promise<Resources> {
  const text = embedded('worker');
  if (text) return embeddedResources(text);
  const beside: Beside = await fetch('opens.json').then((response) => (response.ok ? response.json() : {}));
  const [labels, instances] = await Promise.all(
    [beside.labels, beside.instances].map((path) => (path ? fetched(path) : undefined)),
  );
  const worker = () => new Worker(new URL('worker.js', location.href), { type: 'module' });
  return { checkpoint: beside.checkpoint, labels, instances, name: beside.checkpoint ?? 'checkpoint', worker };
}
