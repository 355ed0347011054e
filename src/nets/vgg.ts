import { add, concat, conv2d, maxPool2d, relu, scale, slice, type Tensor } from '../engine.js';
import { refuse } from '../graph/tensor.js';
import type { Lookup, Net, Parameter } from './parameters.js';

/** Filters of VGG19's convolutions up to relu5_1; a pool stands before each further list. Taps follow the first of each. */
const STAGES = [[64, 64], [128, 128], [256, 256, 256, 256], [512, 512, 512, 512], [512]] as const;

interface VggLayer {
  name: string;
  inputs: number;
  outputs: number;
  pooled: boolean;
  tap: boolean;
}

/** Named by place in torchvision's sequence, where a convolution, a ReLU and a pool take an index each. */
function vggLayers(): VggLayer[] {
  let index = 0;
  let inputs = 3;
  return STAGES.flatMap((filters, stage) =>
    filters.map((outputs, i) => {
      const pooled = stage > 0 && i === 0;
      if (pooled) index++;
      const layer = { name: `features.${index}`, inputs, outputs, pooled, tap: i === 0 };
      index += 2;
      inputs = outputs;
      return layer;
    }),
  );
}

function parametersOf({ name, inputs, outputs }: VggLayer): Parameter[] {
  const fanIn = inputs * 9;
  return [
    { name: `${name}.weight`, shape: [outputs, inputs, 3, 3], role: 'weight', fanIn, trained: false },
    { name: `${name}.bias`, shape: [outputs], role: 'bias', fanIn, trained: false },
  ];
}

/** Mean and deviation of ImageNet's channels, of pictures in [0, 1]. */
const IMAGENET = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };

/** From [−1, 1] to what the weights were trained on: ((x + 1)/2 − mean)/deviation. */
export function imagenetNormalised(x: Tensor): Tensor {
  const [n, , height, width] = x.shape as [number, number, number, number];
  const channel = (mean: number, c: number) => {
    const deviation = IMAGENET.deviation[c]!;
    return add(scale(slice(x, [0, c, 0, 0], [n, 1, height, width]), 0.5 / deviation), (0.5 - mean) / deviation);
  };
  return concat(IMAGENET.mean.map(channel), 1);
}

/** A grey picture is looked at as three equal channels. */
export function threeChannels(x: Tensor): Tensor {
  if (x.shape[1] === 3) return x;
  return x.shape[1] === 1 ? concat([x, x, x], 1) : refuse('vgg19', 'x', x.shape, '[N, 1 or 3, H, W]');
}

/**
 * torchvision's VGG19 without batch norm, cut at relu1_1, relu2_1, relu3_1, relu4_1 and relu5_1; names are its `features.N`.
 * x [N, 3, H, W]; the reference gives it pictures in [−1, 1] as they are. Taps come one by one, each before what follows it is in the graph:
 * what is made of a tap at once comes late on the way back.
 */
export function vgg19(): Net<Iterable<Tensor>> {
  const layers = vggLayers();
  return {
    parameters: layers.flatMap(parametersOf),
    *forward(x, params: Lookup) {
      let y = x;
      for (const { name, pooled, tap } of layers) {
        const from = pooled ? maxPool2d(y, { kernel: 2 }) : y;
        y = relu(conv2d(from, params(`${name}.weight`), params(`${name}.bias`), { padding: 1 }));
        if (tap) yield y;
      }
    },
  };
}
