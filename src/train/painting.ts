// Pictures of the generator in training, of every size.

import type { Device } from '../device/device.js';
import { input, type ProgramSpec } from '../engine.js';
import { type SizedPrograms, sizedPrograms } from '../graph/sizes.js';
import { encodeInput } from '../nets/encode-input.js';
import { type Lookup, lookup } from '../nets/parameters.js';
import type { Size, SizedFeeds } from './feeds.js';
import type { Nets } from './nets.js';
import { type Parts, paramsOf } from './parts.js';
import type { Compiling } from './programs.js';
import { beside, styleInput } from './step.js';

/** The generator alone, in the style of a photo where it takes styles. */
export const paintingOf = (
  { encoding, generator }: Nets,
  { G, E }: Parts,
  [n, h, w, regions]: Size,
  params: Lookup,
): ProgramSpec => {
  const { inputs, condition } = encodeInput(encoding, [n, h, w]);
  const image = input([n, generator.outputNc, h, w]);
  const style = styleInput({ encoding, extent: [n, h, w], E, regions }, image);
  const picture = G.net.forward(beside([condition, ...style.styles]), params);
  return { inputs: { ...inputs, ...style.inputs, ...(E ? { image } : {}) }, outputs: { picture } };
};

type Painting = SizedPrograms<Size>;

export async function paintWith(programs: Painting, { size, feeds }: SizedFeeds): Promise<Float32Array> {
  const { picture } = await (await programs.of(size)).run(feeds);
  return picture as Float32Array;
}

interface Paintings {
  /** As a checkpoint's user will see it. */
  shown: Painting;
  /** The same, without a trace: kernels that only it needs do not become the training's. */
  observed: Painting;
  /** What D judges: always of the weights themselves. */
  judged: Painting;
}

/**
 * They keep no transformed weights, which steps change in between.
 * @param parts as they are at the start: G and E keep their tensors when the trunk is released
 */
export function paintingsOf(device: Device, training: Compiling, nets: Nets, parts: Parts): Paintings {
  const compiling = { ...training, keep: 0 };
  const painted = (params: Lookup, options = compiling): Painting =>
    sizedPrograms(device, compiling.arena, (size) => paintingOf(nets, parts, size, params), options);
  const params = paramsOf(parts.G);
  const shown = painted(params);
  const observed = painted(params, {
    ...compiling,
    get choices() {
      return { ...compiling.choices }; // as they are when a size first comes
    },
  });
  return { shown, observed, judged: parts.G.averages ? painted(lookup(parts.G.variables)) : shown };
}
