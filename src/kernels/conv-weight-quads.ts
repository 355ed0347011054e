import source from '../../shaders/conv-weight-quads.wgsl';
import { type PhasePair, phasesOf, range, type Size } from './conv.js';
import { type Columns, columnsOf, sharedPixels, tapPlaces, WORKGROUP } from './conv-quads.js';
import { costOf, type Splitting, splittingFor, type WeightDirectParts, type WeightShape } from './conv-weight.js';
import type { Kernel } from './kernel.js';

/** Output channels × rows of the kernel that a thread owns for its one input channel. */
export interface WeightQuadTile {
  ob: number;
  th: number;
  /** Lanes of a subgroup that share the loads of dy; 0: every thread loads its own. */
  broadcast: number;
}

/** Sums a thread keeps at most: 72 of a 3×3 kernel compile in 0.9 s on lavapipe, 144 in 2 s for 10 % more. */
const MOST_SUMS = 80;

/** All rows of the kernel, or as many as still fit. */
export function tapRows([height, width]: Size, ob: number): number {
  const fitting = Array.from({ length: height }, (_, i) => height - i).filter((th) => height % th === 0);
  return fitting.find((th) => ob * th * width <= MOST_SUMS) ?? 1;
}

/** Workgroups that keep every core busy: of 8 threads each, since threads run over input channels. */
const WANTED = 64;

const gridOf = ({ groups, inputs, outputs, kernel }: WeightShape, { ob, th }: WeightQuadTile) => {
  const inBlocks = Math.ceil(inputs / WORKGROUP);
  const groupBlocks = Math.ceil(outputs / ob);
  return { tapGroups: kernel[0] / th, inBlocks, groupBlocks, blocks: groups * groupBlocks };
};

export function quadSplitting(shape: WeightShape, tile: WeightQuadTile): Splitting {
  const { tapGroups, inBlocks, blocks } = gridOf(shape, tile);
  return splittingFor(shape, Math.floor(WANTED / (tapGroups * inBlocks * blocks)));
}

const phaseOf = (shape: WeightShape): PhasePair => {
  const forward = { ...shape, transposed: false };
  return [phasesOf(forward, 0)[0]!, phasesOf(forward, 1)[0]!];
};

/** How x is laid out. */
export const weightColumns = (shape: WeightShape): Columns =>
  columnsOf([phaseOf(shape)], shape.reflect, { rows: 1, quads: 1 });

/** How dy is laid out where its rows are no whole vec4. */
export const dyColumns = ({ output: [rows, columns] }: WeightShape): Columns => {
  return { sx: 1, rows, quads: Math.ceil(columns / 4), top: 0, left: 0, reflect: false };
};

/** Partial sums [splits, G·outputs, inputs, kh, kw], or dw itself where there is one split. */
export function weightQuadsKernel(
  shape: WeightShape,
  tile: WeightQuadTile,
  columns: Columns,
  splitting: Splitting,
  parts: WeightDirectParts,
): Kernel {
  const { groups, inputs, outputs, kernel, stride, dilation, images, output } = shape;
  const { ob, th, broadcast } = tile;
  const { lanes, ...sharing } = sharedPixels(broadcast);
  const { vecs, places } = tapPlaces(phaseOf(shape)[1], columns, 1);
  const tw = kernel[1];
  const span = columns.sx * vecs * 4;
  const grid = gridOf(shape, tile);
  const { x, dy, out } = parts;
  return {
    name: `convWeight.quads-${ob}${broadcast > 0 ? '-broadcast' : ''}`,
    source,
    constants: {
      ...sharing.constants,
      OB: ob,
      PARTS: ob / lanes,
      TH: th,
      TW: tw,
      SX: columns.sx,
      VECS: vecs,
      SPAN: span,
      VALUES: th * span,
      SUMS: ob * th * tw,
      AT: places,
      CONTINUES: parts.continues,
    },
    hooks: sharing.hooks,
    params: {
      kernelHeight: kernel[0],
      ...grid,
      split0: parts.split0,
      splits: parts.splits,
      segments: splitting.segments,
      segmentRows: splitting.segmentRows,
      splitImages: splitting.splitImages,
      allImages: images,
      image0: parts.image0,
      images: parts.images,
      inputs,
      outputs,
      xChannels: groups * inputs,
      dyChannels: groups * outputs,
      xRows: columns.rows,
      xQuads: columns.quads,
      strideY: stride[0],
      dilationY: dilation[0],
      rows: output[0],
      quads: Math.ceil(output[1] / 4),
      ...range('x', { ...x, base: x.base / 4 }),
      ...range('dy', { ...dy, base: dy.base / 4 }),
      ...range('out', out),
    },
    workgroups: grid.tapGroups * grid.inBlocks * grid.blocks * parts.splits,
    ...costOf(shape, parts, splitting.splits),
  };
}
