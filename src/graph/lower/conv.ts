import {
  type ConvShape,
  fitsNested,
  fitsPhases,
  fitsPolyphase,
  fitsWinograd,
  phasePairs,
  plainKernel,
} from '../../kernels/conv.js';
import type { QuadTile } from '../../kernels/conv-quads.js';
import { TILES } from '../../kernels/conv-tiles.js';
import type { WeightShape } from '../../kernels/conv-weight.js';
import { tapRows } from '../../kernels/conv-weight-quads.js';
import { nested } from '../../kernels/nested.js';
import { polyphase } from '../../kernels/polyphase.js';
import { polyphaseWeight } from '../../kernels/polyphase-weight.js';
import type { WinogradChannels, WinogradTile } from '../../kernels/winograd.js';
import { winograd2Weight, winogradWeight } from '../../kernels/winograd-weight.js';
import { winograd2 } from '../../kernels/winograd2.js';
import { type Launch, type Lowering, type Node, refuse, type Tensor, type View } from '../tensor.js';
import { type Candidate, lanesOf } from './candidates.js';
import { lowerWinogradAdjoint } from './conv-adjoint.js';
import {
  lowerDirect,
  lowerPhased,
  lowerPhasedOutput,
  lowerPhases,
  lowerQuads,
  lowerWinograd,
  lowerWinogradChannels,
} from './conv-packed.js';
import { lowerTiles, lowerWeightTiles } from './conv-tiles.js';
import { lowerWeightDirect, lowerWeightPlain, lowerWeightQuads } from './conv-weight.js';
import { meetings, slicesOf, view, whole } from './slices.js';
import { lowerTileSums } from './tile-sums.js';

// The candidates, of which families.ts makes tables. Tensors may be in chunks: there is a launch for each combination of those that meet in a
// sample and a channel, and it adds the channels it can see to what is stored; loops run so that these come in ascending order.

/** Tiles of workgroups are few and have names of their own. Marked pure, or builds that only paint would keep weight gradients. */
const TILE_NAMES = /* @__PURE__ */ Object.keys(TILES);
const TILE_PATTERN = /* @__PURE__ */ new RegExp(`^(?:${/* @__PURE__ */ TILE_NAMES.join('|')})$`);

const inWholeVec4 = (what: string, count: number, name: string): void => {
  if (count % 4 !== 0) refuse('conv', 'candidate', name, `${what} in whole vec4`);
};

/** By the numbers in a candidate's name. */
function winogradTile({ device }: Lowering, [quads, oc]: readonly number[], name: string): WinogradTile {
  inWholeVec4('channels', oc!, name);
  return { quads: quads!, oc: oc!, broadcast: lanesOf(device, name, oc!) };
}

function channelsTile({ device }: Lowering, [tiles, vecs]: readonly number[], name: string): WinogradChannels {
  inWholeVec4('tiles', tiles!, name);
  return { tiles: tiles!, vecs: vecs!, broadcast: lanesOf(device, name, tiles!) };
}

const quadTile = (plan: Lowering, [rows, ...numbers]: readonly number[], name: string): QuadTile => ({
  rows: rows!,
  ...winogradTile(plan, numbers, name),
});

export const PLAIN: Candidate<ConvShape> = { pattern: /^plain$/, form: 'plain', lower: lowerPlain };

export const DIRECT: Candidate<ConvShape> = {
  pattern: /^direct-(\d+)x(\d+)$/,
  form: 'direct-8x4 (pixels × channels)',
  quick: ['direct-8x8'],
  full: ['direct-4x8', 'direct-8x4', 'direct-8x16', 'direct-16x8'],
  lower: (plan, node, shape, [px, oc]) => lowerDirect(plan, node, shape, phasePairs(shape), { px: px!, oc: oc! }),
};

export const QUADS: Candidate<ConvShape> = {
  pattern: /^quads-(\d+)x(\d+)x(\d+)(?:-broadcast)?$/,
  form: 'quads-2x1x16 (rows × vec4 × channels), also -broadcast',
  shared: ([, , oc]) => oc!,
  quick: ['quads-2x1x16-broadcast', 'quads-1x2x32-broadcast'],
  full: ['quads-2x1x16', 'quads-2x2x8', 'quads-2x1x32-broadcast', 'quads-4x1x8-broadcast', 'quads-2x2x8-broadcast'],
  lower: (plan, node, shape, numbers, name) =>
    lowerQuads(plan, node, shape, phasePairs(shape), quadTile(plan, numbers, name)),
};

export const PHASES: Candidate<ConvShape> = {
  pattern: /^phases-(\d+)x(\d+)x(\d+)(?:-broadcast)?$/,
  form: 'phases-1x1x8 (rows × vec4 × channels), also -broadcast, for transposed ones of stride 2',
  fits: fitsPhases,
  shared: ([, , oc]) => oc!,
  quick: ['phases-2x1x8-broadcast'],
  full: ['phases-1x1x8', 'phases-1x1x8-broadcast', 'phases-1x1x16-broadcast'],
  lower: (plan, node, shape, numbers, name) => lowerPhases(plan, node, shape, quadTile(plan, numbers, name)),
};

