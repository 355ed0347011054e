// Where blocks of known lifetimes lie in memory.

export interface Block {
  bytes: number;
  /** First and last step at which it is needed. */
  first: number;
  last: number;
  offset: number;
}

type Order = (a: Block, b: Block) => number;

/** What is placed first gets the lowest place. No rule is best for all lifetimes, and trying three takes milliseconds. */
const ORDERS: readonly Order[] = [
  (a, b) => b.bytes - a.bytes || a.first - b.first,
  (a, b) => b.bytes * (b.last - b.first + 1) - a.bytes * (a.last - a.first + 1) || a.first - b.first,
  (a, b) => b.last - b.first - (a.last - a.first) || b.bytes - a.bytes,
];

/** Good enough to stop trying: 1 % above what no packing can be below. */
const CLOSE = 1.01;

/**
 * Lays blocks out so that none alive at the same time overlap and none crosses the end of a buffer of `maxBufferSize`.
 * @returns bytes of all buffers, which are full but for the last
 */
export function pack(blocks: readonly Block[], maxBufferSize: number, lowerBound: number): number {
  let best: { end: number; offsets: number[] } | undefined;
  for (const order of ORDERS) {
    const end = packInOrder([...blocks].sort(order), maxBufferSize);
    if (!best || end < best.end) best = { end, offsets: blocks.map(({ offset }) => offset) };
    if (best.end <= CLOSE * lowerBound) break;
  }
  blocks.forEach((block, i) => {
    block.offset = best!.offsets[i]!;
  });
  return best!.end;
}

/** Each at the lowest gap among those alive at the same time. */
function packInOrder(blocks: readonly Block[], maxBufferSize: number): number {
  const placed: Block[] = [];
  let end = 0;
  for (const block of blocks) {
    const neighbours = placed.filter((other) => other.first <= block.last && block.first <= other.last);
    block.offset = lowestGap(neighbours, block.bytes, maxBufferSize);
    // Kept sorted by offset, so that the scan for a gap is one pass.
    placed.splice(placeOf(placed, block.offset), 0, block);
    end = Math.max(end, block.offset + block.bytes);
  }
  return end;
}

function lowestGap(neighbours: readonly Block[], bytes: number, maxBufferSize: number): number {
  const fit = (offset: number) => {
    const boundary = (Math.floor(offset / maxBufferSize) + 1) * maxBufferSize;
    return offset + bytes > boundary ? boundary : offset;
  };
  let offset = fit(0);
  for (const other of neighbours) {
    if (offset + bytes <= other.offset) break;
    offset = fit(Math.max(offset, other.offset + other.bytes));
  }
  return offset;
}

function placeOf(sorted: readonly Block[], offset: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]!.offset < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Bytes alive at every step; the first number is of what is there before the first step. */
export function liveBytes(blocks: readonly Block[], steps: number): number[] {
  const change = new Array<number>(steps + 3).fill(0);
  for (const { first, last, bytes } of blocks) {
    change[first + 1] = change[first + 1]! + bytes;
    change[last + 2] = change[last + 2]! - bytes;
  }
  let live = 0;
  return change.map((delta) => (live += delta));
}

/** The largest sum of bytes alive at one step, and that step. */
export function peakOf(blocks: readonly Block[], steps: number): { bytes: number; step: number } {
  const live = liveBytes(blocks, steps);
  const bytes = Math.max(...live);
  return { bytes, step: live.indexOf(bytes) - 1 };
}
