import type { Device } from '../device/device.js';
import { STAGING_USAGE, STORAGE_USAGE } from './storage.js';

/**
 * The memory of programs that take turns: their intermediates, and two buffers to read results back through, as large as
 * the largest of them needs. The queue runs one program after another, so what a later one overwrites is no longer needed.
 */
export interface Arena {
  /** Intermediates; a program's plan counts from the first. Another list is of other buffers: what was bound must be bound anew. */
  readonly buffers: readonly GPUBuffer[];
  /**
   * Grows to at least these bytes, one number a buffer, and to read-backs of `readBytes`. The smaller memory goes before
   * the larger comes, so there is never more than the largest program needs. @throws OutOfMemoryError; the arena is then
   * as it was before
   */
  reserve(bytes: readonly number[], readBytes: number): Promise<void>;
  /** Calls `start` as soon as those that came before have started and there is a buffer to read back through, if wanted. */
  enter(start: () => void, readback: boolean): void;
  /** Takes the buffer to read back through; inside `start`. */
  borrow(): GPUBuffer;
  /** Returns it when the run has ended. */
  giveBack(buffer: GPUBuffer): void;
  /** Frees everything. Programs that share the arena must not run again. */
  destroy(): void;
}

/** Sizes of buffers that are as large as each of two lists says. */
const largest = (a: readonly number[], b: readonly number[]): number[] =>
  Array.from({ length: Math.max(a.length, b.length) }, (_, i) => Math.max(a[i] ?? 0, b[i] ?? 0));

/** Memory to share: `compile(device, spec, { arena })` for several programs, then `arena.destroy()`. */
export function createArena(device: Device): Arena {
  let buffers: readonly GPUBuffer[] = [];
  let staging: readonly GPUBuffer[] = [];
  let free: GPUBuffer[] = [];
  let growing = false;
  /** Programs may be compiled side by side; they grow the arena one after another. */
  let turn: Promise<void> = Promise.resolve();
  const waiting: { start: () => void; readback: boolean }[] = [];

  const admit = () => {
    while (waiting.length > 0 && !growing && (free.length > 0 || !waiting[0]!.readback)) waiting.shift()!.start();
  };
  const allocate = (sizes: readonly number[], label: string, usage: number) =>
    device.allocate(sizes.map((size) => ({ label, size, usage })));
  const release = (all: readonly GPUBuffer[]) => all.forEach((buffer) => device.release(buffer));
  const growBuffers = async (bytes: readonly number[]) => {
    const before = buffers.map(({ size }) => size);
    if (bytes.every((size, i) => size <= (before[i] ?? 0))) return;
    release(buffers);
    try {
      buffers = await allocate(largest(bytes, before), 'arena', STORAGE_USAGE);
    } catch (error) {
      buffers = await allocate(before, 'arena', STORAGE_USAGE);
      throw error;
    }
  };
  const growStaging = async (size: number) => {
    if (size <= (staging[0]?.size ?? 0)) return;
    // One that is in use is released when it comes back.
    release(free);
    free = [];
    staging = await allocate([size, size], 'read-back', STAGING_USAGE);
    free = [...staging];
  };
  const grow = async (bytes: readonly number[], readBytes: number) => {
    growing = true;
    try {
      await growBuffers(bytes);
      await growStaging(readBytes);
    } finally {
      growing = false;
      admit();
    }
  };

  return {
    get buffers() {
      return buffers;
    },
    reserve(bytes, readBytes) {
      const grown = turn.then(() => grow(bytes, readBytes));
      turn = grown.catch(() => {});
      return grown;
    },
    enter(start, readback) {
      waiting.push({ start, readback });
      admit();
    },
    borrow: () => free.pop()!,
    giveBack(buffer) {
      if (staging.includes(buffer)) free.push(buffer);
      else device.release(buffer);
      admit();
    },
    destroy() {
      release([...buffers, ...staging]);
      buffers = staging = free = [];
    },
  };
}
