// Opens a device in Node, through Dawn. Where Linux has no usable Vulkan driver it falls back to SwiftShader and says so.

import { availableParallelism } from 'node:os';
import { fileCache } from './cache-folder.js';
import { answersTo, type Device, type DeviceOptions, deviceOf, infoOf } from './device.js';
import { DeviceUnavailableError } from './errors.js';
import { restWhileWaiting } from './resting.js';
import { loadSwiftShader } from './swiftshader.js';

/** The names people know these adapters by, and what the adapters call themselves. */
const ALIASES: Record<string, string> = { lavapipe: 'llvmpipe', warp: 'basic render' };

const FALLBACK_NOTICE =
  'pix2pixhd: no usable Vulkan driver found, so SwiftShader computes on the CPU, about 100 times slower than a small ' +
  "GPU. Install your GPU's Vulkan driver; or, 3-8 times faster than this, Mesa's lavapipe (package mesa-vulkan-drivers).";

export interface Choice {
  adapter: GPUAdapter;
  reason: string;
}

/**
 * Opens the named adapter, else the best there is. Also reads PIX2PIXHD_ADAPTER and PIX2PIXHD_LIMITS=default.
 * Throws DeviceUnavailableError, which says what to install or which adapters exist.
 */
export async function openDevice(options: DeviceOptions = {}): Promise<Device> {
  const limits = options.limits ?? (process.env.PIX2PIXHD_LIMITS === 'default' ? 'default' : undefined);
  const { adapter, reason } = await chooseAdapter(options);
  const device = await deviceOf(adapter, reason, { ...options, limits }, fileCache);
  if (device.profile.kind === 'cpu') await leaveProcessors();
  return device;
}

/** Finds the adapter that openDevice() would open, and why. */
export async function chooseAdapter({ adapter, powerPreference }: DeviceOptions = {}): Promise<Choice> {
  const wanted = adapter || process.env.PIX2PIXHD_ADAPTER || 'auto';
  return wanted === 'auto' ? best(powerPreference ?? 'high-performance') : named(wanted);
}

/** Names of the adapters of this machine's own drivers. */
export async function adapterNames(): Promise<string[]> {
  try {
    // Dawn has no call for it, but lists them all when it is asked for one that does not exist.
    await (await instance('adapter=\u0001')).requestAdapter();
  } catch (error) {
    return [...(error as Error).message.matchAll(/name: '(.*)'$/gm)].map((match) => match[1]);
  }
  return [];
}

async function best(powerPreference: GPUPowerPreference): Promise<Choice> {
  const adapter = await (await instance('')).requestAdapter({ powerPreference });
  if (adapter) return { adapter, reason: `the system's first choice for ${powerPreference}` };
  if (process.platform !== 'linux') {
    throw new DeviceUnavailableError('No WebGPU adapter was found', "Update the GPU's driver and the operating system");
  }
  const choice = await swiftShader('no usable Vulkan driver was found');
  if (!held.noticed) console.error(FALLBACK_NOTICE);
  held.noticed = true;
  return choice;
}

async function named(wanted: string): Promise<Choice> {
  const needle = ALIASES[wanted.toLowerCase()] ?? wanted;
  const names = await adapterNames();
  for (const name of names) {
    const adapter = await (await instance(`adapter=${name}`)).requestAdapter();
    const answers =
      adapter && (name.toLowerCase().includes(needle.toLowerCase()) || answersTo(infoOf(adapter, ''), needle));
    if (answers) return { adapter, reason: `it answers to "${wanted}"` };
  }
  if (needle.toLowerCase() === 'swiftshader') return swiftShader('asked for by name');
  throw new DeviceUnavailableError(
    `No adapter answers to "${wanted}"; there ${names.length ? `are: ${names.join(', ')}` : 'are none'}`,
    'Give a part of one of these names, or `swiftshader` for the one in software that needs no driver (Linux)',
  );
}

async function swiftShader(reason: string): Promise<Choice> {
  const system = process.env.VK_DRIVER_FILES;
  process.env.VK_DRIVER_FILES = loadSwiftShader();
  try {
    const adapter = await (await instance('adapter=SwiftShader')).requestAdapter();
    if (adapter) return { adapter, reason };
  } finally {
    // The Vulkan loader reads it while an instance starts; later instances and child processes keep the user's.
    if (system === undefined) delete process.env.VK_DRIVER_FILES;
    else process.env.VK_DRIVER_FILES = system;
  }
  throw new DeviceUnavailableError(
    'SwiftShader was loaded but offers no adapter',
    'Delete the folder pix2pixhd-webgpu in your cache folder (~/.cache) and try again, or install a driver',
  );
}

interface Held {
  instances: Map<string, GPU>;
  resting?: boolean;
  noticed: boolean;
}

/**
 * Dawn's instances, one per adapter asked for, held for the life of the process: a garbage-collected one takes the process
 * down with it, and each costs 2.5 MB. On globalThis, because two copies of this module may be loaded.
 */
const HELD = Symbol.for('pix2pixhd-webgpu.dawn');
const shared = globalThis as unknown as Record<symbol, Held | undefined>;
const held: Held = (shared[HELD] ??= { instances: new Map(), noticed: false });

/** Else Dawn rounds timestamps to 65 µs, as browsers do to hide them from pages. */
const PRECISE_TIMESTAMPS = 'disable-dawn-features=timestamp_quantization';

/**
 * Lavapipe, Mesa's driver for processors, cuts a dispatch into as many equal parts as it has threads, one a processor unless this
 * variable says otherwise, and the part that begins last holds up all. With two a processor, of two, 3×3 of 64 channels on 64×64 pixels takes
 * 5.7 ms instead of 6.9; four are no faster, and hold up small dispatches. It has 32 at most.
 * It stays set, also for child processes: the driver reads it when adapters are looked for.
 */
function divideLavapipe(): void {
  const threads = 2 * availableParallelism();
  if (threads <= 32) process.env.LP_NUM_THREADS ??= String(threads);
}

async function instance(option: string): Promise<GPU> {
  const known = held.instances.get(option);
  if (known) return known;
  divideLavapipe();
  const { create } = await dawn();
  const made = create([PRECISE_TIMESTAMPS, ...(option ? [option] : [])]);
  held.instances.set(option, made);
  return made;
}

/** Waits rest from now on, for all devices of the process. Windows would sleep 15 ms for every one that is asked for. */
export async function leaveProcessors(): Promise<void> {
  if (held.resting || process.platform === 'win32') return;
  held.resting = true;
  restWhileWaiting((await dawn()).globals);
}

async function dawn(): Promise<typeof import('webgpu')> {
  const module = await import('webgpu').catch((error: Error) => {
    throw new DeviceUnavailableError(
      `Dawn, the package "webgpu", does not load on ${process.platform}-${process.arch}: ${error.message}`,
      'Run npm install again; on Linux it needs glibc (Alpine does not have it)',
    );
  });
  // Browsers have GPUBufferUsage and its kin as globals, and the engine is the same code.
  for (const [key, value] of Object.entries(module.globals)) {
    if (!(key in globalThis)) Object.defineProperty(globalThis, key, { value, configurable: true, writable: true });
  }
  return module;
}
