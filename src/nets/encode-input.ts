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

/** What is fed of a picture: `labels` i32 [N, 1, H, W], or `input` f32 [N, inputNc, H, W]; and `instances` i32 [N, 1, H, W]. */
export function mapsOf(encoding: Encoding, [n, h, w]: Extent): Record<string, Tensor> {
  const ids = () => input([n, 1, h, w], 'i32');
  return {
    ...(labelChannels(encoding) > 0 ? { labels: ids() } : { input: input([n, encoding.inputNc, h, w]) }),
    ...(encoding.noInstance ? {} : { instances: ids() }),
  };
}

/**
 * What both nets are conditioned on, encoded on the device from what is fed (`mapsOf`): labels as one-hot planes, or the picture; then
 * the borders between instances as one plane of 0 and 1. Labels must lie in 0 … labelChannels − 1: the host checks them.
 * @returns the inputs by those names, and the conditioning f32 [N, conditionChannels, H, W]
 */
export function encodeInput(encoding: Encoding, extent: Extent): { inputs: Record<string, Tensor>; condition: Tensor } {
  const inputs = mapsOf(encoding, extent);
  const { labels, input: picture, instances } = inputs;
  const planes = [
    labels ? oneHot(labels, labelChannels(encoding)) : picture!,
    ...(instances ? [instanceEdges(instances)] : []),
  ];
  return { inputs, condition: planes.length > 1 ? concat(planes, 1) : planes[0]! };
}
