// jax-js on WebGPU. Functions are compiled with `jit`; a gradient is that of Σ y·dy, whose forward pass jit drops.

import { load, versionOf } from '#peers';
import type { Case, Kind, Layer, Role } from '../cases.js';
import type { Engine, Prepared } from '../engine.js';
import type { Operands, Values } from '../operands.js';

const square = <T>(value: T): [T, T] => [value, value];

const FORWARD: Partial<Record<Kind, (lax: any, x: any, w: any, layer: Layer) => any>> = {
  conv: (lax, x, w, { stride = 1, padding = 0 }) =>
    lax.convGeneralDilated(x, w, square(stride), square(square(padding))),
  transposed: (lax, x, w, { stride = 1, padding = 0, outputPadding = 0 }) =>
    lax.convTranspose(x, w, square(stride), square([padding, padding - outputPadding]), { transposeKernel: true }),
};

/** Which argument a role's result is the gradient of. */
const ARGUMENT: Partial<Record<Role, number>> = { data: 0, weight: 1 };

/** The function of (x, w, dy) that a case means. */
function functionOf({ lax, jit, grad }: any, layer: Case): any {
  const forward = FORWARD[layer.kind]!;
  const argnums = ARGUMENT[layer.role];
  if (argnums === undefined) return jit((x: any, w: any) => forward(lax, x, w, layer));
  return jit(grad((x: any, w: any, dy: any) => forward(lax, x, w, layer).mul(dy).sum(), { argnums }));
}

export async function jax(): Promise<Engine> {
  const module = load('@jax-js/jax');
  await module.init('webgpu');
  module.defaultDevice('webgpu');
  const arrayOf = ({ shape, data }: Values) => module.numpy.array(data).reshape([...shape]);

  async function prepare(layer: Case, { x, w, dy }: Operands): Promise<Prepared | undefined> {
    if (!FORWARD[layer.kind]) return undefined;
    const given = (layer.role === 'forward' ? [x, w] : [x, w, dy]).map(arrayOf);
    const f = functionOf(module, layer);
    // A call takes its arguments over; `ref` keeps ours.
    const once = () => f(...given.map((array) => array.ref));
    return {
      async run() {
        const y = once();
        await y.blockUntilReady();
        y.dispose();
      },
      result: async () => (await once().data()) as Float32Array,
      close: () => [f, ...given].forEach((one) => void one.dispose()),
    };
  }
  return { name: 'jax-js', version: versionOf('@jax-js/jax'), prepare };
}
