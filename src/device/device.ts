// The one object the engine talks to: a GPUDevice with counted memory, typed errors and a definite end of life.
// Nothing here knows whether it runs in Node or in a browser; node.ts and browser.ts find the adapter.

import { asked, type DeviceLimits, granted } from './abilities.js';
import { countedBuffers } from './buffers.js';
import { type DeviceLostError, DeviceUnavailableError } from './errors.js';
import { faultsOf } from './faults.js';
import { type DeviceProfile, profileOf } from './profile.js';

export type { DeviceLimits, DeviceProfile };

export interface DeviceOptions {
  /** Part of the name, vendor or description of the adapter to use, or 'swiftshader' / 'lavapipe' for a software one. */
  adapter?: string;
  powerPreference?: GPUPowerPreference;
  /** 'default': only what WebGPU guarantees everywhere. An object: these caps instead of the adapter's own. */
  limits?: 'default' | Partial<Record<string, number>>;
}

export interface AdapterInfo {
  vendor: string;
  architecture: string;
  device: string;
  description: string;
  /** True for software adapters. */
  isFallback: boolean;
  /** Why this adapter and no other, in words. */
  reason: string;
}

/** Keeps texts from one start to the next, by name. */
export interface TextCache {
  /** Undefined where there is none, or none that can be read. */
  read(name: string): Promise<string | undefined>;
  write(name: string, text: string): Promise<void>;
}

export interface Device {
  readonly gpu: GPUDevice;
  readonly info: AdapterInfo;
  readonly limits: DeviceLimits;
  readonly features: ReadonlySet<string>;
  readonly profile: DeviceProfile;
  /** What was measured of it and may be kept; undefined where nothing can be. */
  readonly cache: TextCache | undefined;
  /** All buffers or none. Throws OutOfMemoryError, ValidationError or DeviceLostError. */
  allocate(descriptors: GPUBufferDescriptor[]): Promise<GPUBuffer[]>;
  /** Destroys a buffer of allocate() and stops counting it; harmless the second time. */
  release(buffer: GPUBuffer): void;
  /** Runs `fn` under a validation scope; a refused call becomes a ValidationError that names `what`. */
  checked<T>(what: string, fn: () => T | Promise<T>): Promise<T>;
  /** Bytes and count of the buffers of allocate() that are alive now, and the most bytes there ever were. */
  memory(): { liveBytes: number; peakBytes: number; buffers: number };
  readonly lost: Promise<DeviceLostError>;
  readonly isLost: () => boolean;
  /** Called once, before the buffers go. */
  onClose(fn: () => void): void;
  /** Destroys every live buffer and the device; harmless the second time. */
  close(): void;
}

/** Opens `adapter`: what node.ts and browser.ts do once they have found it. */
export async function deviceOf(
  adapter: GPUAdapter,
  reason: string,
  options: DeviceOptions,
  cache?: TextCache,
): Promise<Device> {
  const info = infoOf(adapter, reason);
  const gpu = await adapter.requestDevice(asked(adapter, options.limits)).catch((error: Error) => {
    throw new DeviceUnavailableError(
      `The adapter "${info.description || info.device}" refused to open: ${error.message}`,
      'Update its driver, or choose another adapter (`pix2pixhd devices` lists them).',
    );
  });
  return wrap(gpu, info, adapter, options, cache);
}

export function infoOf(adapter: GPUAdapter, reason: string): AdapterInfo {
  const { vendor = '', architecture = '', device = '', description = '' } = adapter.info ?? {};
  const isFallback = adapter.info?.isFallbackAdapter ?? false;
  return { vendor, architecture, device, description, isFallback, reason };
}

/** True when `wanted` occurs in anything the adapter says about itself. */
export function answersTo(info: AdapterInfo, wanted: string): boolean {
  const all = `${info.vendor}\n${info.architecture}\n${info.device}\n${info.description}`;
  return all.toLowerCase().includes(wanted.toLowerCase());
}

function wrap(
  gpu: GPUDevice,
  info: AdapterInfo,
  adapter: GPUAdapter,
  options: DeviceOptions,
  cache: TextCache | undefined,
): Device {
  const { limits, features } = granted(gpu, options.limits);
  const faults = faultsOf(gpu);
  const { allocate, release, releaseAll, memory } = countedBuffers(gpu, limits.maxBufferSize, faults);
  const closers: (() => void)[] = [];
  return {
    gpu,
    info,
    limits,
    features,
    profile: profileOf(info, adapter, gpu),
    cache,
    allocate,
    release,
    memory,
    async checked(what, fn) {
      faults.throwIfAny();
      return faults.scoped(['validation'], what, 0, fn);
    },
    lost: faults.lost,
    isLost: faults.isLost,
    onClose: (fn) => void closers.push(fn),
    close() {
      for (const fn of closers.splice(0)) fn();
      releaseAll();
      faults.end('destroyed');
      gpu.destroy();
    },
  };
}
