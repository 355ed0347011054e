import { conv2d, convTranspose2d, detach, div, maximum, mul, reshape, sqrt, sum, type Tensor } from '../engine.js';
import type { Lookup, Net, Variables } from './parameters.js';

const EPSILON = 1e-12;

const norm = (x: Tensor): Tensor => maximum(sqrt(sum(mul(x, x))), EPSILON);
const normalised = (x: Tensor): Tensor => div(x, norm(x));

/** One step of power iteration on w as a matrix [O, I·kh·kw]: the next left vector [1, O, 1, 1] and w's largest singular value. */
function singular(w: Tensor, u: Tensor): { u: Tensor; sigma: Tensor } {
  const [outputs, ...rest] = w.shape as [number, ...number[]];
  const matrix = reshape(w, [outputs, rest.reduce((a, b) => a * b), 1, 1]);
  const fixed = detach(matrix);
  const right = normalised(convTranspose2d(u, fixed, null));
  const left = normalised(conv2d(right, fixed, null));
  return { u: left, sigma: sum(mul(left, conv2d(right, matrix, null))) };
}

/** Names of the tensors that are divided by their norm: every convolution's weight. */
export const normedNames = ({ parameters }: Net<unknown>): string[] =>
  parameters.filter(({ role }) => role === 'weight').map(({ name }) => name);

/**
 * Spectral normalisation (Miyato et al. 2018, as torch.nn.utils.spectral_norm): weights over their largest singular value, which one step
 * of power iteration a training step follows. `vectors` hold the left vectors [1, O, 1, 1] by name. @returns the tensors a net
 * shall use, and the next vectors
 */
export function spectrallyNormed(params: Lookup, vectors: Variables): { params: Lookup; updates: [Tensor, Tensor][] } {
  const updates: [Tensor, Tensor][] = [];
  const normed = new Map<string, Tensor>();
  for (const [name, vector] of Object.entries(vectors)) {
    const w = params(name);
    const { u, sigma } = singular(w, vector);
    updates.push([vector, u]);
    normed.set(name, div(w, sigma));
  }
  return { params: (name) => normed.get(name) ?? params(name), updates };
}
