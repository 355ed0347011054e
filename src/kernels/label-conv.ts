import source from '../../shaders/label-conv.wgsl';
import weightSource from '../../shaders/label-conv-weight.wgsl';
import { areaOf, type ConvShape, type Packing, type Part, range } from './conv.js';
import { groupsFor, type Kernel, WORKGROUP } from './kernel.js';
import type { PlaneRange } from './planes.js';

/** The convolution whose `inputs` are the classes, and where it lacks planes of its own: x is a map of ids. */
type LabelShape = ConvShape;

/** What a thread owns; more of both cost more in what waits for a register than they save in loads: 4×16 and 8×8 take longer on lavapipe. */
const PIXELS = 4;
const MOST_CHANNELS = 8;

export function labelPacking({ outputs }: LabelShape): Packing {
  const oc = Math.min(MOST_CHANNELS, 4 * Math.ceil(outputs / 4));
  const blocks = Math.ceil(outputs / oc);
  return { oc, lanes: oc, groupBlocks: blocks, blocks };
}

const placement = ({ input, kernel, stride, padding }: LabelShape) => ({
  height: input[0],
  width: input[1],
  kernelHeight: kernel[0],
  kernelWidth: kernel[1],
  strideY: stride[0],
  strideX: stride[1],
  top: -padding[0],
  left: -padding[1],
});

/** ids, w as packed, out; `w` in planes of a block, `out` in planes. */
export function labelConv(
  shape: LabelShape,
  { oc }: Packing,
  parts: { image0: number; images: number; idsBase: number; w: Part; out: Part },
): Kernel {
  const { images, w, out } = parts;
  const { inputs: classes, outputs, output, kernel } = shape;
  const blocks = w.end - w.start;
  const pixels = areaOf(output);
  const rowThreads = Math.ceil(output[1] / PIXELS);
  const planeGroups = groupsFor(output[0] * rowThreads);
  const lookups = images * blocks * pixels * areaOf(kernel);
  return {
    name: 'labelConv2d.lookup',
    source,
    constants: { WG: WORKGROUP, PX: PIXELS, OC: oc, VECS: oc / 4, SUMS: PIXELS * (oc / 4), REFLECT: shape.reflect },
    params: {
      image0: parts.image0,
      images,
      block0: w.start,
      blocks,
      rowThreads,
      planeGroups,
      outputs,
      classes,
      outArea: pixels,
      outWidth: output[1],
      ...placement(shape),
      idsBase: parts.idsBase,
      wBase: w.base / 4,
      ...range('out', out),
    },
    workgroups: images * blocks * planeGroups,
    flops: lookups * oc,
  };
}

/** Threads side by side: channels. */
const CHANNELS = 32;
/** Parts of a batch at least, so that all of a device's cores have some. */
const PARTS = 16;

/** Parts of a plane, and rows of dy in each. */
export function partsOf({ images, output: [height] }: LabelShape): { parts: number; rows: number } {
  const rows = Math.ceil(height / Math.min(height, Math.ceil(PARTS / images)));
  return { parts: Math.ceil(height / rows), rows };
}

/** ids, dy, sums. */
export function labelConvWeight({ p0, p1, bases }: PlaneRange, shape: LabelShape): Kernel {
  const { inputs: classes, outputs, output, kernel, stride } = shape;
  const taps = Math.ceil(kernel[1] / stride[1]);
  const workgroup = Math.min(CHANNELS, 8 * Math.ceil(outputs / 8));
  const planes = p1 - p0;
  const planeGroups = Math.ceil(planes / workgroup);
  const steps = planes * areaOf(output) * kernel[0] * stride[1];
  const { parts, rows } = partsOf(shape);
  return {
    name: 'labelConvWeight.runs',
    source: weightSource,
    constants: { WG: workgroup, TAPS: taps, OLDER: taps - 1, REFLECT: shape.reflect },
    params: {
      first: p0,
      planes,
      planeGroups,
      outputs,
      classes,
      dyHeight: output[0],
      dyWidth: output[1],
      ...placement(shape),
      parts,
      rows,
      ...bases,
    },
    workgroups: planeGroups * stride[1] * kernel[0] * parts,
    flops: steps * taps,
  };
}
