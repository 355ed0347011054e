// What browsers and Dawn say of GPUs that people have, as far as a device profile looks at it. Chromium leaves device and
// description empty.

import { type DeviceProfile, infoOf } from '../../src/device/device.js';
import * as profile from '../../src/device/profile.js';

export interface Recorded {
  vendor: string;
  architecture: string;
  description?: string;
  isFallbackAdapter?: boolean;
  subgroupMinSize: number;
  subgroupMaxSize: number;
}

export const RECORDED = {
  nvidia: { vendor: 'nvidia', architecture: 'ampere', subgroupMinSize: 32, subgroupMaxSize: 32 },
  amd: { vendor: 'amd', architecture: 'rdna-3', subgroupMinSize: 32, subgroupMaxSize: 64 },
  intel: { vendor: 'intel', architecture: 'gen-12lp', subgroupMinSize: 8, subgroupMaxSize: 32 },
  apple: { vendor: 'apple', architecture: 'metal-3', subgroupMinSize: 4, subgroupMaxSize: 64 },
  qualcomm: { vendor: 'qualcomm', architecture: 'adreno-7xx', subgroupMinSize: 64, subgroupMaxSize: 128 },
  lavapipe: {
    vendor: 'mesa',
    architecture: '',
    description: 'llvmpipe (LLVM 19.1.7, 256 bits)',
    isFallbackAdapter: true,
    subgroupMinSize: 8,
    subgroupMaxSize: 8,
  },
  warp: {
    vendor: 'microsoft',
    architecture: '',
    description: 'Microsoft Basic Render Driver',
    subgroupMinSize: 4,
    subgroupMaxSize: 128,
  },
  lavapipeUnflagged: { vendor: 'mesa', architecture: 'llvmpipe', subgroupMinSize: 8, subgroupMaxSize: 8 },
  silent: { vendor: '', architecture: '', subgroupMinSize: 4, subgroupMaxSize: 128 },
  swiftshader: {
    vendor: 'google',
    architecture: 'swiftshader',
    isFallbackAdapter: true,
    subgroupMinSize: 4,
    subgroupMaxSize: 4,
  },
} satisfies Record<string, Recorded>;

/** A device that has what every one of them has today. */
const GPU = { features: new Set(['subgroups']) } as unknown as GPUDevice;

/** The profile that a build makes of one. */
export function profiled(info: Recorded, profileOf = profile.profileOf): DeviceProfile {
  const adapter = { info } as unknown as GPUAdapter;
  return profileOf(infoOf(adapter, ''), adapter, GPU);
}
