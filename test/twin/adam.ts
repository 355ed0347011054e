import { type Arr, map, type Operand, toArr } from './array.js';

export type AdamScalars = { lr: Operand; correction1: Operand; correction2: Operand };
export type AdamOptions = { beta1?: number; beta2?: number; eps?: number };

/** torch.optim.Adam at step t, with correction1 = 1 − beta1ᵗ and correction2 = 1 − beta2ᵗ computed by the caller. */
export function adam(
  w: Arr,
  g: Arr,
  m: Arr,
  v: Arr,
  scalars: AdamScalars,
  { beta1 = 0.9, beta2 = 0.999, eps = 1e-8 }: AdamOptions = {},
): { w: Arr; m: Arr; v: Arr } {
  const [lr, correction1, correction2] = [scalars.lr, scalars.correction1, scalars.correction2].map(
    (x) => toArr(x).data[0],
  );
  const nextM = map(m, (value, i) => beta1 * value + (1 - beta1) * g.data[i]);
  const nextV = map(v, (value, i) => beta2 * value + (1 - beta2) * g.data[i] ** 2);
  const nextW = map(
    w,
    (value, i) => value - ((lr / correction1) * nextM.data[i]) / (Math.sqrt(nextV.data[i] / correction2) + eps),
  );
  return { w: nextW, m: nextM, v: nextV };
}
