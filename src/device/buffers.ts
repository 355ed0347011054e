import { OutOfMemoryError } from './errors.js';
import type { Faults } from './faults.js';

// Buffers that are counted while they live, so that memory can be told, and freed with the device.

export interface Buffers {
  /** All of them or none. @throws OutOfMemoryError */
  allocate(descriptors: GPUBufferDescriptor[]): Promise<GPUBuffer[]>;
  release(buffer: GPUBuffer): void;
  releaseAll(): void;
  memory(): { liveBytes: number; peakBytes: number; buffers: number };
}

const mib = (bytes: number) => `${(bytes / 2 ** 20).toLocaleString('en-US', { maximumFractionDigits: 1 })} MiB`;

function refuseTooLarge(descriptors: GPUBufferDescriptor[], most: number, bytes: number): void {
  const tooLarge = descriptors.find(({ size }) => size > most);
  if (!tooLarge) return;
  const name = tooLarge.label ? `Buffer "${tooLarge.label}"` : 'A buffer';
  const problem = `${name} of ${mib(tooLarge.size)} exceeds the device's maxBufferSize of ${mib(most)}.`;
  throw new OutOfMemoryError(problem, bytes);
}

export function countedBuffers(gpu: GPUDevice, maxBufferSize: number, { throwIfAny, scoped }: Faults): Buffers {
  const live = new Map<GPUBuffer, number>();
  let liveBytes = 0;
  let peakBytes = 0;
  const count = (buffer: GPUBuffer) => {
    live.set(buffer, buffer.size);
    liveBytes += buffer.size;
    peakBytes = Math.max(peakBytes, liveBytes);
  };
  const release = (buffer: GPUBuffer) => {
    const size = live.get(buffer);
    if (size === undefined) return;
    live.delete(buffer);
    liveBytes -= size;
    buffer.destroy();
  };
  return {
    async allocate(descriptors) {
      throwIfAny();
      const bytes = descriptors.reduce((sum, { size }) => sum + size, 0);
      refuseTooLarge(descriptors, maxBufferSize, bytes);
      const made: GPUBuffer[] = [];
      try {
        await scoped(['out-of-memory', 'validation'], `the allocation of ${mib(bytes)}`, bytes, () => {
          for (const descriptor of descriptors) made.push(gpu.createBuffer(descriptor));
        });
      } catch (error) {
        for (const buffer of made) buffer.destroy();
        throw error;
      }
      made.forEach(count);
      return made;
    },
    release,
    releaseAll() {
      for (const buffer of [...live.keys()]) release(buffer);
    },
    memory: () => ({ liveBytes, peakBytes, buffers: live.size }),
  };
}
