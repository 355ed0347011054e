import { sizeOf } from './chunks.js';
import { type Plan, sourcesOf } from './plan.js';
import type { Feed, Feeds } from './program.js';
import { refuse, type Tensor } from './tensor.js';

// What a run is fed, checked and as it goes to the device.

type Values = Float32Array | Int32Array;
export type Writes = [Tensor, Values][];

/** For runs that wait: callers may change their arrays meanwhile. */
export const copied = (writes: Writes): Writes => writes.map(([tensor, data]) => [tensor, data.slice()]);

/** A fed value as the bytes of its tensor. Numbers are scalars, lists are copied; ids may come in any integer array. */
function feedData(name: string, tensor: Tensor, feed: Feed): Values {
  const size = sizeOf(tensor.shape);
  const values = typeof feed === 'number' ? [feed] : feed;
  if (values === undefined || values === null || typeof values.length !== 'number') {
    refuse('run', name, values === undefined ? 'nothing' : typeof values, `${size} values`);
  }
  if (values.length !== size)
    refuse('run', name, `${values.length} values`, `${size} for [${tensor.shape.join(', ')}]`);
  if (tensor.dtype === 'f32')
    return values instanceof Float32Array ? values : Float32Array.from(values as ArrayLike<number>);
  return values instanceof Int32Array ? values : Int32Array.from(values as ArrayLike<number>);
}

function refuseUnknown(feeds: Feeds, inputs: Record<string, Tensor>): void {
  const unknown = Object.keys(feeds).find((name) => !inputs[name]);
  if (unknown === undefined) return;
  refuse('run', unknown, 'an input of that name', `one of: ${Object.keys(inputs).join(', ') || 'none'}`);
}

/** Turns feeds into what a program reads of them, with what is derived from them on the host. */
export function feederOf(p: Plan, inputs: Record<string, Tensor>): (feeds: Feeds) => Writes {
  const used = new Set(p.steps.flatMap(({ node }) => node.outputs));
  const derived = sourcesOf(p, 'derived');
  return (feeds) => {
    refuseUnknown(feeds, inputs);
    const all = Object.entries(inputs).map(([name, tensor]) => [tensor, feedData(name, tensor, feeds[name]!)] as const);
    const data = new Map<Tensor, Values>(all);
    const results = derived.map(({ attrs, inputs: [from], outputs: [to] }): Writes[number] => {
      const { derive } = attrs as { derive(data: Int32Array): Int32Array };
      return [to!, derive(data.get(from!) as Int32Array)];
    });
    return [...[...data].filter(([tensor]) => used.has(tensor)), ...results];
  };
}
