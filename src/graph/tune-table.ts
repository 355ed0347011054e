import { KERNELS } from '#kernels';
import type { Device } from '../device/device.js';
import type { Effort } from './tensor.js';

// What was measured of a device, kept from one start to the next.

export interface Entry {
  name: string;
  effort: Effort;
  /** Milliseconds of those that were measured. */
  ms: Record<string, number>;
}

export interface Table {
  /** For people who look into the file. */
  device: object;
  kernels: string;
  /** By spec, in two numeric classes. */
  entries: Record<string, Entry>;
  /** By kind and name, likewise: why a candidate is not to be used, or null where it is right. */
  checked: Record<string, string | null>;
}

const tables = new WeakMap<Device, Promise<Table>>();

/** What times and rounding depend on: adapter, its driver (which `description` tells) and the kernels themselves. */
const subjectOf = ({ info, profile }: Device) => {
  const { vendor, architecture, device, description } = info;
  return { vendor, architecture, device, description, subgroupSize: profile.subgroupSize };
};

async function nameOf(device: Device): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify([subjectOf(device), KERNELS]));
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return `tuning-${[...hash.slice(0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}.json`;
}

async function load(device: Device): Promise<Table> {
  const fresh: Table = { device: subjectOf(device), kernels: KERNELS, entries: {}, checked: {} };
  const text = await device.cache?.read(await nameOf(device));
  try {
    return text ? { ...fresh, ...JSON.parse(text) } : fresh;
  } catch {
    return fresh; // a damaged file is measured anew
  }
}

/** The device's table, read once. */
export function tableOf(device: Device): Promise<Table> {
  const table = tables.get(device) ?? load(device);
  tables.set(device, table);
  return table;
}

/** Keeps the table for the next start. Where the cache cannot be written the next start measures again, which is no harm. */
export async function keepTable(device: Device): Promise<void> {
  const text = JSON.stringify(await tableOf(device), null, 1);
  await device.cache?.write(await nameOf(device), text).catch(() => {});
}
