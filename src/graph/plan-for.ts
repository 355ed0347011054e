import type { Device } from '../device/device.js';
import { checkForce } from './check-spec.js';
import { choose } from './choices.js';
import { keeper } from './kept.js';
import { type Plan, plan } from './plan.js';
import type { CompileOptions } from './program.js';
import { schedule } from './schedule.js';
import { stateOf } from './storage.js';
import type { Tensor } from './tensor.js';
import type { Update } from './updates.js';

/** The plan under the device's limits or the smaller ones asked for. */
export async function planFor(
  device: Device,
  outputs: Tensor[],
  updates: Update[],
  options: CompileOptions,
): Promise<Plan> {
  checkForce(options.force);
  const { limits, profile } = device;
  const least = (name: 'maxStorageBufferBindingSize' | 'maxBufferSize') =>
    Math.min(limits[name], options.limits?.[name] ?? Number.POSITIVE_INFINITY);
  const chosen = await choose(device, schedule([...outputs, ...updates.map(([, value]) => value)]), options);
  return plan({
    outputs,
    updates,
    limits: {
      maxStorageBufferBindingSize: least('maxStorageBufferBindingSize'),
      maxBufferSize: least('maxBufferSize'),
    },
    device: profile,
    precise: options.precise === true,
    precision: options.precision,
    candidate: (op, spec) => options.force?.[op] ?? (spec && chosen[spec]),
    fuse: options.fuse,
    guardBytes: options.guardBytes,
    keep: options.keep ? keeper(stateOf(device), options.keep) : undefined,
  });
}
