import type { Device } from '../device/device.js';
import type { Launch } from './tensor.js';

// What a dispatch costs: for profiles, and to cut submits.

export interface Cost {
  flops: number;
  /** Of all operands, as if each were read or written once. */
  bytes: number;
}

export const costOf = ({ kernel, operands }: Launch): Cost => ({
  flops: kernel.flops,
  bytes: Object.values(operands).reduce((sum, { chunk }) => sum + 4 * (chunk.end - chunk.start), 0),
});

/** Milliseconds by the device's rough rates, which err on the slow side. */
export const roughMs = ({ flops, bytes }: Cost, { gflops, gbps }: Device['profile']): number =>
  Math.max(flops / gflops, bytes / gbps) / 1e6;
