import { type Arr, arr, mirror, type Padding, type Pair, pairOf, sidesOf } from './array.js';

export type Conv2dOptions = {
  stride?: Pair;
  padding?: Padding;
  dilation?: Pair;
  groups?: number;
  paddingMode?: 'zeros' | 'reflect';
};
export type ConvTranspose2dOptions = {
  stride?: Pair;
  padding?: Padding;
  outputPadding?: Pair;
  dilation?: Pair;
  groups?: number;
};

/** What every convolution sums: one product x·w into y, by flat positions. Gradients visit the same triples. */
export type Visit = (x: number, w: number, y: number) => void;

/** [N, O, OH, OW] for x [N, C, H, W] and w [O, C/groups, KH, KW]; torch.nn.functional.conv2d. */
export function conv2dShape(x: number[], w: number[], options: Conv2dOptions = {}): number[] {
  const { top, left, bottom, right } = sidesOf(options.padding ?? 0);
  const [strideH, strideW] = pairOf(options.stride ?? 1);
  const [dilationH, dilationW] = pairOf(options.dilation ?? 1);
  const reachH = dilationH * (w[2] - 1) + 1;
  const reachW = dilationW * (w[3] - 1) + 1;
  const height = Math.floor((x[2] + top + bottom - reachH) / strideH) + 1;
  const width = Math.floor((x[3] + left + right - reachW) / strideW) + 1;
  return [x[0], w[0], height, width];
}

export function eachConv2dTap(xShape: number[], wShape: number[], options: Conv2dOptions, visit: Visit): void {
  const { top, left } = sidesOf(options.padding ?? 0);
  const [strideH, strideW] = pairOf(options.stride ?? 1);
  const [dilationH, dilationW] = pairOf(options.dilation ?? 1);
  const [N, C, H, W] = xShape;
  const [O, I, KH, KW] = wShape;
  const [, , OH, OW] = conv2dShape(xShape, wShape, options);
  const perGroup = O / (options.groups ?? 1);
  const fold = options.paddingMode === 'reflect' ? mirror : (i: number) => i;
  for (let n = 0; n < N; n++)
    for (let o = 0; o < O; o++)
      for (let i = 0; i < OH; i++)
        for (let j = 0; j < OW; j++)
          for (let c = 0; c < I; c++)
            for (let r = 0; r < KH; r++)
              for (let s = 0; s < KW; s++) {
                const row = fold(i * strideH - top + r * dilationH, H);
                const column = fold(j * strideW - left + s * dilationW, W);
                if (row < 0 || row >= H || column < 0 || column >= W) continue;
                const channel = Math.floor(o / perGroup) * I + c;
                visit(
                  ((n * C + channel) * H + row) * W + column,
                  ((o * I + c) * KH + r) * KW + s,
                  ((n * O + o) * OH + i) * OW + j,
                );
              }
}

export function conv2d(x: Arr, w: Arr, b: Arr | null, options: Conv2dOptions = {}): Arr {
  const y = arr(conv2dShape(x.shape, w.shape, options));
  eachConv2dTap(x.shape, w.shape, options, (xi, wi, yi) => {
    y.data[yi] += x.data[xi] * w.data[wi];
  });
  return b ? addPerChannel(y, b) : y;
}

/** [N, O, OH, OW] for x [N, C, H, W] and w [C, O/groups, KH, KW]; torch.nn.functional.conv_transpose2d. */
export function convTranspose2dShape(x: number[], w: number[], options: ConvTranspose2dOptions = {}): number[] {
  const { top, left, bottom, right } = sidesOf(options.padding ?? 0);
  const [strideH, strideW] = pairOf(options.stride ?? 1);
  const [dilationH, dilationW] = pairOf(options.dilation ?? 1);
  const [extraH, extraW] = pairOf(options.outputPadding ?? 0);
  const height = (x[2] - 1) * strideH - top - bottom + dilationH * (w[2] - 1) + extraH + 1;
  const width = (x[3] - 1) * strideW - left - right + dilationW * (w[3] - 1) + extraW + 1;
  return [x[0], w[1] * (options.groups ?? 1), height, width];
}

/** The scatter form: every input pixel stamps its kernel, scaled, onto the output. */
export function eachConvTranspose2dTap(
  xShape: number[],
  wShape: number[],
  options: ConvTranspose2dOptions,
  visit: Visit,
): void {
  const { top, left } = sidesOf(options.padding ?? 0);
  const [strideH, strideW] = pairOf(options.stride ?? 1);
  const [dilationH, dilationW] = pairOf(options.dilation ?? 1);
  const [N, C, H, W] = xShape;
  const [, perGroup, KH, KW] = wShape;
  const [, O, OH, OW] = convTranspose2dShape(xShape, wShape, options);
  const channelsPerGroup = C / (options.groups ?? 1);
  for (let n = 0; n < N; n++)
    for (let c = 0; c < C; c++)
      for (let i = 0; i < H; i++)
        for (let j = 0; j < W; j++)
          for (let p = 0; p < perGroup; p++)
            for (let r = 0; r < KH; r++)
              for (let s = 0; s < KW; s++) {
                const row = i * strideH - top + r * dilationH;
                const column = j * strideW - left + s * dilationW;
                if (row < 0 || row >= OH || column < 0 || column >= OW) continue;
                const o = Math.floor(c / channelsPerGroup) * perGroup + p;
                visit(
                  ((n * C + c) * H + i) * W + j,
                  ((c * perGroup + p) * KH + r) * KW + s,
                  ((n * O + o) * OH + row) * OW + column,
                );
              }
}

export function convTranspose2d(x: Arr, w: Arr, b: Arr | null, options: ConvTranspose2dOptions = {}): Arr {
  const y = arr(convTranspose2dShape(x.shape, w.shape, options));
  eachConvTranspose2dTap(x.shape, w.shape, options, (xi, wi, yi) => {
    y.data[yi] += x.data[xi] * w.data[wi];
  });
  return b ? addPerChannel(y, b) : y;
}

function addPerChannel(y: Arr, b: Arr): Arr {
  const [, C, H, W] = y.shape;
  return { shape: y.shape, data: y.data.map((v, i) => v + b.data[Math.floor(i / (H * W)) % C]) };
}
