// A training outlives its device: drivers are reset, laptops sleep, GPUs are unplugged.

import type { Device } from '../device/device.js';
import { DeviceLostError, DeviceUnavailableError } from '../device/errors.js';

export interface Attempts<T> {
  open(): Promise<Device>;
  /** Trains on a device; `again`: from the last checkpoint, since another device was lost. */
  attempt(device: Device, again: boolean): Promise<T>;
  /** The furthest step so far: where it rises between two losses, the next one counts as the first. */
  reached(): number;
  say(text: string): void;
}

const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

const TRIES = 3;
/** A driver that was reset needs a moment before it opens a device again. */
const PAUSE_MS = 500;

/** The loss behind an error, which may be another's: whatever fails on a lost device fails for that. */
async function lossOf(error: unknown, device: Device | undefined): Promise<DeviceLostError | undefined> {
  if (error instanceof DeviceLostError) return error;
  await wait(0); // the promise that tells of the loss may come after the call that failed
  return device?.isLost() ? device.lost : undefined;
}

/** @throws the last DeviceLostError, exit code 75, after three losses at one place; whatever else `attempt` throws */
export async function throughLosses<T>({ open, attempt, reached, say }: Attempts<T>): Promise<T> {
  let [losses, furthest] = [0, 0];
  let loss: DeviceLostError | undefined;
  for (;;) {
    let device: Device | undefined;
    try {
      device = await open();
      return await attempt(device, loss !== undefined);
    } catch (error) {
      const lost = await lossOf(error, device);
      if (!lost && !(loss && error instanceof DeviceUnavailableError)) throw error;
      loss = lost ?? loss!;
      losses = reached() > furthest ? 1 : losses + 1;
      furthest = reached();
      if (losses > TRIES) throw loss;
      say(
        `${loss.message.split('. ')[0]} after step ${furthest}: going back to the last checkpoint, try ${losses} of ${TRIES}`,
      );
      await wait(PAUSE_MS * losses);
    } finally {
      device?.close();
    }
  }
}
