// What is measured, as data: the layers that pix2pixHD's time goes to, each in all its roles.

export type Kind = 'conv' | 'transposed' | 'norm' | 'block';
export type Role = 'forward' | 'data' | 'weight' | 'both';
export type Shape = readonly number[];

/** A layer on tensors in torch's layout. */
export interface Layer {
  name: string;
  kind: Kind;
  x: Shape;
  /** A convolution's weight; a block has two of it, a norm none. */
  w?: Shape;
  stride?: number;
  padding?: number;
  outputPadding?: number;
}

export interface Case extends Layer {
  role: Role;
}

const LAYERS: readonly Layer[] = [
  { name: '3×3 64→64 64×64', kind: 'conv', x: [1, 64, 64, 64], w: [64, 64, 3, 3], padding: 1 },
  { name: '3×3 256→256 32×64', kind: 'conv', x: [1, 256, 32, 64], w: [256, 256, 3, 3], padding: 1 },
  { name: '3×3 1024→1024 16×32', kind: 'conv', x: [1, 1024, 16, 32], w: [1024, 1024, 3, 3], padding: 1 },
  { name: '7×7 36→64 64×128', kind: 'conv', x: [1, 36, 64, 128], w: [64, 36, 7, 7], padding: 3 },
  { name: '4×4/2 39→64 64×128', kind: 'conv', x: [1, 39, 64, 128], w: [64, 39, 4, 4], stride: 2, padding: 2 },
  { name: '4×4/2 64→128 33×65', kind: 'conv', x: [1, 64, 33, 65], w: [128, 64, 4, 4], stride: 2, padding: 2 },
  {
    name: '3×3ᵀ/2 128→64 32×64',
    kind: 'transposed',
    x: [1, 128, 32, 64],
    w: [128, 64, 3, 3],
    stride: 2,
    padding: 1,
    outputPadding: 1,
  },
  { name: 'instance norm 64×64×64', kind: 'norm', x: [1, 64, 64, 64] },
  { name: 'instance norm 256×32×64', kind: 'norm', x: [1, 256, 32, 64] },
  { name: 'residual block 64 64×64', kind: 'block', x: [1, 64, 64, 64], w: [64, 64, 3, 3] },
  { name: 'residual block 256 32×64', kind: 'block', x: [1, 256, 32, 64], w: [256, 256, 3, 3] },
];

const ROLES: Record<Kind, readonly Role[]> = {
  conv: ['forward', 'data', 'weight'],
  transposed: ['forward', 'data', 'weight'],
  norm: ['forward', 'both'],
  block: ['forward'],
};

export const CASES: readonly Case[] = LAYERS.flatMap((layer) => ROLES[layer.kind].map((role) => ({ ...layer, role })));

/** How a role is called in tables. */
export const ROLE_NAMES: Record<Role, string> = {
  forward: 'forward',
  data: 'data gradient',
  weight: 'weight gradient',
  both: 'forward + backward',
};

export const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);

function extent({ kind, x, w, stride = 1, padding = 0, outputPadding = 0 }: Layer, axis: 2 | 3): number {
  const [size, kernel] = [x[axis]!, w![axis]!];
  if (kind === 'transposed') return (size - 1) * stride - 2 * padding + kernel + outputPadding;
  return Math.floor((size + 2 * padding - kernel) / stride) + 1;
}

/** Of the layer's forward result. */
export function outputShape(layer: Layer): Shape {
  const { kind, x, w } = layer;
  if (kind === 'norm' || kind === 'block') return x;
  return [x[0]!, w![kind === 'transposed' ? 1 : 0]!, extent(layer, 2), extent(layer, 3)];
}

/** Of what the role computes. */
export function resultShape(layer: Case): Shape {
  const { role, x, w } = layer;
  return { forward: outputShape(layer), data: x, weight: w!, both: x }[role];
}

/** Two operations a product of the direct convolution; the same in every role. A norm's are not counted. */
export function flopsOf(layer: Layer): number {
  const { kind, x, w } = layer;
  if (kind === 'norm') return 0;
  if (kind === 'block') return 4 * sizeOf(x) * sizeOf(w!.slice(1));
  return 2 * sizeOf((kind === 'transposed' ? x : outputShape(layer)).slice(2)) * sizeOf(w!);
}

/** What a norm has to move at the least: x in and y out, backward also dy in and dx out. */
export const bytesOf = ({ x, role }: Case): number => 4 * sizeOf(x) * (role === 'both' ? 4 : 2);
