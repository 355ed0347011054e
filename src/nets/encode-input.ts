import { concat, input, instanceEdges, oneHot, type Tensor } from '../engine.js';

export interface Encoding {
  /** Classes of the label map, an extra class for "don't care" included; 0: an RGB picture instead of labels. */
  labelNc: number;
  /** Channels of that picture. */
  inputNc: number;
  /** Without instance ids there is no edge channel. */
  noInstance: boolean;
}

/** Batch, height, width. */
export type Extent = readonly [batch: number, height: number, width: number];

/** Channels of the conditioning: labels or picture, and the edges. */
export const conditionChannels = ({ labelNc, inputNc, noInstance }: Encoding): number =>
  (labelNc || inputNc) + (noInstance ? 0 : 1);

/**
 * What both nets are conditioned on, encoded on the device from what is fed: `labels` i32 [N, 1, H, W] as one-hot planes, or `input`
 * f32 [N, inputNc, H, W]; then the borders between `instances` i32 [N, 1, H, W] as one plane of 0 and 1. Ids must lie in
 * 0…labelNc − 1: the host checks them.
 * @returns the inputs by those names, and the conditioning f32 [N, conditionChannels, H, W]
 */
export function encodeInput(
  { labelNc, inputNc, noInstance }: Encoding,
  [n, h, w]: Extent,
): { inputs: Record<string, Tensor>; condition: Tensor } {
  const ids = () => input([n, 1, h, w], 'i32');
  const inputs: Record<string, Tensor> = labelNc > 0 ? { labels: ids() } : { input: input([n, inputNc, h, w]) };
  if (!noInstance) inputs.instances = ids();
  const { labels, input: picture, instances } = inputs;
  const planes = [labels ? oneHot(labels, labelNc) : picture!, ...(instances ? [instanceEdges(instances)] : [])];
  return { inputs, condition: planes.length > 1 ? concat(planes, 1) : planes[0]! };
}
