/** Pages multiply labels like any channels: what looks them up would be a kernel and its gradient more to load. */
export { conv2d as convolve } from '../engine.js';
