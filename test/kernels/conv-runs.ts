import type { Device } from '../../src/device/device.js';
import { convGradients } from '../../src/graph/gradients/conv.js';
import { conv2d, convTranspose2d } from '../../src/graph/ops/conv.js';
import { input } from '../../src/graph/ops/source.js';
import { type CompileOptions, compile } from '../../src/graph/program.js';
import type { ProgramStats } from '../../src/graph/stats.js';
import type { Tensor } from '../../src/graph/tensor.js';
import { type ConvSpec, type Random, values } from '../support/random.js';
import { type Arr, sizeOf } from '../twin/array.js';
import type { Conv2dOptions, ConvTranspose2dOptions } from '../twin/conv.js';

/** One convolution with values; `transposed` tells which of the two. */
export type Trial = {
  transposed: boolean;
  spec: ConvSpec<Conv2dOptions & ConvTranspose2dOptions>;
  x: Arr;
  w: Arr;
  b: Arr | null;
};

/** Weights small enough that sums stay near 1, as trained ones are. */
export function trialOf(r: Random, transposed: boolean, spec: Trial['spec']): Trial {
  const spread = 2 / Math.sqrt(sizeOf(spec.w.slice(1)));
  const outputs = transposed ? spec.w[1] * (spec.options.groups ?? 1) : spec.w[0];
  return {
    transposed,
    spec,
    x: values(r, spec.x),
    w: values(r, spec.w, -spread, spread),
    b: spec.bias ? values(r, [outputs]) : null,
  };
}

const floats = ({ data }: Arr) => Float32Array.from(data);

function graph({ transposed, spec, x, w, b }: Trial, dyOf: (shape: readonly number[]) => Arr) {
  const operands = [input(x.shape), input(w.shape), ...(b ? [input(b.shape)] : [])];
  const y = (transposed ? convTranspose2d : conv2d)(operands[0]!, operands[1]!, operands[2] ?? null, spec.options);
  const dy = input(y.shape);
  const gradients = convGradients[y.node.op.name]!(
    [dy],
    y.node,
    operands.map(() => true),
  ) as Tensor[];
  const feeds = [x, w, ...(b ? [b] : []), dyOf(y.shape)].map(floats);
  return { inputs: [...operands, dy], feeds, outputs: [y, ...gradients] };
}

const named = <T>(prefix: string, list: readonly T[]): Record<string, T> =>
  Object.fromEntries(list.map((item, i) => [`${prefix}${i}`, item]));

/** [y, dx, dw, db] of every trial (db only with a bias), all in one program. */
export async function runTrials(
  device: Device,
  trials: readonly Trial[],
  dyOf: (shape: readonly number[]) => Arr,
  options: CompileOptions = {},
): Promise<{ results: Float32Array[][]; stored: number } & Pick<ProgramStats, 'dispatches' | 'kernels'>> {
  const graphs = trials.map((trial) => graph(trial, dyOf));
  const program = await compile(
    device,
    {
      inputs: named(
        'in',
        graphs.flatMap(({ inputs }) => inputs),
      ),
      outputs: named(
        'out',
        graphs.flatMap(({ outputs }) => outputs),
      ),
    },
    options,
  );
  const found = await program.run(
    named(
      'in',
      graphs.flatMap(({ feeds }) => feeds),
    ),
  );
  const stored = await program.guards();
  program.destroy();
  let next = 0;
  const results = graphs.map(({ outputs }) => outputs.map(() => found[`out${next++}`] as Float32Array));
  return { results, stored, ...program.stats };
}
