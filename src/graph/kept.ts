import type { Device } from '../device/device.js';
import type { Dispatch } from './dispatch.js';
import type { Plan } from './plan.js';
import { type DeviceState, stateOf } from './storage.js';
import type { Tensor } from './tensor.js';
import type { Update } from './updates.js';

// What programs make of unchanging variables alone, such as transformed weights: made once, and kept for all programs of a device.

/** One of them. Its memory is that of a variable, under the name of `tensor`. */
export interface Kept {
  tensor: Tensor;
  /** How it is made, which is what it is known by. */
  text: string;
  bytes: number;
  /** The variables that it is made of. */
  sources: readonly Tensor[];
  /** Programs that read it. */
  users: number;
  /** How often its sources had changed when it was made last. */
  made?: number;
}

type State = Pick<DeviceState, 'kept' | 'changes'>;

export interface Keep {
  /** What was made of the same text for this device already, or `found` where there is room. */
  find(found: Omit<Kept, 'users'>): Kept | undefined;
  /** Bytes that are left. */
  room(): number;
}

/** Keeps up to `most` bytes on a device, for one plan. */
export function keeper({ kept }: Pick<State, 'kept'>, most: number): Keep {
  const all = new Map(kept);
  const room = () => most - [...all.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    room,
    find(found) {
      const known = all.get(found.text);
      if (known || found.bytes > room()) return known;
      const one = { ...found, users: 0 };
      all.set(found.text, one);
      return one;
    },
  };
}

const changesOf = ({ changes }: State, { sources }: Kept): number =>
  sources.reduce((sum, source) => sum + (changes.get(source) ?? 0), 0);

/** Whether it must be made anew; from then on it counts as made. */
function isStale(state: State, one: Kept): boolean {
  const now = changesOf(state, one);
  const stale = one.made !== now;
  one.made = now;
  return stale;
}

/** A program reads it no more: without readers its memory is freed. */
function letGo(device: Device, { kept, variables }: Pick<DeviceState, 'kept' | 'variables'>, one: Kept): void {
  if (--one.users > 0) return;
  const buffer = variables.get(one.tensor);
  if (buffer) device.release(buffer);
  one.made = undefined;
  variables.delete(one.tensor);
  if (kept.get(one.text) === one) kept.delete(one.text);
}

/** Tells that variables hold other values. */
export function changed({ changes }: Pick<State, 'changes'>, variables: readonly Tensor[]): void {
  for (const variable of variables) changes.set(variable, (changes.get(variable) ?? 0) + 1);
}

/** What a program keeps from run to run. */
export interface Keeping {
  /** Whose memory is a variable's. */
  tensors: readonly Tensor[];
  /** Recorded dispatches but for those that make what is kept. */
  withoutMaking(dispatches: readonly Dispatch[]): readonly Dispatch[];
  /** What must be made before a run, in submits, that an earlier one made of other values; it counts as made. */
  stale(): Dispatch[][];
  /** Tells that the variables which a run updates have changed. */
  ran(): void;
  /** The program is gone. */
  release(): void;
}

export function keeping(device: Device, { once }: Pick<Plan, 'once'>, updates: readonly Update[]): Keeping {
  const state = stateOf(device);
  const updated = updates.map(([variable]) => variable);
  const making: { kept: Kept; dispatches: readonly Dispatch[] }[] = [];
  for (const { kept } of once) {
    kept.users++;
    // Two programs that are planned side by side have one each.
    if (!state.kept.has(kept.text)) state.kept.set(kept.text, kept);
  }
  return {
    tensors: once.map(({ kept }) => kept.tensor),
    withoutMaking(dispatches) {
      let at = 0;
      for (const { kept, launches } of once) {
        making.push({ kept, dispatches: dispatches.slice(at, at + launches.length) });
        at += launches.length;
      }
      return dispatches.slice(at);
    },
    stale: () => making.flatMap(({ kept, dispatches }) => (isStale(state, kept) ? [[...dispatches]] : [])),
    ran: () => changed(state, updated),
    release() {
      for (const { kept } of once) letGo(device, state, kept);
    },
  };
}
