// Every convolution candidate against the plain one on the device at hand: forward, data gradient and weight gradient.

import type { Device } from '../device/device.js';
import { compile, conv2d, convTranspose2d, destroy, grad, mean, square, type Tensor, variable } from '../engine.js';

export interface SelftestRow {
  case: string;
  /** Candidates that ran, as op.candidate. */
  candidates: string[];
  /** Largest difference to the plain candidate over the plain one's root mean square, per result. */
  error: { forward: number; data: number; weight: number };
  ok: boolean;
}

type Make = (x: Tensor, w: Tensor) => Tensor;
interface Case {
  x: number[];
  w: number[];
  make: Make;
}

const CASES: Record<string, Case> = {
  '3x3': { x: [1, 8, 19, 33], w: [12, 8, 3, 3], make: (x, w) => conv2d(x, w, null, { padding: 1 }) },
  '3x3 reflect': {
    x: [2, 7, 9, 11],
    w: [9, 7, 3, 3],
    make: (x, w) => conv2d(x, w, null, { padding: 1, paddingMode: 'reflect' }),
  },
  '7x7 reflect': {
    x: [1, 3, 17, 21],
    w: [8, 3, 7, 7],
    make: (x, w) => conv2d(x, w, null, { padding: 3, paddingMode: 'reflect' }),
  },
  '4x4 stride 2': { x: [1, 6, 17, 19], w: [9, 6, 4, 4], make: (x, w) => conv2d(x, w, null, { stride: 2, padding: 2 }) },
  '3x3 stride 2': { x: [1, 6, 18, 20], w: [9, 6, 3, 3], make: (x, w) => conv2d(x, w, null, { stride: 2, padding: 1 }) },
  'transposed 3x3': {
    x: [1, 9, 8, 11],
    w: [9, 5, 3, 3],
    make: (x, w) => convTranspose2d(x, w, null, { stride: 2, padding: 1, outputPadding: 1 }),
  },
  '1x1': { x: [1, 9, 8, 11], w: [3, 9, 1, 1], make: (x, w) => conv2d(x, w, null) },
  'dilated groups': {
    x: [1, 8, 12, 13],
    w: [6, 4, 3, 3],
    make: (x, w) => conv2d(x, w, null, { dilation: 2, groups: 2, padding: 2 }),
  },
};

/** f32 sums of up to 1,000 products in another order stay within this share of the rms. */
const BOUND = 2e-5;

/** Values that float32 holds exactly, without a random generator: the same on every machine. */
const pattern = (shape: readonly number[], step: number): Float32Array =>
  Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => (((i * step) % 251) - 125) / 128);

async function results(device: Device, { x: shape, w: weights, make }: Case, force?: Record<string, string>) {
  const x = variable(shape, pattern(shape, 37));
  const w = variable(weights, pattern(weights, 53));
  const y = make(x, w);
  const [data, weight] = grad(mean(square(y)), [x, w]);
  const program = await compile(device, { outputs: { forward: y, data, weight } }, { force });
  const values = (await program.run()) as Record<'forward' | 'data' | 'weight', Float32Array>;
  const used = program.stats.kernels.filter(({ op }) => op.startsWith('conv')).map((k) => `${k.op}.${k.candidate}`);
  program.destroy();
  for (const tensor of [x, w]) destroy(device, tensor);
  return { values, candidates: [...new Set(used)] };
}

function apart(got: Float32Array, plain: Float32Array): number {
  const rms = Math.sqrt(plain.reduce((sum, v) => sum + v * v, 0) / plain.length);
  // A NaN must not pass as a small difference.
  return got.reduce((most, v, i) => (Number.isFinite(v) ? Math.max(most, Math.abs(v - plain[i])) : Infinity), 0) / rms;
}

/** Runs all cases. @returns one row a case; `ok` is false where a candidate is further from the plain one than rounding allows. */
export async function selftest(device: Device): Promise<SelftestRow[]> {
  const rows: SelftestRow[] = [];
  for (const [name, spec] of Object.entries(CASES)) {
    const plain = await results(device, spec, { conv: 'plain', convWeight: 'plain' });
    const { values, candidates } = await results(device, spec);
    const error = {
      forward: apart(values.forward, plain.values.forward),
      data: apart(values.data, plain.values.data),
      weight: apart(values.weight, plain.values.weight),
    };
    rows.push({ case: name, candidates, error, ok: Object.values(error).every((e) => e <= BOUND) });
  }
  return rows;
}

export function selftestText(rows: readonly SelftestRow[]): string {
  const lines = rows.map(({ case: name, candidates, error, ok }) => {
    const errors = Object.entries(error).map(([role, e]) => `${role} ${e.toExponential(1)}`);
    return `  ${ok ? 'ok    ' : 'WRONG '} ${name.padEnd(16)} ${errors.join('  ')}   ${candidates.join(' ')}`;
  });
  const wrong = rows.filter(({ ok }) => !ok).length;
  const verdict = wrong
    ? `${wrong} of ${rows.length} cases are WRONG on this device`
    : `all ${rows.length} cases agree`;
  return ['Self-test: difference to the plain kernel, over its rms', ...lines, verdict].join('\n');
}
