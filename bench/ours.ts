// This project's engine. Operands are variables, so that a run uploads nothing.

import type { Device } from '../src/device/device.js';
import {
  add,
  type CompileOptions,
  compile,
  conv2d,
  convTranspose2d,
  destroy,
  type Feeds,
  instanceNorm,
  type Program,
  type ProgramStats,
  relu,
  type Tensor,
  variable,
} from '../src/engine.js';
import { KEPT_BYTES } from '../src/generate/generator.js';
import { gradientRules } from '../src/graph/gradients/index.js';
import { encodeInput } from '../src/nets/encode-input.js';
import { createVariables, lookup } from '../src/nets/parameters.js';
import { VERSION } from '../src/version.js';
import type { Case, Kind, Layer, Role } from './cases.js';
import type { Engine, GeneratorCase, Prepared, StepCase } from './engine.js';
import type { Operands, Values } from './operands.js';
import { LOSSES, scalarFeeds, stepOf } from './step.js';

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

function preparedOf(
  program: Program,
  feeds: (run: number) => Feeds,
  names: readonly string[],
  close: () => void,
): Prepared {
  let runs = 0;
  return {
    run: async () => void (await program.run(feeds(++runs), { readback: false })),
    async result() {
      const read = await program.run(feeds(++runs));
      return names.length > 1 ? Float32Array.from(names, (name) => read[name]![0]!) : (read[names[0]!] as Float32Array);
    },
    candidate: candidateOf(program.stats),
    close,
  };
}

/** A program of variables alone, which are freed with it. */
async function preparedGraph(
  device: Device,
  result: Tensor,
  variables: readonly (Tensor | undefined)[],
  options: CompileOptions = {},
): Promise<Prepared> {
  const program = await compile(device, { outputs: { result } }, options);
  return preparedOf(
    program,
    () => ({}),
    ['result'],
    () => {
      program.destroy();
      for (const tensor of variables) if (tensor) destroy(device, tensor);
    },
  );
}

function prepare(device: Device, layer: Case, operands: Operands, options?: CompileOptions): Promise<Prepared> {
  const given = Object.entries(operands).map(([name, values]) => [name, variableOf(values)] as const);
  const graph = graphOf(Object.fromEntries(given) as Tensors, layer);
  return preparedGraph(
    device,
    graph,
    given.map(([, tensor]) => tensor),
    options,
  );
}

/** A case by the candidates named. */
export const forced = (
  device: Device,
  layer: Case,
  operands: Operands,
  force: Record<string, string>,
): Promise<Prepared> => prepare(device, layer, operands, { force });

async function generator(device: Device, { nets, weights, x, picture }: GeneratorCase): Promise<Prepared> {
  const variables = createVariables(
    nets.G.parameters,
    ({ name }) =>
      () =>
        weights.get(name)!.data,
  );
  const all = Object.values(variables);
  if (!picture) {
    const given = variableOf(x)!;
    return preparedGraph(device, nets.G.forward(given, lookup(variables)), [given, ...all], { keep: KEPT_BYTES });
  }
  const { inputs, condition } = encodeInput(nets.encoding, [1, x.shape[2]!, x.shape[3]!]);
  const program = await compile(
    device,
    { inputs, outputs: { result: nets.G.forward(condition, lookup(variables)) } },
    { keep: KEPT_BYTES },
  );
  const { labels, instances } = picture;
  return preparedOf(
    program,
    () => ({ labels, instances }),
    ['result'],
    () => {
      program.destroy();
      for (const tensor of all) destroy(device, tensor);
    },
  );
}

async function step(device: Device, { nets, weights, picture, size }: StepCase): Promise<Prepared> {
  const { program, close } = await stepOf(device, nets, size, weights);
  return preparedOf(program, (run) => ({ ...picture, ...scalarFeeds(run) }), LOSSES, close);
}

export const ours = (device: Device): Engine & Required<Pick<Engine, 'generator' | 'step'>> => ({
  name: 'ours',
  version: VERSION,
  prepare: (layer, operands) => prepare(device, layer, operands),
  generator: (given) => generator(device, given),
  step: (given) => step(device, given),
});
