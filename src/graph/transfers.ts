import type { Writes } from './feeds.js';
import type { RunOptions } from './program.js';
import type { Parts } from './run.js';
import { bytesOf } from './storage.js';
import type { Tensor } from './tensor.js';
import { copyUpdates } from './updates.js';

// What goes to the device before a program's dispatches, and comes from it behind them.

const valuesOf = ({ dtype }: Tensor, bytes: ArrayBuffer) =>
  dtype === 'f32' ? new Float32Array(bytes) : new Int32Array(bytes);

export function transfersOf({ device: { gpu }, p, named, parts }: Pick<Parts, 'device' | 'p' | 'named' | 'parts'>) {
  const readBytes = named.reduce((sum, [, tensor]) => sum + bytesOf(tensor), 0);

  /** Outputs, one behind the other. */
  const copyOutputs = (encoder: GPUCommandEncoder, target: GPUBuffer) => {
    let at = 0;
    for (const [, tensor] of named) {
      for (const { buffer, offset, size, start } of parts(tensor))
        encoder.copyBufferToBuffer(buffer, offset, target, at + 4 * start, size);
      at += bytesOf(tensor);
    }
  };
  return {
    upload(writes: Writes) {
      for (const [tensor, data] of writes) {
        for (const { buffer, offset, start, end } of parts(tensor))
          gpu.queue.writeBuffer(buffer, offset, data as Float32Array<ArrayBuffer>, start, end - start);
      }
    },
    finish(encoder: GPUCommandEncoder, target: GPUBuffer | undefined, after: RunOptions['after']) {
      if (target) copyOutputs(encoder, target);
      copyUpdates(encoder, p.copies, parts);
      after?.(encoder);
    },
    async collect(target: GPUBuffer): Promise<Record<string, Float32Array | Int32Array>> {
      await target.mapAsync(1, 0, readBytes);
      const mapped = target.getMappedRange(0, readBytes);
      let at = 0;
      const values = named.map(([name, tensor]) => {
        const bytes = mapped.slice(at, (at += bytesOf(tensor)));
        return [name, valuesOf(tensor, bytes)];
      });
      target.unmap();
      return Object.fromEntries(values);
    },
  };
}
