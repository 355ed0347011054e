// The device of the GPU tests: one per process, opened by the first test that asks. The adapter and the limits are the
// test script's choice (--adapter, --limits).

import { openDevice } from '#runtime';
import type { Device } from '../../src/device/device.js';

let shared: Promise<Device> | undefined;

export const openTestDevice = (): Promise<Device> => (shared ??= openDevice());

export async function closeTestDevice(): Promise<void> {
  const device = await shared?.catch(() => undefined);
  device?.close();
}
