import { openDevice } from '../device/browser.js';
import { DeviceUnavailableError } from '../device/errors.js';

export interface Reason {
  /** What is missing. */
  problem: string;
  /** What helps. */
  fix: string;
}

/** What every kernel needs; WebGPU promises as much, but not every browser keeps to it. */
const NEEDED = { maxStorageBuffersPerShaderStage: 8, maxComputeInvocationsPerWorkgroup: 256 } as const;

/**
 * Why this browser cannot paint, in words for its user: no WebGPU, an insecure address, no adapter, too low limits. undefined where
 * it can.
 */
export async function whyNot(): Promise<Reason | undefined> {
  try {
    const device = await openDevice();
    const low = Object.entries(NEEDED).find(([name, least]) => device.limits[name as keyof typeof NEEDED] < least);
    device.close();
    if (!low) return undefined;
    const [name, least] = low;
    return { problem: `The GPU's limit ${name} is below ${least}`, fix: 'Update the browser and the GPU driver' };
  } catch (error) {
    if (!(error instanceof DeviceUnavailableError)) throw error;
    return { problem: error.problem, fix: error.fix! };
  }
}