export const WINOGRAD: Candidate<ConvShape> = {
  pattern: /^winograd-(\d+)x(\d+)(?:-broadcast)?$/,
  form: 'winograd-1x32 (vec4 of tiles × channels), also -broadcast, for 3×3 of stride 1',
  fits: fitsWinograd,
  rounds: true,
  shared: ([, oc]) => oc!,
  quick: ['winograd-1x32-broadcast'],
  full: ['winograd-1x32', 'winograd-1x16-broadcast', 'winograd-2x32-broadcast', 'winograd-1x64-broadcast'],
  lower: (plan, node, shape, numbers, name) => lowerWinograd(plan, node, shape, winogradTile(plan, numbers, name)),
};

/** Halves numbers only, so it does not round more than plain sums. */
export const WINOGRAD2: Candidate<ConvShape> = {
  pattern: /^winograd2-(\d+)x(\d+)(?:-broadcast)?$/,
  form: 'winograd2-1x32 (vec4 of tiles × channels), also -broadcast, for 3×3 of stride 1',
  fits: fitsWinograd,
  shared: ([, oc]) => oc!,
  quick: ['winograd2-1x32-broadcast'],
  full: ['winograd2-1x32', 'winograd2-1x16-broadcast', 'winograd2-2x16-broadcast'],
  lower: (plan, node, shape, numbers, name) =>
    lowerPhased(plan, node, shape, winogradTile(plan, numbers, name), winograd2),
};

export const WINOGRAD_CHANNELS: Candidate<ConvShape> = {
  pattern: /^winograd-channels-(\d+)x(\d+)(?:-broadcast)?$/,
  form: 'winograd-channels-8x2 (tiles × vec4 of channels), also -broadcast, for 3×3 of stride 1',
  fits: fitsWinograd,
  rounds: true,
  shared: ([tiles]) => tiles!,
  quick: ['winograd-channels-8x2-broadcast'],
  full: ['winograd-channels-8x1-broadcast', 'winograd-channels-16x2-broadcast', 'winograd-channels-8x2'],
  lower: (plan, node, shape, numbers, name) =>
    lowerWinogradChannels(plan, node, shape, channelsTile(plan, numbers, name)),
};

export const WINOGRAD_ADJOINT: Candidate<ConvShape> = {
  pattern: /^winograd-adjoint-(\d+)x(\d+)(?:-broadcast)?$/,
  form: 'winograd-adjoint-8x2 (tiles × vec4 of channels), also -broadcast, for transposed 3×3 of stride 1',
  fits: (shape) => shape.transposed && fitsWinograd(shape),
  rounds: true,
  shared: ([tiles]) => tiles!,
  quick: ['winograd-adjoint-8x2-broadcast'],
  full: ['winograd-adjoint-8x2'],
  lower: (plan, node, shape, numbers, name) =>
    lowerWinogradAdjoint(plan, node, shape, channelsTile(plan, numbers, name)),
};

export const POLYPHASE: Candidate<ConvShape> = {
  pattern: /^polyphase-(\d+)x(\d+)(?:-broadcast)?$/,
  form: 'polyphase-1x32 (vec4 of tiles × channels), also -broadcast, for 3×3 of stride 2 and 4×4',
  fits: fitsPolyphase,
  rounds: true,
  shared: ([, oc]) => oc!,
  quick: ['polyphase-1x32-broadcast'],
  full: ['polyphase-1x32', 'polyphase-1x16-broadcast', 'polyphase-2x16-broadcast', 'polyphase-1x64-broadcast'],
  lower(plan, node, shape, numbers, name) {
    const tile = winogradTile(plan, numbers, name);
    if (shape.transposed && shape.stride[0] > 1) return lowerPhasedOutput(plan, node, shape, tile);
    return lowerPhased(plan, node, shape, tile, polyphase);
  },
};

export const NESTED: Candidate<ConvShape> = {
  pattern: /^nested-(\d+)x(\d+)(?:-broadcast)?$/,
  form: 'nested-1x32 (vec4 of tiles × channels), also -broadcast, for 4×4 to 8×8 of stride 1',
  fits: fitsNested,
  rounds: true,
  shared: ([, oc]) => oc!,
  quick: ['nested-1x32-broadcast'],
  full: ['nested-1x32', 'nested-1x16-broadcast', 'nested-2x32-broadcast', 'nested-1x64-broadcast'],
  lower: (plan, node, shape, numbers, name) =>
    lowerPhased(plan, node, shape, winogradTile(plan, numbers, name), nested),
};

