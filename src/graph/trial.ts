import type { Device } from '../device/device.js';
import { type Arena, createArena } from './arena.js';
import type { Choosable } from './choices.js';
import { sizeOf } from './chunks.js';
import { input, variable } from './ops/source.js';
import { type CompileOptions, compile, type Feeds, type Program } from './program.js';
import { destroy } from './storage.js';
import { apply, type Tensor } from './tensor.js';

// One node of a graph by itself, on operands of its own: to check a candidate, and to time it.

export interface Trial {
  /** The node by one of its candidates. */
  program(name: string): Promise<Program>;
  feeds: Feeds;
  close(): void;
}

type Shapes = readonly (readonly number[])[];

/** The same numbers on every machine, in [-1, 1): multiplying and cutting, Park and Miller. */
function drawn(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (state * 48271) % 2147483647;
    return (2 * state) / 2147483647 - 1;
  });
}

/** Floats are variables, so that a run uploads nothing of them; ids are fed, all 0. */
function operandOf({ dtype }: Tensor, shape: readonly number[], seed: number): Tensor {
  return dtype === 'f32' ? variable(shape, () => drawn(sizeOf(shape), seed)) : input(shape, dtype);
}

/** @param shapes of operands and results, where they are not to be the node's own */
export function trialOf(
  device: Device,
  { node, tunable }: Choosable,
  setting: Pick<CompileOptions, 'limits' | 'precise'>,
  shapes: { inputs: Shapes; outputs: Shapes } = {
    inputs: node.inputs.map(({ shape }) => shape),
    outputs: node.outputs.map(({ shape }) => shape),
  },
): Trial {
  const operands = node.inputs.map((tensor, i) => operandOf(tensor, shapes.inputs[i]!, i + 1));
  const results = node.outputs.map(({ dtype }, i) => ({ shape: shapes.outputs[i]!, dtype }));
  const outputs = Object.entries(apply(node.op, operands, node.attrs, ...results));
  const fed = operands.filter(({ dtype }) => dtype !== 'f32');
  const arena: Arena = createArena(device);
  const programs: Program[] = [];
  return {
    feeds: Object.fromEntries(fed.map(({ shape }, i) => [`${i}`, new Int32Array(sizeOf(shape))])),
    async program(name) {
      const spec = { inputs: Object.fromEntries(Object.entries(fed)), outputs: Object.fromEntries(outputs) };
      const made = await compile(device, spec, { ...setting, force: { [tunable.op]: name }, arena, debug: 0 });
      programs.push(made);
      return made;
    },
    close() {
      for (const program of programs) program.destroy();
      arena.destroy();
      for (const operand of operands) if (operand.dtype === 'f32') destroy(device, operand);
    },
  };
}
