// Adam's state of a checkpoint, as torch's optimisers keep it.

import { DataError } from '../errors.js';
import type { TorchValue } from '../formats/pth-write.js';
import type { TensorToWrite } from '../formats/safetensors.js';
import type { StateDict } from '../formats/state-dict.js';
import { type AdamRates, type Optimised, torchAdam } from '../formats/torch-adam.js';
import { isBuffer, type Parameter } from '../nets/parameters.js';
import type { NetName } from './find.js';

/** An open optimizer.safetensors. */
export interface AdamFile {
  file: StateDict;
  /** Steps since the moments were zero; the encoder is stepped with the generator. */
  steps: { G: number; D: number };
  rates: AdamRates;
}

const number = (value: unknown, fallback: number): number => (typeof value === 'number' ? value : fallback);

/** The state's counts stand in the file, its rates in the run's config; without one they are the reference's defaults. */
export function openAdam(file: StateDict, { lr, beta1 }: Record<string, unknown>): AdamFile {
  const rates = { lr: number(lr, 2e-4), beta1: number(beta1, 0.5), beta2: 0.999, eps: 1e-8 };
  const text = file.metadata.get('state') ?? '{}';
  try {
    const { G, D } = JSON.parse(text).adam;
    if (Number.isSafeInteger(G) && Number.isSafeInteger(D)) return { file, steps: { G, D }, rates };
  } catch {
    // told below, like counts that are no numbers
  }
  throw new DataError('does not say how many steps Adam has done', { file: file.file, fix: 'Use another checkpoint' });
}

const STORED = ['exp_avg', 'exp_avg_sq'] as const;

/** What is trained has moments in the file. Those of a bias that a norm cancels are 0, as its gradient is. */
function pairOf(file: StateDict, net: NetName, { name, shape, trained }: Parameter) {
  const [m, v] = STORED.map((moment): TensorToWrite | undefined => {
    const stored = `${net}.${name}.${moment}`;
    const head = { name: stored, dtype: 'F32' as const, shape: [...shape] };
    if (file.shapes.has(stored)) return { ...head, data: () => file.read(stored) };
    return trained ? undefined : { ...head, data: () => new Float32Array(shape.reduce((a, b) => a * b, 1)) };
  });
  return m && v ? { m, v } : undefined;
}

type Nets = readonly { name: NetName; parameters: readonly Parameter[] }[];

/** One optimiser over some nets, one after the other; undefined where the file has no moment of theirs. */
function optimiserOf({ file, rates }: AdamFile, nets: Nets, step: number): TorchValue | undefined {
  const stepped = nets.filter(({ name }) => [...file.shapes.keys()].some((key) => key.startsWith(`${name}.`)));
  if (stepped.length === 0) return undefined;
  const pairs = new Map<Optimised, ReturnType<typeof pairOf>>();
  for (const { name, parameters } of stepped) {
    for (const p of parameters) if (!isBuffer(p)) pairs.set(p, pairOf(file, name, p));
  }
  return torchAdam([...pairs.keys()], rates, step, (parameter) => pairs.get(parameter));
}

/** States by optimiser, as the reference has them: G's steps the encoder too. */
export function adamOf(adam: AdamFile, nets: Nets): Record<'G' | 'D', TorchValue | undefined> {
  const of = (...names: NetName[]) => nets.filter(({ name }) => names.includes(name));
  return { G: optimiserOf(adam, of('G', 'E'), adam.steps.G), D: optimiserOf(adam, of('D'), adam.steps.D) };
}
