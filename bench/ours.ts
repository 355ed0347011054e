// This project's engine. Operands are variables, so that a run uploads nothing.

import type { Device } from '../src/device/device.js';
import {
  add,
  compile,
  conv2d,
  convTranspose2d,
  destroy,
  instanceNorm,
  relu,
  type Tensor,
  variable,
} from '../src/engine.js';
import { gradientRules } from '../src/graph/gradients/index.js';
import type { ProgramStats } from '../src/graph/program.js';
import { VERSION } from '../src/version.js';
import type { Case, Kind, Layer, Role } from './cases.js';
import type { Engine, Prepared } from './engine.js';
import type { Operands, Values } from './operands.js';

type Tensors = Record<keyof Operands, Tensor>;

const reflectConv = (x: Tensor, w: Tensor): Tensor => conv2d(x, w, null, { padding: 1, paddingMode: 'reflect' });

const FORWARD: Record<Kind, (t: Tensors, layer: Layer) => Tensor> = {
  conv: ({ x, w }, { stride, padding }) => conv2d(x, w, null, { stride, padding }),
  transposed: ({ x, w }, { stride, padding, outputPadding }) =>
    convTranspose2d(x, w, null, { stride, padding, outputPadding }),
  norm: ({ x }) => instanceNorm(x),
  block: ({ x, w, v }) => add(x, instanceNorm(reflectConv(relu(instanceNorm(reflectConv(x, w))), v))),
};

/** Which operand a role's result is the gradient of. */
const WANTED: Record<Role, 'x' | 'w' | undefined> = { forward: undefined, data: 'x', weight: 'w', both: 'x' };

/** The gradient kernel by itself: `grad` of a scalar would add the multiplication that makes one. */
function gradientOf(y: Tensor, dy: Tensor, wanted: Tensor): Tensor {
  const { node } = y;
  const gradients = gradientRules[node.op.name]!(
    node.outputs.map((output) => (output === y ? dy : null)),
    node,
    node.inputs.map((input) => input === wanted),
  );
  return gradients[node.inputs.indexOf(wanted)]!;
}

function graphOf(t: Tensors, layer: Case): Tensor {
  const wanted = WANTED[layer.role];
  const y = FORWARD[layer.kind](t, layer);
  return wanted ? gradientOf(y, t.dy, t[wanted]) : y;
}

/** A variable only for what there is. */
const variableOf = ({ shape, data }: Values): Tensor | undefined =>
  data.length > 0 ? variable(shape, () => data) : undefined;

/** Of the kernels that do arithmetic, else of all. */
function candidateOf({ kernels }: ProgramStats): string {
  const most = Math.max(...kernels.map(({ flops }) => flops));
  const names = kernels.filter(({ flops }) => flops >= most / 2).map(({ op, candidate }) => `${op}.${candidate}`);
  return [...new Set(names)].join(' ');
}

export function ours(device: Device): Engine {
  async function prepare(layer: Case, operands: Operands): Promise<Prepared> {
    const given = Object.entries(operands).map(([name, values]) => [name, variableOf(values)] as const);
    const tensors = Object.fromEntries(given) as Tensors;
    const program = await compile(device, { outputs: { result: graphOf(tensors, layer) } });
    return {
      run: async () => void (await program.run({}, { readback: false })),
      result: async () => (await program.run()).result as Float32Array,
      candidate: candidateOf(program.stats),
      close() {
        program.destroy();
        for (const [, tensor] of given) if (tensor) destroy(device, tensor);
      },
    };
  }
  return { name: 'ours', version: VERSION, prepare };
}
