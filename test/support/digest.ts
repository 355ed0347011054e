// Digests of results that another runtime on the same adapter must reproduce bit for bit; the test script compares them.

const digests: Record<string, string> = {};

async function sha256(values: readonly Float32Array[]): Promise<string> {
  const bytes = await new Blob([...values] as BlobPart[]).arrayBuffer();
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [...hash].map((b) => b.toString(16).padStart(2, '0')).join('');
}

export async function noteDigest(name: string, values: readonly (Float32Array | Int32Array)[]): Promise<void> {
  digests[name] = await sha256(values as Float32Array[]);
}

export const notedDigests = (): Record<string, string> => digests;
