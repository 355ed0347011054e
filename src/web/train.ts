/** Painting and training in a page, from one file that imports nothing: `dist/pix2pixhd-train.min.js`. */

export * from '../train/index.js';
export * from './index.js';
