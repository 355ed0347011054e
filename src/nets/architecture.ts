import type { Tensor } from '../engine.js';
import { DataError } from '../errors.js';
import type { DiscriminatorOptions } from './discriminator.js';
import type { EncoderOptions } from './encoder.js';
import { generatorUnits, globalGenerator } from './generator.js';
import type { Norm } from './layer.js';
import { enhancerPyramid, type LocalEnhancerOptions, localEnhancer } from './local-enhancer.js';
import type { Net, Parameter } from './parameters.js';
import type { Pyramid } from './walk.js';

/** Shapes of a checkpoint's tensors by name. */
export type Shapes = ReadonlyMap<string, readonly number[]>;

/** A generator of either kind in the reference's options; the last two are 0 for a global one. */
export interface GeneratorArchitecture extends LocalEnhancerOptions {
  netG: 'global' | 'local';
}

export const generatorNet = (architecture: GeneratorArchitecture): Net<Tensor> =>
  architecture.netG === 'local' ? localEnhancer(architecture) : globalGenerator(architecture);

/** The same generator as data. */
export const generatorPyramid = (architecture: GeneratorArchitecture): Pyramid =>
  architecture.netG === 'local'
    ? enhancerPyramid(architecture)
    : { trunk: generatorUnits(architecture), enhancers: [] };

/**
 * A state-dict key as the nets spell it, or null for what carries nothing: a data-parallel wrapper adds `module.`, and torch before 0.4
 * stored running statistics for instance norm, never used.
 */
export function tensorName(key: string, norm: Norm): string | null {
  const name = key.replace(/^module\./, '');
  return norm === 'instance' && /\.(running_mean|running_var|num_batches_tracked)$/.test(name) ? null : name;
}

/** The same shapes under the names of the nets. */
export function cleanShapes(shapes: Shapes): Map<string, readonly number[]> {
  const norm = normOf(shapes);
  const named = [...shapes].map(([key, shape]) => [tensorName(key, norm), shape] as const);
  return new Map(named.filter((entry): entry is [string, readonly number[]] => entry[0] !== null));
}

/** Only batch norm has a weight that is a vector. */
export const normOf = (shapes: Shapes): Norm =>
  [...shapes].some(([name, shape]) => name.endsWith('.weight') && shape.length === 1) ? 'batch' : 'instance';

/** Shapes of the convolutions directly in the sequence `prefix`, in its order. */
function convolutions(shapes: Shapes, prefix: string): (readonly number[])[] {
  const pattern = new RegExp(`^${prefix}\\.(\\d+)\\.weight$`);
  return [...shapes]
    .flatMap(([name, shape]) => {
      const index = pattern.exec(name)?.[1];
      return index !== undefined && shape.length === 4 ? [{ index: Number(index), shape }] : [];
    })
    .sort((a, b) => a.index - b.index)
    .map(({ shape }) => shape);
}

const countBlocks = (shapes: Shapes, prefix: string): number =>
  [...shapes.keys()].filter((name) => new RegExp(`^${prefix}\\.\\d+\\.conv_block\\.1\\.weight$`).test(name)).length;

/** The highest number that `pattern` captures in a name; −1 where none matches. */
const highest = (shapes: Shapes, pattern: RegExp): number =>
  Math.max(-1, ...[...shapes.keys()].map((name) => Number(pattern.exec(name)?.[1] ?? -1)));

function noNet(what: string, shapes: Shapes, file: string): never {
  const some = [...shapes.keys()].slice(0, 3).join(', ') || 'none';
  throw new DataError(`no ${what} of pix2pixHD; its ${shapes.size} tensors begin with: ${some}`, { file });
}

/**
 * The options of the generator whose tensors these are. What a channel of the input
 * means (class, edge, feature) is not in the tensors.
 * @throws DataError where they are no generator's
 */
