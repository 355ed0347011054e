// The one object the engine talks to: a GPUDevice with counted memory, typed errors and a definite end of life.
// Nothing here knows whether it runs in Node or in a browser; node.ts and browser.ts find the adapter.

import { DeviceLostError, DeviceUnavailableError, OutOfMemoryError, ValidationError } from './errors.js';
import { type DeviceProfile, profileOf } from './profile.js';

export type { DeviceProfile };

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

const LIMITS = [
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxStorageBuffersPerShaderStage',
  'minStorageBufferOffsetAlignment',
  'maxComputeWorkgroupsPerDimension',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupStorageSize',
  'maxUniformBufferBindingSize',
] as const;
export type DeviceLimits = Record<(typeof LIMITS)[number], number>;

/** Asked for when the adapter has them; nothing in the engine may need them. */
const FEATURES = ['shader-f16', 'subgroups', 'timestamp-query'] as const;

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
  const requiredFeatures = FEATURES.filter((name) => adapter.features.has(name));
  const requiredLimits = limitsToRequest(adapter, options.limits);
  const gpu = await adapter.requestDevice({ requiredFeatures, requiredLimits }).catch((error: Error) => {
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

const limitOf = (limits: GPUSupportedLimits, name: string) => (limits as unknown as Record<string, number>)[name];

function limitsToRequest(adapter: GPUAdapter, asked: DeviceOptions['limits']): Record<string, number> {
  if (asked === 'default') return {};
  const request: Record<string, number> = {};
  for (const name of LIMITS) request[name] = limitOf(adapter.limits, name);
  for (const [name, value] of Object.entries(asked ?? {})) {
    const has = limitOf(adapter.limits, name);
    // The alignments are the limits where less is better.
    const tooMuch = name.startsWith('min') ? value! < has : value! > has;
    if (has === undefined || tooMuch) {
      throw new DeviceUnavailableError(
        `Limit ${name}: ${value} was asked, the adapter has ${has ?? 'no such limit'}.`,
        'Ask for less, or leave `limits` out to get all the adapter has.',
      );
    }
    request[name] = value!;
  }
  return request;
}

/** WebGPU raises a request below its guaranteed value to that value; smaller caps are kept here, for tests of splitting. */
function limitsGranted(gpu: GPUDevice, asked: DeviceOptions['limits']): DeviceLimits {
  const caps: Partial<Record<string, number>> = typeof asked === 'object' ? asked : {};
  const granted = LIMITS.map((name) => {
    const better = name.startsWith('min') ? Math.max : Math.min;
    return [name, better(limitOf(gpu.limits, name), caps[name] ?? limitOf(gpu.limits, name))];
  });
  return Object.fromEntries(granted) as DeviceLimits;
}

function wrap(
  gpu: GPUDevice,
  info: AdapterInfo,
  adapter: GPUAdapter,
  options: DeviceOptions,
  cache: TextCache | undefined,
): Device {
  const limits = limitsGranted(gpu, options.limits);
  const live = new Map<GPUBuffer, number>();
  const closers: (() => void)[] = [];
  let liveBytes = 0;
  let peakBytes = 0;
  let loss: DeviceLostError | null = null;
  let uncaptured: GPUError | null = null;

  const lost = gpu.lost.then(({ reason, message }) => (loss ??= new DeviceLostError(reason, message)));
  // Without a listener Dawn prints every such error to stderr; work is dropped silently either way, hence the next call throws.
  gpu.addEventListener('uncapturederror', (event) => {
    event.preventDefault();
    uncaptured ??= event.error;
  });

  function throwIfBroken() {
    if (loss) throw loss;
    const error = uncaptured;
    uncaptured = null;
    if (error) throw typed(error, 'an earlier call', 0);
  }

  function count(buffer: GPUBuffer) {
    live.set(buffer, buffer.size);
    liveBytes += buffer.size;
    peakBytes = Math.max(peakBytes, liveBytes);
  }

  function release(buffer: GPUBuffer) {
    const size = live.get(buffer);
    if (size === undefined) return;
    live.delete(buffer);
    liveBytes -= size;
    buffer.destroy();
  }

  async function allocate(descriptors: GPUBufferDescriptor[]): Promise<GPUBuffer[]> {
    throwIfBroken();
    const bytes = descriptors.reduce((sum, { size }) => sum + size, 0);
    const tooLarge = descriptors.find(({ size }) => size > limits.maxBufferSize);
    if (tooLarge) {
      const name = tooLarge.label ? `Buffer "${tooLarge.label}"` : 'A buffer';
      const problem = `${name} of ${mib(tooLarge.size)} exceeds the device's maxBufferSize of ${mib(limits.maxBufferSize)}.`;
      throw new OutOfMemoryError(problem, bytes);
    }
    const made: GPUBuffer[] = [];
    try {
      await scoped(['out-of-memory', 'validation'], `the allocation of ${mib(bytes)}`, bytes, () => {
        for (const descriptor of descriptors) made.push(gpu.createBuffer(descriptor));
      });
    } catch (error) {
      for (const buffer of made) buffer.destroy();
      throw error;
    }
    made.forEach(count);
    return made;
  }

  /** Scopes are a stack per device: while an async `fn` waits, another call's error can be reported under its name. */
  async function scoped<T>(
    filters: GPUErrorFilter[],
    what: string,
    bytes: number,
    fn: () => T | Promise<T>,
  ): Promise<T> {
    for (const filter of filters) gpu.pushErrorScope(filter);
    let result: T | undefined;
    let thrown: unknown;
    try {
      const outcome = fn();
      result = outcome instanceof Promise ? await outcome : outcome;
    } catch (error) {
      thrown = error;
    }
    // A lost device has no scopes left to pop; the loss is then the answer.
    const errors = await Promise.all(filters.map(() => gpu.popErrorScope().catch(() => null)));
    if (loss) throw loss;
    const error = errors.find((e) => e !== null);
    if (error) throw typed(error, what, bytes);
    if (thrown instanceof Error && thrown.name === 'GPUPipelineError') throw new ValidationError(what, thrown.message);
    if (thrown !== undefined) throw thrown;
    return result as T;
  }

  function close() {
    for (const fn of closers.splice(0)) fn();
    for (const buffer of [...live.keys()]) release(buffer);
    loss ??= new DeviceLostError('destroyed');
    gpu.destroy();
  }

  return {
    gpu,
    info,
    limits,
    features: new Set(FEATURES.filter((name) => gpu.features.has(name))),
    profile: profileOf(adapter, gpu),
    cache,
    allocate,
    release,
    checked: async (what, fn) => {
      throwIfBroken();
      return scoped(['validation'], what, 0, fn);
    },
    memory: () => ({ liveBytes, peakBytes, buffers: live.size }),
    lost,
    isLost: () => loss !== null,
    onClose: (fn) => void closers.push(fn),
    close,
  };
}

function typed(error: GPUError, what: string, bytes: number) {
  if (error instanceof GPUOutOfMemoryError) {
    return new OutOfMemoryError(`The GPU ran out of memory at ${what}. ${error.message}`, bytes);
  }
  return new ValidationError(what, error.message);
}

const mib = (bytes: number) => `${(bytes / 2 ** 20).toLocaleString('en-US', { maximumFractionDigits: 1 })} MiB`;
