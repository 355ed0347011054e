import { costOf } from './cost.js';
import type { Dispatch } from './dispatch.js';
import type { Compiled } from './pipelines.js';
import { type Plan, sourcesOf } from './plan.js';
import type { KernelStats } from './profile.js';
import { bytesOf } from './storage.js';

// What a program is made of, in numbers.

export interface ProgramStats {
  dispatches: number;
  /** Distinct pipelines this program uses. */
  pipelines: number;
  /** Of those the ones that the device did not have before. */
  compiled: number;
  /** Milliseconds until all were compiled and warm. */
  compileMs: number;
  submits: number;
  /** Bytes this program needs: arena (inputs, intermediates, outputs), uniforms and read-back buffers. */
  peakBytes: number;
  /** The largest sum of bytes alive at one step: no plan can need less. */
  lowerBoundBytes: number;
  /** Bytes of the variables it uses, shared with other programs. */
  variableBytes: number;
  /** Bytes of what is kept from run to run, shared with other programs. */
  keptBytes: number;
  flops: number;
  kernels: KernelStats[];
}

export function kernelStats({ launch, node }: Pick<Dispatch, 'launch' | 'node'>): KernelStats {
  const { name, workgroups } = launch.kernel;
  const dot = name.indexOf('.');
  return {
    op: node.op.name,
    candidate: dot < 0 ? name : name.slice(dot + 1),
    shape: node.outputs[0]!.shape,
    workgroups,
    ...costOf(launch),
  };
}

const sum = (list: readonly number[]): number => list.reduce((total, n) => total + n, 0);

/** @param transferBytes of uniforms and read-back buffers */
export function programStats(
  p: Plan,
  submits: readonly (readonly Dispatch[])[],
  { count, compiled, ms }: Pick<Compiled, 'count' | 'compiled' | 'ms'>,
  transferBytes: number,
): ProgramStats {
  const kernels = submits.flat().map(kernelStats);
  return {
    dispatches: kernels.length,
    pipelines: count,
    compiled,
    compileMs: ms,
    submits: submits.length,
    peakBytes: sum(p.arena) + transferBytes,
    lowerBoundBytes: p.lowerBoundBytes,
    variableBytes: sum(sourcesOf(p, 'variable').map(({ outputs }) => bytesOf(outputs[0]!))),
    keptBytes: sum(p.once.map(({ kept }) => kept.bytes)),
    flops: sum(kernels.map(({ flops }) => flops)),
    kernels,
  };
}
