import { sizeOf } from '../graph/chunks.js';
import { isWide, MOST_PARTS } from '../kernels/adam.js';

/** Bytes of gradients that may wait for each other so that one dispatch takes their steps. */
const MOST_WAITING = 2 ** 25;

/** Parameters by threes, in their order, of those that one kernel can do. */
export function byThrees(names: readonly string[], shapes: ReadonlyMap<string, readonly number[]>): string[][] {
  const groups: { names: string[]; bytes: number; wide: boolean }[] = [];
  for (const name of names) {
    const size = sizeOf(shapes.get(name)!);
    const last = groups.findLast(({ wide }) => wide === isWide(size));
    if (last && last.names.length < MOST_PARTS && last.bytes + 4 * size <= MOST_WAITING) {
      last.names.push(name);
      last.bytes += 4 * size;
    } else groups.push({ names: [name], bytes: 4 * size, wide: isWide(size) });
  }
  return groups.map((group) => group.names);
}
