import { type Arr, arr } from './array.js';
import {
  type Conv2dOptions,
  type ConvTranspose2dOptions,
  eachConv2dTap,
  eachConvTranspose2dTap,
  type Visit,
} from './conv.js';

/**
 * y is bilinear in x and w, so each product x·w of the forward sum gives dy·w to its x and dy·x to its w; the bias of a
 * channel gets the sum of dy over that channel.
 */
function bilinear(dy: Arr, x: Arr, w: Arr, b: Arr | null, eachTap: (visit: Visit) => void): (Arr | null)[] {
  const dx = arr(x.shape);
  const dw = arr(w.shape);
  eachTap((xi, wi, yi) => {
    dx.data[xi] += dy.data[yi] * w.data[wi];
    dw.data[wi] += dy.data[yi] * x.data[xi];
  });
  return [dx, dw, b && perChannel(dy)];
}

function perChannel(dy: Arr): Arr {
  const [, C, H, W] = dy.shape;
  const db = arr([C]);
  dy.data.forEach((v, i) => {
    db.data[Math.floor(i / (H * W)) % C] += v;
  });
  return db;
}

export const conv2d = (dy: Arr, x: Arr, w: Arr, b: Arr | null, options: Conv2dOptions = {}) =>
  bilinear(dy, x, w, b, (visit) => eachConv2dTap(x.shape, w.shape, options, visit));

export const convTranspose2d = (dy: Arr, x: Arr, w: Arr, b: Arr | null, options: ConvTranspose2dOptions = {}) =>
  bilinear(dy, x, w, b, (visit) => eachConvTranspose2dTap(x.shape, w.shape, options, visit));
