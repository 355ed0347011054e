// What kind of machine sits behind an adapter. The speeds only decide where a submit is cut (about 100 ms each), so they
// err on the slow side: too many submits cost microseconds each, too long a one freezes the desktop.

import type { AdapterInfo } from './device.js';

export interface DeviceProfile {
  kind: 'cpu' | 'gpu';
  name: string;
  /** As the adapter's info has it: nvidia, amd, intel, apple, … */
  vendor: string;
  /** The size of every subgroup, or null where the driver may choose among several. */
  subgroupSize: number | null;
  gflops: number;
  gbps: number;
}

/** Speeds of the software rows: effective conv rates on two desktop cores. The last row takes any real GPU. */
const KINDS: { match: RegExp; kind: DeviceProfile['kind']; name: string; gflops: number; gbps: number }[] = [
  { match: /llvmpipe|lavapipe/i, kind: 'cpu', name: 'lavapipe', gflops: 15, gbps: 4 },
  { match: /swiftshader/i, kind: 'cpu', name: 'swiftshader', gflops: 5, gbps: 1 },
  { match: /basic render|warp/i, kind: 'cpu', name: 'warp', gflops: 5, gbps: 2 },
  { match: /^/, kind: 'gpu', name: 'gpu', gflops: 500, gbps: 50 },
];

export function profileOf(info: AdapterInfo, adapter: GPUAdapter, gpu: GPUDevice): DeviceProfile {
  const { vendor, architecture, device, description, isFallback } = info;
  const row = KINDS.find(({ match }) => match.test(`${vendor} ${architecture} ${device} ${description}`))!;
  const unknownSoftware = row.kind === 'gpu' && isFallback;
  const { kind, name, gflops, gbps } = unknownSoftware ? { ...KINDS[1], name: 'software' } : row;
  return {
    kind,
    name: kind === 'gpu' ? description || device || `${vendor} ${architecture}`.trim() || name : name,
    vendor,
    subgroupSize: fixedSubgroupSize(adapter, gpu),
    gflops,
    gbps,
  };
}

/** Broadcasting from a fixed lane is right only where every subgroup has that lane: both bounds must agree. */
function fixedSubgroupSize(adapter: GPUAdapter, gpu: GPUDevice): number | null {
  const { subgroupMinSize, subgroupMaxSize } = adapter.info ?? {};
  const fixed = gpu.features.has('subgroups') && subgroupMinSize !== undefined && subgroupMinSize === subgroupMaxSize;
  return fixed ? subgroupMinSize : null;
}