export const TILE_PRODUCT: Candidate<ConvShape> = {
  pattern: TILE_PATTERN,
  form: /* @__PURE__ */ TILE_NAMES.join(', '),
  quick: TILE_NAMES,
  quickOn: 'gpu',
  lower: (plan, node, shape, _, name) => lowerTiles(plan, node, shape, phasePairs(shape), name),
};

export const WEIGHT_PLAIN: Candidate<WeightShape> = { pattern: /^plain$/, form: 'plain', lower: lowerWeightPlain };

export const WEIGHT_DIRECT: Candidate<WeightShape> = {
  pattern: /^direct-(\d+)x(\d+)$/,
  form: 'direct-4x4 (outputs × inputs)',
  quick: ['direct-4x4'],
  full: ['direct-8x4', 'direct-4x8', 'direct-2x4'],
  lower: (plan, node, shape, [ob, ib]) => lowerWeightDirect(plan, node, shape, { ob: ob!, ib: ib! }),
};

export const WEIGHT_QUADS: Candidate<WeightShape> = {
  pattern: /^quads-(\d+)(?:-broadcast)?$/,
  form: 'quads-8 (outputs), also -broadcast',
  shared: ([ob]) => ob!,
  quick: ['quads-8-broadcast'],
  full: ['quads-8', 'quads-16-broadcast'],
  lower(plan, node, shape, [ob], name) {
    const tile = { ob: ob!, th: tapRows(shape.kernel, ob!), broadcast: lanesOf(plan.device, name, ob!) };
    return lowerWeightQuads(plan, node, shape, tile);
  },
};

export const WEIGHT_WINOGRAD: Candidate<WeightShape> = {
  // Not 8x4 or 16x4, outputs × inputs of the kernel before this one, which checkpoints may name.
  pattern: /^winograd-([1-4])x(\d+)(?:-broadcast)?$/,
  form: 'winograd-1x32 (vec4 of inputs × outputs), also -broadcast, for 3×3 of stride 1',
  fits: fitsWinograd,
  rounds: true,
  shared: ([, oc]) => oc!,
  quick: ['winograd-1x32-broadcast'],
  full: ['winograd-1x32', 'winograd-1x16-broadcast', 'winograd-2x32-broadcast'],
  lower: (plan, node, shape, numbers, name) =>
    lowerTileSums(plan, node, shape, winogradTile(plan, numbers, name), winogradWeight),
};

export const WEIGHT_WINOGRAD2: Candidate<WeightShape> = {
  pattern: /^winograd2-(\d+)x(\d+)(?:-broadcast)?$/,
  form: 'winograd2-1x32 (vec4 of inputs × outputs), also -broadcast, for 3×3 of stride 1',
  fits: fitsWinograd,
  shared: ([, oc]) => oc!,
  quick: ['winograd2-2x32-broadcast'],
  full: ['winograd2-1x32-broadcast', 'winograd2-2x16-broadcast', 'winograd2-2x32'],
  lower: (plan, node, shape, numbers, name) =>
    lowerTileSums(plan, node, shape, winogradTile(plan, numbers, name), winograd2Weight),
};

export const WEIGHT_POLYPHASE: Candidate<WeightShape> = {
  pattern: /^polyphase-(\d+)x(\d+)(?:-broadcast)?$/,
  form: 'polyphase-1x32 (vec4 of inputs × outputs), also -broadcast, for 3×3 of stride 2 and 4×4',
  fits: (shape) => fitsPolyphase({ ...shape, transposed: false }),
  rounds: true,
  shared: ([, oc]) => oc!,
  quick: ['polyphase-1x32-broadcast'],
  full: ['polyphase-1x32', 'polyphase-2x32-broadcast'],
  lower: (plan, node, shape, numbers, name) =>
    lowerTileSums(plan, node, shape, winogradTile(plan, numbers, name), polyphaseWeight),
};

export const WEIGHT_TILES: Candidate<WeightShape> = {
  pattern: TILE_PATTERN,
  form: /* @__PURE__ */ TILE_NAMES.join(', '),
  quick: TILE_NAMES,
  quickOn: 'gpu',
  lower: (plan, node, shape, _, name) => lowerWeightTiles(plan, node, shape, name),
};

function lowerPlain(plan: Lowering, node: Node, shape: ConvShape): Launch[] {
  const [x, w, b] = node.inputs as [Tensor, Tensor, Tensor?];
  const out = node.outputs[0]!;
  const ws = slicesOf(plan, w);
  return meetings(slicesOf(plan, out), slicesOf(plan, x)).flatMap(({ a: os, b: xs, image0, images }) =>
    ws.map((ws): Launch => {
      const planes = { x: xs.planes, w: ws.planes, out: os.planes };
      const kernel = plainKernel(shape, { ...planes, image0, images, bias: b !== undefined });
      const bias: Record<string, View> = b ? { b: whole(plan, b) } : {};
      return { kernel, operands: { x: view(x, xs.chunk), w: view(w, ws.chunk), ...bias, out: view(out, os.chunk) } };
    }),
  );
}
