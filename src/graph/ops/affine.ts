import { operand, refuse, type Tensor } from '../tensor.js';
import { add } from './activations.js';
import { mul } from './pointwise.js';
import { reshape } from './shape.js';

export interface Affine {
  /** [C]: scale after the norm. */
  weight?: Tensor;
  /** [C]: added last. */
  bias?: Tensor;
}

/** A vector [C] lined up with the channels of x; undefined where it is not given. */
export function perChannel(op: string, name: string, value: Tensor | null | undefined, x: Tensor): Tensor | undefined {
  if (value === undefined || value === null) return undefined;
  const vector = operand(op, name, value, { rank: 1 });
  const channels = x.shape[1]!;
  if (vector.shape[0] !== channels) refuse(op, name, vector.shape, `[${channels}], one for each channel of x`);
  return reshape(vector, [1, channels, ...x.shape.slice(2).map(() => 1)]);
}

export function affine(op: string, unit: Tensor, { weight, bias }: Affine): Tensor {
  const w = perChannel(op, 'weight', weight, unit);
  const b = perChannel(op, 'bias', bias, unit);
  const scaled = w ? mul(unit, w) : unit;
  return b ? add(scaled, b) : scaled;
}
