import { type ConvShape, convPrior, fitsWinograd, phasesOf, plainKernel } from '../../kernels/conv.js';
import { fitsPhases } from '../../kernels/conv-phases.js';
import type { PhasePair } from '../../kernels/conv-quads.js';
import { type WeightShape, weightPrior } from '../../kernels/conv-weight.js';
import { tapRows } from '../../kernels/conv-weight-quads.js';
import { type Launch, type Lowering, type Node, refuse, type Tensor, type View } from '../tensor.js';
import { lowerDirect, lowerPhases, lowerQuads, lowerWinograd } from './conv-packed.js';
import { lowerWeightDirect, lowerWeightPlain, lowerWeightQuads, lowerWeightWinograd } from './conv-weight.js';
import { meetings, slicesOf, view, whole } from './slices.js';

/**
 * Convolutions over chunked tensors: one launch for each combination of chunks that meet in a sample and a channel. Each
 * launch adds the channels (or samples) it can see to what is stored; loops run so that these come in ascending order.
 * A candidate is a name with numbers in it, `direct-8x4`: its row of the table turns them into launches.
 */
type Candidate<Shape> = {
  pattern: RegExp;
  /** How the name is written, for messages. */
  form: string;
  /** Whether it can do the convolution at all; where it cannot, the prior's does. */
  fits?(shape: Shape): boolean;
  lower(plan: Lowering, node: Node, shape: Shape, numbers: number[], name: string): Launch[];
};

const phasePairs = (shape: ConvShape): PhasePair[] =>
  phasesOf(shape, 0).flatMap((y) => phasesOf(shape, 1).map((x) => [y, x] as const));

/** Lanes that share loads: where the name asks for it, and subgroups are of one size that divides the channels. */
function lanesOf({ device: { subgroupSize } }: Lowering, name: string, channels: number): number {
  const shared = name.endsWith('-broadcast') && subgroupSize !== null && channels % subgroupSize === 0;
  return shared ? subgroupSize : 0;
}

const CONV: readonly Candidate<ConvShape>[] = [
  { pattern: /^plain$/, form: 'plain', lower: lowerPlain },
  {
    pattern: /^direct-(\d+)x(\d+)$/,
    form: 'direct-8x4 (pixels × channels)',
    lower: (plan, node, shape, [px, oc]) => lowerDirect(plan, node, shape, phasePairs(shape), { px: px!, oc: oc! }),
  },
  {
    pattern: /^quads-(\d+)x(\d+)x(\d+)(?:-broadcast)?$/,
    form: 'quads-2x1x16 (rows × vec4 × channels), also -broadcast',
    lower(plan, node, shape, [rows, quads, oc], name) {
      if (oc! % 4 !== 0) return refuse('conv', 'candidate', name, 'channels in whole vec4');
      const tile = { rows: rows!, quads: quads!, oc: oc!, broadcast: lanesOf(plan, name, oc!) };
      return lowerQuads(plan, node, shape, phasePairs(shape), tile);
    },
  },
  {
    pattern: /^phases-(\d+)x(\d+)x(\d+)(?:-broadcast)?$/,
    form: 'phases-1x1x8 (rows × vec4 × channels), also -broadcast, for transposed ones of stride 2',
    fits: fitsPhases,
    lower(plan, node, shape, [rows, quads, oc], name) {
      if (oc! % 4 !== 0) return refuse('conv', 'candidate', name, 'channels in whole vec4');
      return lowerPhases(plan, node, shape, {
        rows: rows!,
        quads: quads!,
        oc: oc!,
        broadcast: lanesOf(plan, name, oc!),
      });
    },
  },
  {
    pattern: /^winograd-(\d+)x(\d+)(?:-broadcast)?$/,
    form: 'winograd-1x32 (vec4 of tiles × channels), also -broadcast, for 3×3 of stride 1',
    fits: fitsWinograd,
    lower(plan, node, shape, [quads, oc], name) {
      if (oc! % 4 !== 0) return refuse('conv', 'candidate', name, 'channels in whole vec4');
      return lowerWinograd(plan, node, shape, { quads: quads!, oc: oc!, broadcast: lanesOf(plan, name, oc!) });
    },
  },
];

const CONV_WEIGHT: readonly Candidate<WeightShape>[] = [
  { pattern: /^plain$/, form: 'plain', lower: lowerWeightPlain },
  {
    pattern: /^direct-(\d+)x(\d+)$/,
    form: 'direct-4x4 (outputs × inputs)',
    lower: (plan, node, shape, [ob, ib]) => lowerWeightDirect(plan, node, shape, { ob: ob!, ib: ib! }),
  },
  {
    pattern: /^quads-(\d+)(?:-broadcast)?$/,
    form: 'quads-8 (outputs), also -broadcast',
    lower(plan, node, shape, [ob], name) {
      const tile = { ob: ob!, th: tapRows(shape.kernel, ob!), broadcast: lanesOf(plan, name, ob!) };
      return lowerWeightQuads(plan, node, shape, tile);
    },
  },
  {
    pattern: /^winograd-(\d+)x(\d+)(?:-broadcast)?$/,
    form: 'winograd-8x4 (outputs × inputs), also -broadcast, for 3×3 of stride 1',
    fits: fitsWinograd,
    lower(plan, node, shape, [ob, ib], name) {
      return lowerWeightWinograd(plan, node, shape, { ob: ob!, ib: ib!, broadcast: lanesOf(plan, name, ob!) });
    },
  },
];

/** The candidate that is forced or tuned, else the prior's. */
function lowerAs<Shape>(
  op: string,
  candidates: readonly Candidate<Shape>[],
  prior: string,
  plan: Lowering,
  node: Node,
  shape: Shape,
): Launch[] {
  const lowered = (name: string): Launch[] => {
    const found = candidates.find(({ pattern }) => pattern.test(name));
    if (!found) return refuse(op, 'candidate', name, candidates.map(({ form }) => form).join(', '));
    if (found.fits?.(shape) === false) return lowered(prior);
    return found.lower(plan, node, shape, found.pattern.exec(name)!.slice(1).map(Number), name);
  };
  return lowered(plan.candidate(op) ?? prior);
}

export const lowerConv = (node: Node, shape: ConvShape, plan: Lowering): Launch[] =>
  lowerAs('conv', CONV, convPrior(shape, plan.device, plan.precise), plan, node, shape);

export const lowerConvWeight = (node: Node, shape: WeightShape, plan: Lowering): Launch[] =>
  lowerAs('convWeight', CONV_WEIGHT, weightPrior(shape, plan.device, plan.precise), plan, node, shape);

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
