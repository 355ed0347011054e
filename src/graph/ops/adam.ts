import { type AdamRates, adamStep } from '../../kernels/adam.js';
import { apply, type Launch, type Lowering, type Node, type Op, operand, refuse, type Tensor } from '../tensor.js';
import { knownOptions } from './options.js';
import { pointwise } from './pointwise.js';

/** Rank-0 tensors: fed at every step, computed in double on the host. */
export interface AdamScalars {
  lr: Tensor;
  /** 1 − beta1ᵗ at step t = 1, 2, … */
  correction1: Tensor;
  /** 1 − beta2ᵗ */
  correction2: Tensor;
  /** Where it is not 0, nothing changes: a step whose gradients are no numbers. */
  skip?: Tensor;
  /** What gradients are multiplied by first: one over the scale of the losses that they are of. */
  unscale?: Tensor;
}

const SCALARS = ['lr', 'correction1', 'correction2'] as const;
const DEFAULTS: AdamRates = { beta1: 0.9, beta2: 0.999, eps: 1e-8 };

function lower({ inputs, outputs, attrs }: Node<AdamRates>, plan: Lowering): Launch[] {
  const [w, g, m, v, scalars] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const [nextW, nextM, nextV] = outputs as [Tensor, Tensor, Tensor];
  const whole = plan.chunks(scalars)[0]!;
  return plan.chunks(w).map((chunk): Launch => {
    const parts = Object.entries({ w, g, m, v, nextW, nextM, nextV });
    const views = Object.fromEntries(parts.map(([name, tensor]) => [name, { tensor, chunk }]));
    return { kernel: adamStep(chunk, attrs), operands: { ...views, scalars: { tensor: scalars, chunk: whole } } };
  });
}

const step: Op<AdamRates> = { name: 'adam', lower, inPlace: true };

function rate(name: keyof AdamRates, value: unknown, below: number): number {
  if (typeof value !== 'number' || !(value >= 0 && value < below))
    refuse('adam', name, value, `a number in [0, ${below})`);
  return value;
}

function ratesOf(options: Partial<AdamRates>): AdamRates {
  knownOptions('adam', options, Object.keys(DEFAULTS));
  const { beta1, beta2, eps } = { ...DEFAULTS, ...options };
  return { beta1: rate('beta1', beta1, 1), beta2: rate('beta2', beta2, 1), eps: rate('eps', eps, Infinity) };
}

const packs = new WeakMap<AdamScalars, Tensor>();

/** `i` is the index of the element that a kernel of elementwise ops computes. */
const PACK = 'array(lr, correction1, correction2, skip, unscale)[i]';

/** The scalars as one tensor: with w, g, m, v and three results, eight bindings, all that every device has. One pack
 * serves every parameter that is given the same object: a training step has 1 instead of 43 of them. */
function packed(scalars: AdamScalars): Tensor {
  knownOptions('adam', scalars, [...SCALARS, 'skip', 'unscale']);
  const scalar = (name: keyof AdamScalars): Tensor => operand('adam', name, scalars[name], { rank: 0 });
  const values = {
    ...Object.fromEntries(SCALARS.map((name) => [name, scalar(name)])),
    skip: scalars.skip ? scalar('skip') : 0,
    unscale: scalars.unscale ? scalar('unscale') : 1,
  };
  const pack = packs.get(scalars) ?? pointwise('adamScalars', PACK, values, [Object.keys(values).length]);
  packs.set(scalars, pack);
  return pack;
}

/**
 * One step of Adam: the next w, m and v from a parameter, its gradient and its moments, all of one shape.
 * `torch.optim.Adam` without weight decay.
 */
export function adam(
  w: Tensor,
  g: Tensor,
  m: Tensor,
  v: Tensor,
  scalars: AdamScalars,
  options: Partial<AdamRates> = {},
): { w: Tensor; m: Tensor; v: Tensor } {
  const { shape } = operand('adam', 'w', w);
  for (const [name, tensor] of Object.entries({ g, m, v })) {
    const got = operand('adam', name, tensor).shape;
    if (got.join() !== shape.join()) refuse('adam', name, got, `[${shape.join(', ')}], the shape of w`);
  }
  const rates = ratesOf(options);
  const next = apply(step, [w, g, m, v, packed(scalars)], rates, { shape }, { shape }, { shape });
  return { w: next[0]!, m: next[1]!, v: next[2]! };
}
