// What the layers and the nets in TensorFlow.js share.

import { load } from '#peers';

/** Orders of axes: tensors and weights in torch's layout as its own, and back. */
export const NHWC = [0, 2, 3, 1];
export const NCHW = [0, 3, 1, 2];
export const HWIO = [2, 3, 1, 0];
export const OIHW = [3, 2, 0, 1];

const EPS = 1e-5;

/** With batch norm's kernel, the fastest that it has. */
export function instanceNorm(tf: any, x: any): any {
  const { mean, variance } = tf.moments(x, [1, 2]);
  return tf.batchNorm(x, mean.flatten(), variance.flatten(), undefined, undefined, EPS);
}

/** Of differentiable parts: faster backward than batch norm's gradient. */
export function instanceNormOfParts(tf: any, x: any): any {
  const { mean, variance } = tf.moments(x, [1, 2], true);
  return x.sub(mean).mul(variance.add(EPS).rsqrt());
}

/** Waits for all that is recorded, without reading anything back; unless the pass is ended first, Dawn rejects the work. */
export async function finished(tf: any): Promise<void> {
  const backend = tf.backend();
  if (backend.commandEncoder) {
    backend.endComputePassEncoder();
    backend.submitQueue();
  }
  await backend.queue.onSubmittedWorkDone();
}

export async function openTf(): Promise<any> {
  const tf = load('@tensorflow/tfjs');
  load('@tensorflow/tfjs-backend-webgpu');
  await tf.setBackend('webgpu');
  await tf.ready();
  return tf;
}