export function inferGenerator(given: Shapes, file: string): GeneratorArchitecture {
  const shapes = cleanShapes(given);
  const nLocalEnhancers = Math.max(0, highest(shapes, /^model(\d+)_1\.1\.weight$/));
  const trunk = convolutions(shapes, 'model');
  const last = nLocalEnhancers > 0 ? convolutions(shapes, `model${nLocalEnhancers}_2`).at(-1) : trunk.at(-1);
  // First layer, n down, n up, and in a global generator the last layer.
  const nDownsample = (trunk.length - (nLocalEnhancers > 0 ? 1 : 2)) / 2;
  if (!last || !Number.isInteger(nDownsample) || nDownsample < 0) noNet('generator', given, file);
  return {
    netG: nLocalEnhancers > 0 ? 'local' : 'global',
    inputNc: trunk[0]![1]!,
    outputNc: last[0]!,
    ngf: last[1]!,
    nDownsample,
    nBlocks: countBlocks(shapes, 'model'),
    nLocalEnhancers,
    nBlocksLocal: countBlocks(shapes, 'model1_2'),
    norm: normOf(shapes),
  };
}

/** The options of the encoder whose tensors these are. @throws DataError where they are no encoder's */
export function inferEncoder(given: Shapes, file: string): EncoderOptions {
  const { netG, inputNc, outputNc, ngf, nDownsample, nBlocks, norm } = inferGenerator(given, file);
  if (netG !== 'global' || nBlocks > 0) noNet('encoder', given, file);
  return { outputNc: inputNc, featNum: outputNc, nef: ngf, nDownsampleE: nDownsample, norm };
}

/** The options of the discriminator whose tensors these are. @throws DataError where they are no discriminator's */
export function inferDiscriminator(given: Shapes, file: string): DiscriminatorOptions {
  const shapes = cleanShapes(given);
  const ganFeat = shapes.has('scale0_layer0.0.weight');
  const first = shapes.get(ganFeat ? 'scale0_layer0.0.weight' : 'layer0.0.weight');
  if (first?.length !== 4) noNet('discriminator', given, file);
  const flat = convolutions(shapes, 'layer0').length;
  return {
    inputNc: first[1]!,
    ndf: first[0]!,
    nLayers: (ganFeat ? highest(shapes, /^scale0_layer(\d+)\.0\.weight$/) + 1 : flat) - 2,
    numD: highest(shapes, ganFeat ? /^scale(\d+)_/ : /^layer(\d+)\./) + 1,
    norm: normOf(shapes),
    ganFeat,
  };
}

const shown = (names: readonly string[]): string => names.slice(0, 3).join(', ') + (names.length > 3 ? ', …' : '');

/**
 * Refuses a checkpoint that is not exactly the net's: a partial load gives pictures of noise without a word.
 * @throws DataError naming the tensors that are missing, of another shape or unknown
 */
export function requireTensors(parameters: readonly Parameter[], given: Shapes, file: string): void {
  const shapes = cleanShapes(given);
  const names = new Set(parameters.map(({ name }) => name));
  const problems = [
    ['missing', parameters.filter(({ name }) => !shapes.has(name)).map(({ name }) => name)],
    ['of another shape', parameters.flatMap((parameter) => wrongShape(parameter, shapes))],
    ['unknown', [...shapes.keys()].filter((name) => !names.has(name))],
  ] as const;
  const found = problems.filter(([, list]) => list.length > 0);
  if (found.length === 0) return;
  const text = found.map(([problem, list]) => `${list.length} ${problem} (${shown(list)})`).join('; ');
  throw new DataError(`tensors do not fit the net: ${text}`, { file, fix: 'Use the options it was trained with' });
}

/** The same, of a file that may hold other tensors too. @throws DataError */
export function requireAmong(parameters: readonly Parameter[], given: Shapes, file: string): void {
  const wanted = new Set(parameters.map(({ name }) => name));
  requireTensors(parameters, new Map([...given].filter(([name]) => wanted.has(name))), file);
}

function wrongShape({ name, shape }: Parameter, shapes: Shapes): string[] {
  const got = shapes.get(name);
  if (!got || got.join() === shape.join()) return [];
  return [`${name} [${got.join(', ')}], wanted [${shape.join(', ')}]`];
}
