import type { Device } from '../device/device.js';
import { STAGING_USAGE, STORAGE_USAGE } from './storage.js';

/**
 * The memory of programs that take turns: their intermediates, and two buffers to read results back through, as large as
 * the largest of them needs. The queue runs one program after another, so what a later one overwrites is no longer needed.
 */
export interface Arena {
  /** Intermediates; a program's plan counts from the first. */
  readonly buffers: readonly GPUBuffer[];
  /** Rises whenever `buffers` are replaced: what was bound before must be bound anew. */
  readonly generation: number;
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

/** Memory to share: `compile(device, spec, { arena })` for several programs, then `arena.destroy()`. */
export function createArena(device: Device): Arena {
  let buffers: GPUBuffer[] = [];
  let generation = 0;
  let staging: GPUBuffer[] = [];
  let free: GPUBuffer[] = [];
  let growing = false;
  /** Programs may be compiled side by side; they grow the arena one after another. */
  let turn: Promise<void> = Promise.resolve();
  const waiting: { start: () => void; readback: boolean }[] = [];

  const admit = () => {
    while (waiting.length > 0 && !growing && (free.length > 0 || !waiting[0]!.readback)) waiting.shift()!.start();
  };
  const allocate = (sizes: readonly number[]) =>
    device.allocate(sizes.map((size) => ({ label: 'arena', size, usage: STORAGE_USAGE })));
  const growIntermediates = async (bytes: readonly number[]) => {
    const before = buffers.map(({ size }) => size);
    if (bytes.every((size, i) => size <= (before[i] ?? 0))) return;
    const count = Math.max(bytes.length, before.length);
    const wanted = Array.from({ length: count }, (_, i) => Math.max(bytes[i] ?? 0, before[i] ?? 0));
    for (const buffer of buffers) device.release(buffer);
    generation++;
    try {
      buffers = await allocate(wanted);
    } catch (error) {
      buffers = await allocate(before);
      throw error;
    }
  };
  const growStaging = async (size: number) => {
    if (size <= (staging[0]?.size ?? 0)) return;
    // One that is in use is released when it comes back.
    for (const buffer of free) device.release(buffer);
    free = [];
    const descriptor = { size, usage: STAGING_USAGE, label: 'read-back' };
    staging = await device.allocate([descriptor, descriptor]);
    free = [...staging];
  };

  const grow = async (bytes: readonly number[], readBytes: number) => {
    growing = true;
    try {
      await growIntermediates(bytes);
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
    get generation() {
      return generation;
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
      for (const buffer of [...buffers, ...staging]) device.release(buffer);
      buffers = [];
      staging = [];
      free = [];
    },
  };
}
