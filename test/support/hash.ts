/** The hash behind golden weights and pictures: 32 bits, the same in any language. */
export function hash(tensor: number, element: number): number {
  let x = (Math.imul(element + 1, 2654435761) + Math.imul(tensor + 1, 40503)) >>> 0;
  x = Math.imul(x ^ (x >>> 15), 2246822519);
  x = Math.imul(x ^ (x >>> 13), 3266489917);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Uniform in [-0.5, 0.5). */
export const uniform = (tensor: number, element: number): number => hash(tensor, element) / 2 ** 32 - 0.5;
