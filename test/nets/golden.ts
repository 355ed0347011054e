// The nets and the one sample of the golden vectors: tiny nets with hashed weights, 32 rows × 48 columns, 5 classes.

import * as assert from 'uvu/assert';
import { sizeOf } from '../../src/graph/chunks.js';
import { type DiscriminatorOptions, multiscaleDiscriminator } from '../../src/nets/discriminator.js';
import type { Encoding, Extent } from '../../src/nets/encode-input.js';
import { type EncoderOptions, encoderNet } from '../../src/nets/encoder.js';
import { type GeneratorOptions, globalGenerator } from '../../src/nets/generator.js';
import { localEnhancer } from '../../src/nets/local-enhancer.js';
import type { Values } from '../../src/nets/parameters.js';
import { uniform } from '../support/hash.js';

const [HEIGHT, WIDTH] = [32, 48];
const PIXELS = HEIGHT * WIDTH;

export const EXTENT: Extent = [1, HEIGHT, WIDTH];
export const ENCODING: Encoding = { labelNc: 5, inputNc: 3, noInstance: false };

export const GENERATOR: GeneratorOptions = {
  inputNc: 6,
  outputNc: 3,
  ngf: 4,
  nDownsample: 2,
  nBlocks: 2,
  norm: 'instance',
};
export const DISCRIMINATOR: DiscriminatorOptions = {
  inputNc: 9,
  ndf: 4,
  nLayers: 3,
  numD: 2,
  norm: 'instance',
  ganFeat: true,
};

export const LOCAL = { ...GENERATOR, ngf: 2, nLocalEnhancers: 1, nBlocksLocal: 2 };
export const ENCODER: EncoderOptions = { outputNc: 3, featNum: 3, nef: 2, nDownsampleE: 2, norm: 'instance' };

export const tinyLocal = () => localEnhancer(LOCAL);
export const tinyEncoder = () => encoderNet(ENCODER);
export const tinyGenerator = () => globalGenerator(GENERATOR);
export const tinyDiscriminator = () => multiscaleDiscriminator(DISCRIMINATOR);

/** Values of the golden nets: by seed of the net, place of the tensor in the state dict, place of the element. */
export const hashed =
  (seed: number): Values =>
  ({ shape, role }, index) => {
    const size = role === 'bias' ? 0.1 : Math.sqrt(12) * 0.02;
    return Float32Array.from({ length: sizeOf(shape) }, (_, e) => uniform(1000 * seed + index, e) * size);
  };

/** VGG19's: wide enough that its maps neither vanish nor grow. */
export const hashedVgg: Values = ({ shape, role, fanIn }, index) => {
  const size = role === 'bias' ? 0.02 : Math.sqrt(12) * Math.sqrt(2 / fanIn);
  return Float32Array.from({ length: sizeOf(shape) }, (_, e) => uniform(5000 + index, e) * size);
};

const labels = Int32Array.from({ length: PIXELS }, (_, i) => {
  const [y, x] = [Math.floor(i / WIDTH), i % WIDTH];
  return (Math.floor(x / 10) + 2 * Math.floor(y / 9)) % 5;
});
const instances = labels.map((label, i) => (label < 3 ? label : label * 1000 + (Math.floor((i % WIDTH) / 7) % 3)));
const image = Float32Array.from({ length: 3 * PIXELS }, (_, e) => 2 * uniform(77, e));

/** The instances numbered from 0, in the order of their ids. */
const distinct = [...new Set(instances)].sort((a, b) => a - b);
export const REGIONS = { count: distinct.length, ids: instances.map((id) => distinct.indexOf(id)) };

/** Feeds of the golden sample, by the names of the programs' inputs. */
export const SAMPLE = { labels, instances, image };

/** What a golden file says about an output of one sample. */
export interface Fingerprint {
  shape: number[];
  mean: number;
  absmean: number;
  /** [channel, y, x, value] */
  points: number[][];
}

const average = (values: ArrayLike<number>, of: (v: number) => number): number =>
  Array.from(values).reduce((sum, v) => sum + of(v), 0) / values.length;

/** Compares an output [1, C, H, W] with its fingerprint. */
export function matches(label: string, got: ArrayLike<number>, want: Fingerprint, tolerance: number): void {
  const [, , height, width] = want.shape as [number, number, number, number];
  assert.is(got.length, sizeOf(want.shape), `${label}: size`);
  const near = (what: string, value: number, wanted: number) =>
    assert.ok(Math.abs(value - wanted) <= tolerance, `${label} ${what}: got ${value}, wanted ${wanted}`);
  near(
    'mean',
    average(got, (v) => v),
    want.mean,
  );
  near('mean of magnitudes', average(got, Math.abs), want.absmean);
  for (const [c, y, x, value] of want.points as [number, number, number, number][]) {
    near(`at [${c}, ${y}, ${x}]`, got[(c * height + y) * width + x]!, value);
  }
}
