import { concat, input, instanceEdges, oneHot, type Tensor } from '../engine.js';

export interface Encoding {
  /** Classes of the label map; 0: a picture instead of labels. */
  labelNc: number;
  /** Id that means "no class": it is one class more, number labelNc. */
  dontCare?: number;
  /** Channels of that picture. */
  inputNc: number;
  /** Without instance ids there is no edge channel. */
  noInstance: boolean;
  /** Style channels, which the generator alone sees, and what shares a style; absent: none. */
  features?: { count: number; by: 'instance' | 'label' };
}

/** Batch, height, width. */
export type Extent = readonly [batch: number, height: number, width: number];

/** Channels of the one-hot label map. */
export const labelChannels = ({ labelNc, dontCare }: Pick<Encoding, 'labelNc' | 'dontCare'>): number =>
  labelNc > 0 && dontCare !== undefined ? labelNc + 1 : labelNc;

/** Channels of the conditioning: labels or picture, and the edges. The discriminator sees no more. */
export const conditionChannels = (encoding: Encoding): number =>
  (labelChannels(encoding) || encoding.inputNc) + (encoding.noInstance ? 0 : 1);

/** Channels of the generator's input: the conditioning, then the styles. */
export const generatorChannels = (encoding: Encoding): number =>
  conditionChannels(encoding) + (encoding.features?.count ?? 0);

/**
 * What both nets are conditioned on, encoded on the device from what is fed: `labels` i32 [N, 1, H, W] as one-hot planes, or `input`
 * f32 [N, inputNc, H, W]; then the borders between `instances` i32 [N, 1, H, W] as one plane of 0 and 1. Ids must lie in
 * 0 … labelChannels − 1: the host checks them.
 * @returns the inputs by those names, and the conditioning f32 [N, conditionChannels, H, W]
 */
export function encodeInput(
  encoding: Encoding,
  [n, h, w]: Extent,
): { inputs: Record<string, Tensor>; condition: Tensor } {
  const { inputNc, noInstance } = encoding;
  const classes = labelChannels(encoding);
  const ids = () => input([n, 1, h, w], 'i32');
  const inputs: Record<string, Tensor> = classes > 0 ? { labels: ids() } : { input: input([n, inputNc, h, w]) };
  if (!noInstance) inputs.instances = ids();
  const { labels, input: picture, instances } = inputs;
  const planes = [labels ? oneHot(labels, classes) : picture!, ...(instances ? [instanceEdges(instances)] : [])];
  return { inputs, condition: planes.length > 1 ? concat(planes, 1) : planes[0]! };
}
