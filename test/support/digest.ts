// Digests of results that another runtime on the same adapter must reproduce bit for bit; the test script compares them.

const digests: Record<string, string> = {};

export const noteDigest = (name: string, hex: string): void => {
  digests[name] = hex;
};

export const notedDigests = (): Record<string, string> => digests;
